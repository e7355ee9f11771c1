package doctor

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestHopFacts(t *testing.T) {
	routers := []host.Hop{{TTL: 1, Router: "10.77.1.2", Says: "time exceeded"}, {TTL: 2, Router: "10.77.2.2", Says: "time exceeded"}, {TTL: 3}}
	for name, c := range map[string]struct {
		hops []host.Hop
		want string
	}{
		"it ends":           {routers, "the last that answers is 10.77.2.2, 2 hops away: time exceeded"},
		"it does not":       {append(routers[:2:2], host.Hop{TTL: 3, End: true}), ""},
		"no router answers": {[]host.Hop{{TTL: 1}, {TTL: 2}}, ""},
	} {
		x := planning(Options{Deep: true})
		x.hopFacts(&upstream{Addr: "10.77.3.2:80", Hops: c.hops})
		got := ""
		if len(x.items) > 0 {
			got = x.items[0].Value
		}
		if got != c.want || x.has(vocab.PathEnds, "10.77.3.2:80") != (c.want != "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWorthHops(t *testing.T) {
	x := planning(Options{Deep: true})
	silent := upstream{Addr: "10.77.3.2:80", Connected: true, Connect: probe.Connection{Errno: "timeout"}}
	local, answered := silent, silent
	local.Local = true
	answered.Connect = probe.Connection{Errno: "ECONNREFUSED"}
	if !x.worthHops(&silent) || x.worthHops(&local) || x.worthHops(&answered) {
		t.Error("routers are looked for where nothing comes back over a network, and only there")
	}
}
