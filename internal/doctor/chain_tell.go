package doctor

import (
	"slices"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// embed tells the diagnosis of a gateway behind others as theirs: the client met
// the first, and what was seen at each belongs to it.
func (x *examination) embed(d *Diagnosis) {
	first := x.first()
	front := &Diagnosis{}
	first.count(front)
	d.Window.Requests, d.Window.Failures = front.Window.Requests, front.Window.Failures
	first.status(front)
	d.Status, d.MadeBy = front.Status, first.maker(x)
	d.Intermittent = first.failures[0].Intermittent
	for f := x.front; f != nil; f = f.front {
		d.Items = append(slices.Clone(f.items), d.Items...)
		d.Gaps = append(slices.Clone(f.gaps), slices.DeleteFunc(d.Gaps, func(g evidence.Gap) bool { return slices.Contains(f.gaps, g) })...)
		d.Notes = append(slices.Clone(f.notes), d.Notes...)
	}
}

// maker tells which gateway of the chain made the status, or the application
// behind the last one.
func (x *examination) maker(last *examination) *Maker {
	by := ""
	if o := x.shown(); o != nil && failed(o.AskResult) {
		by, _ = x.madeBy(*o)
	} else if len(x.failures) > 0 && x.failures[0].Symptom != "" {
		by = "gateway"
	}
	switch {
	case by == "gateway":
		inst := x.match.Gateway.Conf.Instance
		return &Maker{Product: inst.Product, Version: inst.Version, Hop: x.depth + 1}
	case x != last && x.behind != nil:
		return x.behind.maker(last)
	case by == "upstream":
		return &Maker{Product: "application", Hop: x.depth + 2}
	}
	return nil
}

// behindHops are the stations behind the next gateway, that one included.
func (x *examination) behindHops(verdict vocab.Verdict) []Hop {
	if x.behind == nil {
		return nil
	}
	y := x.behind.examination
	h := y.gatewayHop()
	for _, u := range x.upstreams {
		if x.leadsTo(u) {
			met := x.upstreamHop(u)
			h.State, h.Seconds = met.State, met.Seconds
			h.Seen = append(h.Seen, met.Seen...)
		}
	}
	return append([]Hop{h}, y.endpointHops(verdict)...)
}

// gateways are the hops from the client's gateway to that of x.
func (x *examination) gateways() []Hop {
	h := x.gatewayHop()
	if x.front == nil {
		return []Hop{h}
	}
	return append(x.front.gateways(), h)
}
