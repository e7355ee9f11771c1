package doctor

import (
	"slices"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// inDoubt is an examination of a timeout at an upstream across a network, with
// what was seen so far.
func inDoubt(seen ...vocab.Fact) (*examination, *upstream) {
	const addr = "10.66.0.2:8080"
	now := time.Date(2026, 3, 3, 3, 10, 0, 0, time.UTC)
	x := newExamination(Options{}, evidence.NewRecorder(&evidence.Case{Target: "http://shop.example/", Started: now}, nil), nil)
	x.match = &survey.Match{Gateway: &survey.Gateway{}}
	u := &upstream{Addr: addr, Connected: true, Connect: probe.Connection{OK: true}, AskedAt: now}
	x.upstreams = []*upstream{u}
	x.failures = []evidence.Failure{{Symptom: vocab.ConnectionReadTimeout, Status: 504, Subjects: map[vocab.Role][]string{vocab.RoleEndpoint: {addr}}, From: now, To: now, Count: 3, Ongoing: true, Own: true}}
	for _, f := range seen {
		kind := evidence.Probe
		if info, _ := f.Info(); info.Span == vocab.Past {
			kind = evidence.GatewayLog
		}
		x.add(observation{fact: f, subject: addr, when: now, kind: kind, where: "here"})
	}
	return x, u
}

func question(t *testing.T, source string) optional {
	t.Helper()
	i := slices.IndexFunc(optionals(), func(q optional) bool { return q.source == source })
	if i < 0 {
		t.Fatalf("there is no question %s", source)
	}
	return optionals()[i]
}

func TestWhatCouldChangeTheAnswerIsAsked(t *testing.T) {
	x, u := inDoubt(vocab.GatewayReadTimeout, vocab.ProbeConnected, vocab.ProbeNoAnswer)
	if !x.decisive(question(t, "probe/path"), u) {
		t.Error("an application that hangs and a slow way are not told apart")
	}
	if len(x.items) != 3 {
		t.Errorf("the trial left %d items", len(x.items))
	}
}

func TestWhatIsSureIsNotAsked(t *testing.T) {
	x, u := inDoubt(vocab.GatewayReadTimeout, vocab.ProbeConnected, vocab.ProbeNoAnswer, vocab.ListenerStopped, vocab.EndpointServesNone)
	if x.decisive(question(t, "probe/path"), u) {
		t.Error("the process is stopped, and the way is looked at all the same")
	}
	y, _ := inDoubt(vocab.GatewayReadTimeout)
	if y.decisive(question(t, "probe/path"), &upstream{Addr: "10.66.0.9:80", AskedAt: u.AskedAt}) {
		t.Error("a server that has not failed is looked at")
	}
}

func TestWayIsLookedAtAcrossANetworkOnly(t *testing.T) {
	x, u := inDoubt(vocab.GatewayReadTimeout)
	for _, c := range []struct {
		name   string
		change func()
		want   bool
	}{
		{"across a network", func() {}, true},
		{"on this host", func() { u.Local = true }, false},
		{"by a unix socket", func() { u.Local, u.Addr = false, "unix:/run/app.sock" }, false},
		{"a refusal", func() { u.Addr = "10.66.0.2:8080"; x.failures[0].Symptom = vocab.ConnectionRefused }, false},
		{"quickly", func() { x.failures[0].Symptom = vocab.ConnectionReadTimeout; x.opts.Quick = true }, false},
	} {
		c.change()
		if got := x.worthPath(u); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestEveryOptionalQuestionIsWeighed(t *testing.T) {
	x, _ := inDoubt()
	for _, q := range optionals() {
		if q.source == "" || len(q.facts) == 0 || q.bound(x) <= 0 {
			t.Errorf("%+v is not whole", q.source)
		}
		for _, f := range slices.Concat(q.facts...) {
			if info, ok := f.Info(); !ok || info.Role != vocab.RoleEndpoint {
				t.Errorf("%s may show %s, which is no fact about an endpoint", q.source, f)
			}
		}
	}
}
