package infer_test

import (
	"slices"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	endpoint = "127.0.0.1:3000"
	route    = "shop.example /cart"
	gateway  = "nginx:/etc/nginx/nginx.conf"
	pool     = "shop"
)

var start = time.Date(2026, 3, 3, 3, 10, 0, 0, time.UTC)

// failed returns a failure of ten minutes that goes on.
func failed() evidence.Failure {
	return evidence.Failure{
		Symptom: vocab.ConnectionRefused,
		Status:  502,
		Subjects: map[vocab.Role][]string{
			vocab.RoleEndpoint: {endpoint},
			vocab.RoleRoute:    {route},
			vocab.RoleGateway:  {gateway},
			vocab.RolePool:     {pool},
			vocab.RoleName:     {"api.internal"},
			vocab.RoleResolver: {"127.0.0.53:53"},
		},
		From: start, To: start.Add(10 * time.Minute), Count: 12, Ongoing: true,
	}
}

// saw returns an item about the failure of failed.
func saw(id string, f vocab.Fact, kind evidence.Kind) evidence.Item {
	info, _ := f.Info()
	return evidence.Item{
		ID: id, Fact: f, Subject: failed().Subjects[info.Role][0], When: start.Add(time.Minute),
		Origin: evidence.Origin{Kind: kind, Where: "where " + id},
	}
}

// one is a table of a single cause with the given expectations.
func one(expects ...cause.Expectation) []cause.Cause {
	return []cause.Cause{{
		ID: vocab.UpstreamDown, Expects: expects, Summary: "Nothing listens at {endpoint}.",
		Fixes: []cause.Fix{{Text: "Start it."}},
	}}
}

func score(t *testing.T, causes []cause.Cause, items ...evidence.Item) int {
	t.Helper()
	r := infer.Rank(causes, failed(), items)
	if len(r.Findings) != 1 {
		t.Fatalf("got %d findings, want 1", len(r.Findings))
	}
	return r.Findings[0].Score
}

func TestNothingSeenGivesNoCause(t *testing.T) {
	healthy := []evidence.Item{
		saw("e1", vocab.AnswerOK, evidence.OwnAnswer),
		saw("e2", vocab.ListenerPresent, evidence.Socket),
		saw("e3", vocab.ProbeConnected, evidence.Probe),
		saw("e5", vocab.ConfigApplied, evidence.Process),
		saw("e6", vocab.ConfigLoads, evidence.Config),
		saw("e7", vocab.RoutePresent, evidence.Socket),
		saw("e8", vocab.TLSVerifyOn, evidence.Config),
	}
	for n := range len(healthy) + 1 {
		r := infer.Rank(cause.All(), failed(), healthy[:n])
		if r.Verdict != vocab.Uncertain {
			t.Errorf("%v make the verdict %s:\n%s", facts(healthy[:n]), r.Verdict, table(r))
		}
	}
	if r := infer.Rank(cause.All(), failed(), nil); len(r.Findings) != 0 {
		t.Errorf("no item at all, and:\n%s", table(r))
	}
}

// TestStrongestOfAGroup: three words for the same refusal are one observation.
func TestStrongestOfAGroup(t *testing.T) {
	causes := one(
		cause.Expectation{Fact: vocab.GatewayRefused, Seen: 10}, // group refused
		cause.Expectation{Fact: vocab.ProbeRefused, Seen: 14},   // group refused
		cause.Expectation{Fact: vocab.ListenerPresent, Seen: -20},
		cause.Expectation{Fact: vocab.EndpointServed, Seen: 2}, // group history
	)
	refused, probe := saw("e1", vocab.GatewayRefused, evidence.GatewayLog), saw("e2", vocab.ProbeRefused, evidence.Probe)
	for _, c := range []struct {
		name  string
		items []evidence.Item
		want  int
	}{
		{"one", []evidence.Item{refused}, 10},
		{"the same twice", []evidence.Item{refused, saw("e9", vocab.GatewayRefused, evidence.GatewayLog)}, 10},
		{"two words of a group", []evidence.Item{refused, probe}, 14},
		{"a second group adds", []evidence.Item{refused, probe, saw("e3", vocab.EndpointServed, evidence.History)}, 16},
		{"the strongest may speak against", []evidence.Item{refused, probe, saw("e4", vocab.ListenerPresent, evidence.Socket)}, -20},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := infer.Rank(causes, failed(), c.items)
			if c.want < 0 {
				if len(r.Findings) != 0 {
					t.Errorf("a cause of %d decibans is shown:\n%s", c.want, table(r))
				}
				return
			}
			if got := score(t, causes, c.items...); got != c.want {
				t.Errorf("score %d, want %d", got, c.want)
			}
		})
	}
}

func TestAbsence(t *testing.T) {
	causes := one(
		cause.Expectation{Fact: vocab.GatewayRefused, Seen: 10},
		cause.Expectation{Fact: vocab.AppCrashed, Seen: 20, Absent: -6},    // group died
		cause.Expectation{Fact: vocab.KernelSegfault, Seen: 5, Absent: -3}, // group died
		cause.Expectation{Fact: vocab.EndpointServed, Seen: -9, Absent: 4}, // group history
	)
	refused := saw("e1", vocab.GatewayRefused, evidence.GatewayLog)
	none := func(f vocab.Fact) evidence.Item {
		it := saw("no "+string(f), f, evidence.AppLog)
		it.Absent = true
		return it
	}
	for _, c := range []struct {
		name  string
		items []evidence.Item
		want  int
	}{
		{"not looked for: unknown, and weighs nothing", []evidence.Item{refused}, 10},
		{"looked for in vain", []evidence.Item{refused, none(vocab.AppCrashed)}, 4},
		{"the strongest absence of a group", []evidence.Item{refused, none(vocab.AppCrashed), none(vocab.KernelSegfault)}, 4},
		{"what was seen outweighs what was not", []evidence.Item{refused, none(vocab.AppCrashed), saw("e3", vocab.KernelSegfault, evidence.Kernel)}, 15},
		{"absence may speak for", []evidence.Item{refused, none(vocab.EndpointServed)}, 14},
		{"absence of what has no such weight", []evidence.Item{refused, none(vocab.GatewayRefused)}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := score(t, causes, c.items...); got != c.want {
				t.Errorf("score %d, want %d", got, c.want)
			}
		})
	}
	t.Run("absence alone supports nothing", func(t *testing.T) {
		if r := infer.Rank(causes, failed(), []evidence.Item{none(vocab.EndpointServed)}); len(r.Findings) != 0 {
			t.Errorf("a cause without one seen fact is shown:\n%s", table(r))
		}
	})
}

func TestSpans(t *testing.T) {
	causes := one(
		cause.Expectation{Fact: vocab.GatewayRefused, Seen: 20}, // past
		cause.Expectation{Fact: vocab.NoListener, Seen: 20},     // now
		cause.Expectation{Fact: vocab.StaticAnswer, Seen: 20},   // standing
	)
	f := failed()
	for _, c := range []struct {
		name    string
		fact    vocab.Fact
		when    time.Time
		ongoing bool
		counts  bool
	}{
		{"past, within", vocab.GatewayRefused, f.From.Add(time.Minute), false, true},
		{"past, a minute before", vocab.GatewayRefused, f.From.Add(-time.Minute), false, true},
		{"past, two minutes before", vocab.GatewayRefused, f.From.Add(-2 * time.Minute), false, false},
		{"past, a minute after", vocab.GatewayRefused, f.To.Add(time.Minute), true, true},
		{"past, two minutes after", vocab.GatewayRefused, f.To.Add(2 * time.Minute), true, false},
		{"past, yesterday", vocab.GatewayRefused, f.From.Add(-24 * time.Hour), true, false},
		{"now, while it goes on", vocab.NoListener, f.To.Add(time.Hour), true, true},
		{"now, of a failure that is over", vocab.NoListener, f.To.Add(time.Hour), false, false},
		{"standing, of a failure that is over", vocab.StaticAnswer, f.To.Add(time.Hour), false, true},
		{"standing, written long ago", vocab.StaticAnswer, f.From.Add(-1000 * time.Hour), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := failed()
			f.Ongoing = c.ongoing
			it := saw("e1", c.fact, evidence.Kernel)
			it.When = c.when
			if got := len(infer.Rank(causes, f, []evidence.Item{it}).Findings) == 1; got != c.counts {
				t.Errorf("counts: %v, want %v", got, c.counts)
			}
		})
	}
}

// TestWitness: who may confirm.
func TestWitness(t *testing.T) {
	causes := one(cause.Expectation{Fact: vocab.StaticAnswer, Seen: 30})
	for kind, want := range map[evidence.Kind]vocab.Verdict{
		evidence.GatewayLog: vocab.Likely,
		evidence.OwnAnswer:  vocab.Likely,
		evidence.History:    vocab.Likely,
		evidence.Config:     vocab.Likely, // not known to be what runs
		evidence.AppLog:     vocab.Confirmed,
		evidence.Kernel:     vocab.Confirmed,
		evidence.Socket:     vocab.Confirmed,
		evidence.Process:    vocab.Confirmed,
		evidence.File:       vocab.Confirmed,
		evidence.DNS:        vocab.Confirmed,
		evidence.Probe:      vocab.Confirmed,
	} {
		r := infer.Rank(causes, failed(), []evidence.Item{saw("e1", vocab.StaticAnswer, kind)})
		if r.Verdict != want {
			t.Errorf("%s alone: %s, want %s", kind, r.Verdict, want)
		}
	}
	applied := saw("e2", vocab.ConfigApplied, evidence.Process)
	items := []evidence.Item{saw("e1", vocab.StaticAnswer, evidence.Config), applied}
	if r := infer.Rank(causes, failed(), items); r.Verdict != vocab.Confirmed {
		t.Errorf("a configuration that is in force: %s, want confirmed", r.Verdict)
	}
	items[1].Absent = true
	if r := infer.Rank(causes, failed(), items); r.Verdict == vocab.Confirmed {
		t.Error("a configuration that is not in force confirms")
	}
}

// TestWitnessMustSpeakFor: an item from elsewhere that speaks against the cause,
// or does not speak of it, confirms nothing.
func TestWitnessMustSpeakFor(t *testing.T) {
	causes := one(
		cause.Expectation{Fact: vocab.GatewayRefused, Seen: 30},
		cause.Expectation{Fact: vocab.EndpointServed, Seen: -2},
	)
	r := infer.Rank(causes, failed(), []evidence.Item{
		saw("e1", vocab.GatewayRefused, evidence.GatewayLog),
		saw("e2", vocab.EndpointServed, evidence.AppLog),
		saw("e3", vocab.KernelSegfault, evidence.Kernel),
	})
	if r.Verdict != vocab.Likely {
		t.Errorf("verdict %s, want likely:\n%s", r.Verdict, table(r))
	}
}

func TestVerdictFollowsConfidence(t *testing.T) {
	for _, c := range []struct {
		weight int
		want   vocab.Verdict
	}{
		{-1, vocab.Uncertain}, // 0.44
		{1, vocab.Likely},     // 0.56
		{9, vocab.Likely},     // 0.89
		{10, vocab.Confirmed}, // 0.909
	} {
		causes := one(cause.Expectation{Fact: vocab.NoListener, Seen: 20})
		causes[0].Tier = c.weight - 20
		r := infer.Rank(causes, failed(), []evidence.Item{saw("e1", vocab.NoListener, evidence.Socket)})
		if r.Verdict != c.want {
			t.Errorf("%d decibans: %s, want %s\n%s", c.weight, r.Verdict, c.want, table(r))
		}
	}
}

func TestFolding(t *testing.T) {
	hider := cause.Cause{
		ID: vocab.UpstreamCrashed, Summary: "Died.", Hides: []vocab.Cause{vocab.UpstreamDown},
		Expects: []cause.Expectation{{Fact: vocab.GatewayRefused, Seen: 12}, {Fact: vocab.KernelSegfault, Seen: 20}},
	}
	hidden := cause.Cause{
		ID: vocab.UpstreamDown, Summary: "Down.",
		Expects: []cause.Expectation{{Fact: vocab.GatewayRefused, Seen: 18}},
	}
	causes := []cause.Cause{hidden, hider}
	refused, fault := saw("e1", vocab.GatewayRefused, evidence.GatewayLog), saw("e2", vocab.KernelSegfault, evidence.Kernel)

	r := infer.Rank(causes, failed(), []evidence.Item{refused, fault})
	if len(r.Findings) != 1 || r.Findings[0].ID != hider.ID || !slices.Equal(r.Findings[0].Under, []vocab.Cause{hidden.ID}) {
		t.Errorf("with evidence of its own the hider stands alone:\n%s", table(r))
	}
	r = infer.Rank(causes, failed(), []evidence.Item{refused})
	if len(r.Findings) != 2 || r.Findings[0].ID != hidden.ID {
		t.Errorf("without evidence of its own the hider hides nothing:\n%s", table(r))
	}
	weak := slices.Clone(causes)
	weak[1].Tier, weak[1].Expects = -10, []cause.Expectation{{Fact: vocab.KernelSegfault, Seen: 15}}
	r = infer.Rank(weak, failed(), []evidence.Item{refused, fault})
	if len(r.Findings) != 2 {
		t.Errorf("a hider of 5 decibans is not credible enough to hide:\n%s", table(r))
	}
}

func TestFindingIsWhole(t *testing.T) {
	causes := one(
		cause.Expectation{Fact: vocab.GatewayRefused, Seen: 10},
		cause.Expectation{Fact: vocab.ProbeRefused, Seen: 30},
		cause.Expectation{Fact: vocab.EndpointServed, Seen: -2},
	)
	causes[0].Summary = "Nothing listens at {endpoint}[: {value:probe_refused}][ since {value:app_crashed}]."
	causes[0].Fixes = []cause.Fix{{Text: "Start what stood at {where:probe_refused}.", Value: "{value:probe_refused}", Command: "ss -ltnp # {endpoint}"}}
	causes[0].Next = "Ask {name}."
	probe := saw("e2", vocab.ProbeRefused, evidence.Probe)
	probe.Value = "errno 111"
	r := infer.Rank(causes, failed(), []evidence.Item{saw("e1", vocab.GatewayRefused, evidence.GatewayLog), saw("e3", vocab.EndpointServed, evidence.History), probe})
	if len(r.Findings) != 1 {
		t.Fatalf("got\n%s", table(r))
	}
	f := r.Findings[0]
	if want := "Nothing listens at " + endpoint + ": errno 111."; f.Summary != want {
		t.Errorf("summary %q, want %q", f.Summary, want)
	}
	fix := f.Fixes[0]
	if fix.Text != "Start what stood at where e2." || fix.Value != "errno 111" || fix.Command != "ss -ltnp # "+endpoint {
		t.Errorf("fix %+v", fix)
	}
	if f.Next != "Ask api.internal." || f.Subject != endpoint {
		t.Errorf("next %q, subject %q", f.Next, f.Subject)
	}
	if len(f.For) != 2 || f.For[0].ID != "e2" || len(f.Against) != 1 || f.Against[0].ID != "e3" {
		t.Errorf("for %v, against %v: want the strongest first", facts(f.For), facts(f.Against))
	}
	if causes[0].Fixes[0].Value != "{value:probe_refused}" {
		t.Error("Rank wrote into the table of causes")
	}
}

func TestFill(t *testing.T) {
	values := map[string]string{"endpoint": endpoint, "value:probe_late": "75s", "value:odd": "[x] {endpoint}"}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{"at {endpoint}.", "at 127.0.0.1:3000."},
		{"late[: {value:probe_late}].", "late: 75s."},
		{"late[: {value:none}].", "late."},
		{"late[: {value:probe_late} of {value:none}].", "late."},
		{"[{value:none}][{value:probe_late}]", "75s"},
		{"late[: {value:none}|: {value:probe_late}|: {endpoint}].", "late: 75s."},
		{"late[: {value:none}| somehow].", "late somehow."},
		{"a | b", "a | b"},
		{"at {pool}", "at the pool"},
		{"at {value:none}", "at the none"},
		{"an [aside] stays", "an aside stays"},
		{"open [ {endpoint}", "open [ 127.0.0.1:3000"},
		{"open { brace", "open { brace"},
		{"close ] {endpoint}", "close ] 127.0.0.1:3000"},
		{"{value:odd}[ {value:odd}]", "[x] {endpoint} [x] {endpoint}"}, // a value is not read again
		{"{}", "the "},
	} {
		if got := infer.Fill(c.text, values); got != c.want {
			t.Errorf("Fill(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
