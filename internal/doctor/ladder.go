package doctor

import "github.com/goodgatehq/goodgate/internal/topo"

// ladder compares the limits of every gateway with those of the one behind it.
func (x *examination) ladder() []Rung {
	if x.behind == nil {
		return nil
	}
	y := x.behind.examination
	var all []Rung
	for _, r := range topo.Rungs(x.decision.Settings, y.decision.Settings) {
		all = append(all, Rung{FrontName: x.gatewayHop().Name, BehindName: y.gatewayHop().Name, Rung: r})
	}
	return append(all, y.ladder()...)
}
