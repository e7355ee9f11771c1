package doctor

import (
	"context"
	"slices"

	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// ladder compares the limits of every gateway with those of the one behind it, and
// of the last one with those of the application servers.
func (x *examination) ladder() []Rung {
	front := x.gatewayHop().Name
	if x.behind != nil {
		y := x.behind.examination
		return append(rungs(front, x.decision.Settings, y.gatewayHop().Name, y.decision.Settings), y.ladder()...)
	}
	var all []Rung
	for _, u := range x.upstreams {
		all = append(all, rungs(front, x.decision.Settings, u.Server, u.Limits)...)
	}
	return all
}

func rungs(front string, its topo.Settings, behind string, theirs topo.Settings) []Rung {
	limit := func(hop string, s topo.Setting) Limit {
		return Limit{Hop: hop, Directive: s.Directive, Value: s.Value, Number: s.Number, Place: placeOf(s)}
	}
	var all []Rung
	for _, r := range topo.Rungs(its, theirs) {
		all = append(all, Rung{What: r.What, Front: limit(front, r.Front), Behind: limit(behind, r.Behind), Inverted: r.Inverted, Why: r.Why})
	}
	return all
}

// placeOf is where a setting is written: a file, the command line, or nowhere.
func placeOf(s topo.Setting) string {
	if s.Place.File == "" && !s.Default {
		return "command line"
	}
	return s.Place.String()
}

// limitsOf reads the limits of the application server that holds an upstream's
// listener, where it is one that goodgate knows.
func (x *examination) limitsOf(ctx context.Context, u *upstream) {
	for _, p := range u.Processes {
		for _, d := range x.opts.Dialects {
			if !d.Application || d.Config == nil || d.Recognise == nil {
				continue
			}
			l, ok := d.Recognise(survey.AsDialect(p))
			if !ok {
				continue
			}
			inst := d.Config(survey.NewSource(ctx, x.rec, x.views, x.placeOf(ctx, p.PID)), l).Instance
			u.Server, u.Limits = inst.Product, inst.Settings
			i := slices.IndexFunc(inst.Pools, func(pool topo.Pool) bool {
				return slices.ContainsFunc(pool.Endpoints, func(e topo.Endpoint) bool {
					return e.String() == u.Addr || e.Network == "tcp" && samePort(u.Addr, e.Port)
				})
			})
			if i >= 0 {
				u.Server, u.Limits = inst.Product+" pool "+inst.Pools[i].Name, inst.Pools[i].Settings
			}
			return
		}
	}
}
