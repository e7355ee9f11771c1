package doctor

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// covers reports whether a step of the plan says that a source is asked.
func covers(p *Plan, source string) bool {
	return slices.ContainsFunc(p.Steps, func(s PlanStep) bool {
		return slices.ContainsFunc(s.Sources, func(planned string) bool {
			return source == planned || strings.HasPrefix(source, planned+" ") || planned == "survey" && strings.HasPrefix(source, "survey/")
		})
	})
}

// TestPlanSaysEverythingThatIsAsked repeats the beginning of captured examinations
// as a plan, and looks for each question that was asked in it.
func TestPlanSaysEverythingThatIsAsked(t *testing.T) {
	files, err := filepath.Glob("testdata/captured/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captured cases: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := evidence.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		opts := Options{Target: c.Target, Plan: true, Dialects: registry.Dialects(), Quick: c.Options["quick"] == "true", Deep: c.Options["deep"] == "true"}
		x := newExamination(opts, evidence.Replay(c), nil)
		x.target = c.Target
		d := x.run(t.Context())
		asked := map[string]int{}
		for _, a := range c.Answers {
			asked[a.Source]++
			if !covers(d.Plan, a.Source) {
				t.Errorf("%s: %s %s was asked, and the plan does not say so", filepath.Base(file), a.Source, a.Subject)
			}
		}
		sent := asked["probe/ask"] + asked["probe/connect"] + asked["probe/exchange"]
		if d.Plan.Sends < sent || sent == 0 {
			t.Errorf("%s: it sent at least %d times, and planned %d", filepath.Base(file), sent, d.Plan.Sends)
		}
		if took, _ := strconv.ParseFloat(c.Options["seconds"], 64); took > d.Plan.AtMost {
			t.Errorf("%s: it took %.1f s, and planned %.1f s", filepath.Base(file), took, d.Plan.AtMost)
		}
	}
}

// TestEveryQuestionIsPlanned looks for the names of questions in the code of this
// room, and demands that the fullest plan says each.
func TestEveryQuestionIsPlanned(t *testing.T) {
	x := planning(Options{Deep: true, ConfigTest: true})
	whole := x.planned()
	x.opts.Deep = false
	whole.Steps = append(whole.Steps, x.planned().Steps...)
	name := regexp.MustCompile(`^(host|probe|doctor|scan|config)/[a-z][a-z0-9]*( |$)`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !name.MatchString(text) {
				return true
			}
			found++
			if !covers(whole, strings.TrimSpace(text)) {
				t.Errorf("%s asks %q, and no step of plan.go says so", file, text)
			}
			return true
		})
	}
	if found < 30 {
		t.Errorf("only %d questions were found in the code", found)
	}
}

// planning is an examination that has found its gateway.
func planning(o Options) *examination {
	x := newExamination(o, evidence.NewRecorder(&evidence.Case{Target: "http://shop.example/", Started: time.Now()}, nil), nil)
	x.survey = &survey.Survey{}
	x.match = &survey.Match{Gateway: &survey.Gateway{Conf: &dialect.Conf{Questions: []dialect.Question{{Source: "stats socket"}}}}}
	x.decision = topo.Decision{
		Outcome: topo.Forwards, Logs: []topo.Log{{Kind: "error", Path: "/var/log/nginx/error.log"}},
		Forward:  &topo.Forward{Protocol: vocab.HTTP, Endpoints: []topo.Endpoint{{Network: "tcp", Host: "app.internal", Port: 3000}}, Resolver: &topo.Resolver{Servers: []string{"10.0.0.53"}}},
		Settings: topo.Settings{vocab.KeepaliveCount: {Number: 8}, vocab.KeepaliveTimeout: {Number: 60}, vocab.ReadTimeout: {Number: 60}, vocab.ConnectTimeout: {Number: 60}},
	}
	return x
}

// TestModesHaveTheirBudgets holds what each mode may cost.
func TestModesHaveTheirBudgets(t *testing.T) {
	quick, usual, deep := planning(Options{Quick: true}).planned(), planning(Options{}).planned(), planning(Options{Deep: true}).planned()
	if !(quick.Sends < usual.Sends && usual.Sends < deep.Sends) || !(quick.AtMost < usual.AtMost && usual.AtMost < deep.AtMost) {
		t.Errorf("quick %d, %.0f s; default %d, %.0f s; deep %d, %.0f s", quick.Sends, quick.AtMost, usual.Sends, usual.AtMost, deep.Sends, deep.AtMost)
	}
	for _, c := range []struct {
		p       *Plan
		seconds time.Duration
		says    string
		not     bool
	}{
		{quick, quickTimeout, "probe/path", true}, {quick, quickTimeout, "probe/idle", true}, {quick, quickTimeout, "doctor/changes", true},
		{usual, defaultTimeout, "probe/path", false}, {usual, defaultTimeout, "probe/dns system", false}, {deep, deepTimeout, "probe/idle", false},
	} {
		if c.p.AtMost > c.seconds.Seconds() {
			t.Errorf("a plan of %.1f s, and the mode has %s", c.p.AtMost, c.seconds)
		}
		if covers(c.p, c.says) == c.not {
			t.Errorf("%s in a plan of %s: %v", c.says, c.seconds, !c.not)
		}
	}
	for _, silent := range []Options{{LogOnly: true}, {Until: time.Now().Add(-time.Hour)}} {
		if p := planning(silent).planned(); p.Sends != 0 {
			t.Errorf("%+v sends %d times", silent, p.Sends)
		}
	}
}

func TestPlanEndsWithTheTotal(t *testing.T) {
	x := planning(Options{Plan: true})
	x.survey.Target.Path = "/cart"
	d := x.plan()
	if last := d.Next[len(d.Next)-1]; !strings.HasPrefix(last, "in all: at most ") || !strings.HasSuffix(last, "at most 30s") {
		t.Errorf("it ends with %q", last)
	}
	if !slices.ContainsFunc(d.Next, func(s string) bool {
		return strings.HasPrefix(s, "if it could change the answer: make a short series of connects to app.internal:3000 (at most 3.38s, 8 connections)")
	}) {
		t.Errorf("%q", d.Next)
	}
}

// TestProgressSaysWhatIsDone repeats a captured examination and listens.
func TestProgressSaysWhatIsDone(t *testing.T) {
	b, err := os.ReadFile("testdata/captured/wrong-address.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c, err := evidence.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	x := newExamination(Options{Target: c.Target, Dialects: registry.Dialects(), Progress: func(what string) { said = append(said, what) }}, evidence.Replay(c), nil)
	x.target = c.Target
	x.run(t.Context())
	for _, want := range []string{"looking for the gateway", "through the gateway", "reading the gateway's logs", "asking the upstream"} {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("nobody was told that it is %s: %q", want, said)
		}
	}
}
