package doctor

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// managed examines one upstream of which systemd and the engine gave answers.
func managed(t *testing.T, u *upstream, units []host.Unit, containers []host.Container) *examination {
	t.Helper()
	at := time.Date(2026, 3, 3, 3, 14, 0, 0, time.UTC)
	c := &evidence.Case{Target: "http://orders.example/", Started: at}
	keep := func(source, subject string, body any) {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		c.Answers = append(c.Answers, evidence.Answer{Source: source, Subject: subject, Asked: at, Body: b})
	}
	keep("host/units stopped", ownPlace.Subject(u.Addr), host.Units{List: units})
	keep("host/units", ownPlace.Subject("orders.service"), host.Units{List: units})
	keep("host/containers", "", host.Containers{List: containers})
	x := newExamination(Options{}, evidence.Replay(c), nil)
	x.place = ownPlace
	x.match = &survey.Match{Gateway: &survey.Gateway{}, Request: topo.Request{Host: "orders.example"}}
	x.failures = []evidence.Failure{{Subjects: x.roles(u.Addr), From: at.Add(-time.Minute), To: at}}
	x.upstreams = []*upstream{u}
	x.add(u.about(vocab.ProbeRefused, evidence.Probe, "tcp "+u.Addr, ""))
	x.managerFacts(t.Context())
	return x
}

func TestManagersTellHowItEnded(t *testing.T) {
	at := time.Date(2026, 3, 3, 3, 13, 30, 0, time.UTC)
	unit := func(name, active, sub, result string, status int) host.Unit {
		return host.Unit{Name: name, LoadState: "loaded", ActiveState: active, SubState: sub, Result: result, Status: status, Ended: at, Env: []string{"PORT=3000"}}
	}
	box := host.Container{ID: "a", Name: "shop-app-1", Service: "app", State: "running", Networks: map[string]string{"back": "172.20.0.9"}}
	with := func(edit func(*host.Container)) []host.Container { c := box; edit(&c); return []host.Container{c} }
	local := func() *upstream { return &upstream{Addr: "127.0.0.1:3000", Local: true} }
	for name, c := range map[string]struct {
		u          *upstream
		units      []host.Unit
		containers []host.Container
		want       vocab.Fact
	}{
		"an exit status":            {local(), []host.Unit{unit("x.service", "failed", "failed", "exit-code", 3)}, nil, vocab.UnitFailed},
		"a signal":                  {local(), []host.Unit{unit("x.service", "failed", "failed", "signal", 11)}, nil, vocab.UnitKilled},
		"no memory":                 {local(), []host.Unit{unit("x.service", "failed", "failed", "oom-kill", 9)}, nil, vocab.UnitOOMKilled},
		"again and again":           {local(), []host.Unit{unit("x.service", "activating", "auto-restart", "exit-code", 1)}, nil, vocab.UnitRestarts},
		"stopped, of the same name": {&upstream{Addr: "127.0.0.1:4000", Local: true}, []host.Unit{unit("orders.service", "inactive", "dead", "success", 0)}, nil, vocab.UnitStopped},
		"another application":       {&upstream{Addr: "127.0.0.1:4000", Local: true}, []host.Unit{unit("x.service", "failed", "failed", "exit-code", 3)}, nil, ""},
		"another port, like it":     {&upstream{Addr: "127.0.0.1:300", Local: true}, []host.Unit{unit("x.service", "failed", "failed", "exit-code", 3)}, nil, ""},
		"container ended":           {&upstream{Addr: "172.20.0.9:80"}, nil, with(func(c *host.Container) { c.State, c.ExitCode = "exited", 1 }), vocab.ContainerExited},
		"container without memory":  {&upstream{Addr: "172.20.0.9:80"}, nil, with(func(c *host.Container) { c.State, c.OOMKilled = "exited", true }), vocab.ContainerOOM},
		"published and paused":      {&upstream{Addr: "127.0.0.1:8080", Local: true}, nil, with(func(c *host.Container) { c.State, c.Published = "paused", []string{"0.0.0.0:8080>80"} }), vocab.ContainerPaused},
		"container moved":           {&upstream{Addr: "172.20.0.3:80", Name: "app"}, nil, with(func(*host.Container) {}), vocab.ContainerMoved},
		"nobody's container":        {&upstream{Addr: "172.20.0.3:80"}, nil, with(func(c *host.Container) { c.State = "exited" }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := managed(t, c.u, c.units, c.containers)
			got := vocab.Fact("")
			for _, it := range x.items[1:] {
				got = it.Fact
			}
			if got != c.want {
				t.Errorf("said %q, want %q: %+v, gaps %v", got, c.want, x.items, x.gaps)
			}
		})
	}
}

func TestContainersThatShareNoNetwork(t *testing.T) {
	u := &upstream{Addr: "172.20.0.9:80"}
	app := host.Container{ID: "b", Name: "app", State: "running", Networks: map[string]string{"back": "172.20.0.9"}}
	for network, want := range map[string]bool{"front": true, "back": false} {
		x := managed(t, u, nil, nil)
		x.items = x.items[:1]
		x.place.Container = "a"
		c := x.rec.Case()
		for i := range c.Answers {
			if c.Answers[i].Source == "host/containers" {
				c.Answers[i].Body, _ = json.Marshal(host.Containers{List: []host.Container{{ID: "a", State: "running", Networks: map[string]string{network: "172.21.0.2"}}, app}})
			}
		}
		x.containerFacts(t.Context(), u)
		if got := x.has(vocab.ContainerApart, u.Addr); got != want {
			t.Errorf("gateway on %s: apart %v", network, got)
		}
	}
}

func TestAddressesInWords(t *testing.T) {
	for text, want := range map[string]string{
		"Error: connect ECONNREFUSED 127.0.0.1:5432":                                         "127.0.0.1:5432",
		`connection to server at "127.0.0.1", port 5432 failed: Connection refused`:          "127.0.0.1:5432",
		`connection to server at "localhost" (127.0.0.1), port 5432 failed`:                  "127.0.0.1:5432",
		"Can't connect to MySQL server on '127.0.0.1:3306' (111)":                            "127.0.0.1:3306",
		"redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. refused.": "127.0.0.1:6379",
		"dial tcp [::1]:6379: connect: connection refused":                                   "[::1]:6379",
		"SQLSTATE[HY000] [2002] Connection refused (127.0.0.1:3306)":                         "127.0.0.1:3306",
		"10.0.0.5 answered after 30 seconds":                                                 "",
		"version 1.2.3.4 of the driver, 70000 rows":                                          "",
	} {
		got := ""
		if list := addressesIn(text); len(list) > 0 {
			got = list[0].String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
