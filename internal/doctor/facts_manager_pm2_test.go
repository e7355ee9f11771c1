package doctor

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// The daemon's log is about all of its applications: another's end is not ours.
func TestLinesOfOnePM2Application(t *testing.T) {
	hits := []scan.Hit{
		{Name: "other", Raw: "App [other:1] exited with code [1] via signal [SIGINT]"},
		{Name: "/srv/other.js", Raw: `Script /srv/other.js had too many unstable restarts (16). Stopped. "errored"`},
		{Name: "shop", Raw: "App [shop:0] exited with code [1] via signal [SIGINT]"},
		{Name: "/srv/server.js", Raw: `Script /srv/server.js had too many unstable restarts (16). Stopped. "errored"`},
		{Name: "other", Raw: "App [other:1] starting in -fork mode-"},
	}
	got := linesAbout(hits, "shop")
	if len(got) != 2 || got[0].Name != "shop" || got[1].Name != "/srv/server.js" {
		t.Errorf("%+v", got)
	}
	if got := linesAbout(hits, "cart"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Which application is meant is told by number, then by the saved port, and by
// name only where nothing else tells.
func TestKeptByPM2(t *testing.T) {
	x := managed(t, &upstream{Addr: "127.0.0.1:3000", Local: true}, nil, nil)
	runs := &upstream{Addr: "127.0.0.1:3000", Local: true, After: []host.Listener{{Network: "tcp", Address: "127.0.0.1:3000", Port: 3000, PIDs: []int{7}}}, Processes: []host.Process{{PID: 7, Args: []string{"node", "x.js"}}}}
	gone := &upstream{Addr: "127.0.0.1:3000", Local: true}
	for name, c := range map[string]struct {
		app  host.PM2App
		u    *upstream
		want bool
	}{
		"its number":                {host.PM2App{Name: "a", PIDs: []int{7}}, runs, true},
		"another's number":          {host.PM2App{Name: "a", PIDs: []int{8}}, runs, false},
		"the saved port":            {host.PM2App{Name: "a", Ports: []string{"3000"}}, gone, true},
		"another port, our name":    {host.PM2App{Name: "orders", Ports: []string{"4000"}}, gone, false},
		"the site's name":           {host.PM2App{Name: "orders-v2"}, gone, true},
		"nobody's name":             {host.PM2App{Name: "mailer"}, gone, false},
		"it runs, without a daemon": {host.PM2App{Name: "orders"}, runs, false},
	} {
		if got := x.keeps(c.app, c.u); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
