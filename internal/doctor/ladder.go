package doctor

import "github.com/goodgatehq/goodgate/internal/topo"

// ladder compares the limits of every gateway with those of the one behind it.
func (x *examination) ladder() []Rung {
	if x.behind == nil {
		return nil
	}
	y := x.behind.examination
	limit := func(of *examination, s topo.Setting) Limit {
		return Limit{Hop: of.gatewayHop().Name, Directive: s.Directive, Value: s.Value, Number: s.Number, Place: s.Place.String()}
	}
	var all []Rung
	for _, r := range topo.Rungs(x.decision.Settings, y.decision.Settings) {
		all = append(all, Rung{What: r.What, Front: limit(x, r.Front), Behind: limit(y, r.Behind), Inverted: r.Inverted, Why: r.Why})
	}
	return append(all, y.ladder()...)
}
