package doctor

import (
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/infer"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// lines ranks the causes of what pasted lines tell.
func (e *explaining) lines(texts scan.Texts) {
	e.out.Unread = texts.Unread
	lead := e.lead(texts.Reads)
	items := e.items(texts.Reads)
	e.out.Items = append(e.out.Items, items...)
	if lead == nil {
		return
	}
	e.product = lead.Product
	if s := lead.Cond.Symptom; s != "" {
		e.out.Symptom = &s
	}
	// What the client met is the pool's symptom; why, its members tell.
	why := reason(texts.Reads)
	if why != nil && lead.Cond.Symptom == vocab.DestinationUnavailable {
		lead = why
	}
	// Ongoing: what a line says about now is about the time of the paste.
	f := evidence.Failure{Symptom: lead.Cond.Symptom, Status: lead.Cond.Status, Subjects: e.subjects(), Count: 1, Ongoing: true}
	// The lines are about one incident, whatever their times say: they may come
	// from hosts with other clocks, and people cut.
	same := slices.Clone(items)
	for i := range same {
		same[i].When = time.Time{}
	}
	if why != nil {
		same = slices.DeleteFunc(same, func(it evidence.Item) bool { return it.Fact == vocab.GatewayNoLiveUpstream })
	}
	r := weighCandidates(infer.Rank(cause.All(), f, same), lead.Cond, texts.Reads)
	if why != nil {
		slices.SortStableFunc(r, func(a, b ranked) int { return order(isScope(a.ID)) - order(isScope(b.ID)) })
	}
	e.out.Verdict = r.verdict()
	for _, x := range r {
		c := candidate(x.ID)
		if x.found != nil {
			c = e.causeOf(*x.found)
		}
		c.Confidence, c.Verdict = x.confidence, x.verdict()
		e.out.Causes = append(e.out.Causes, c)
	}
	if lead.Cond.Distinguish != "" {
		e.out.Next = append(e.out.Next, lead.Cond.Distinguish)
	}
	for i, x := range r {
		if i < 2 && x.found != nil && x.found.Next != "" && !slices.Contains(e.out.Next, x.found.Next) {
			e.out.Next = append(e.out.Next, x.found.Next)
		}
	}
}

// lead returns the line that says what the client got: a failure that a gateway
// logged, else an access line, else what the application says.
func (e *explaining) lead(reads []scan.Read) *scan.Read {
	var best *scan.Read
	rank := func(r *scan.Read) int {
		switch {
		case r.Cond.Fails && r.Cond.Symptom != "" && r.Cond.Status >= 0 && r.Upstream != "":
			return 4
		case r.Cond.Fails && r.Cond.Symptom != "":
			return 3
		case r.Cond.Fact != "":
			return 2
		case r.Known:
			return 1
		}
		return 0
	}
	for i := range reads {
		if best == nil || rank(&reads[i]) > rank(best) {
			best = &reads[i]
		}
	}
	if best == nil || rank(best) == 0 {
		return nil
	}
	return best
}

// reason returns the first line that says why a server is out of rotation; nil:
// there is none.
func reason(reads []scan.Read) *scan.Read {
	for i := range reads {
		c := reads[i].Cond
		if c.Symptom != "" && c.Symptom != vocab.DestinationUnavailable && len(c.Causes) > 0 && !isScope(c.Causes[0]) {
			return &reads[i]
		}
	}
	return nil
}

// isScope reports whether a cause only says how far an outage goes: such a one is
// never first where the cause of a member is known.
func isScope(id vocab.Cause) bool {
	return id == vocab.NoHealthyUpstream || id == vocab.PartialOutage || id == vocab.CDNOrigin
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

func (e *explaining) subjects() map[vocab.Role][]string {
	return map[vocab.Role][]string{
		vocab.RoleEndpoint: {e.endpoint}, vocab.RoleRoute: {e.route}, vocab.RoleName: {e.name}, vocab.RoleResolver: {e.resolver},
		vocab.RolePool: {e.pool}, vocab.RoleGateway: {"the gateway"},
	}
}

func (e *explaining) causeOf(f infer.Finding) Cause {
	c := found(f)
	c.Summary = tidy(c.Summary)
	for _, fix := range f.Fixes {
		if fix.Text != "" {
			c.Fixes = append(c.Fixes, Fix{Text: fix.Text, Command: spellCommand(fix.Command, e.commands())})
		}
	}
	return c
}

// tidy mends what the stand-ins for names that no line says make of a sentence.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "he upstream "+someUpstream, "he upstream")
	return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):]
}

// commands spells the commands of the product that wrote the lines, as it is
// installed by default.
func (e *explaining) commands() map[string]string {
	values := map[string]string{"{pid}": "PID"}
	for _, d := range e.opts.Dialects {
		if d.Name == e.product && d.ConfigTest != nil && d.Reload != nil {
			l := dialect.Launch{Product: d.Name, Exe: d.Name}
			values["{test}"], values["{reload}"] = shell(d.ConfigTest(l)), shell(d.Reload(l))
		}
	}
	return values
}

// candidates lists the causes that a condition names, where no fact ranks them.
func candidates(c dialect.Condition) []Cause {
	var all []Cause
	for i, id := range c.Causes {
		x := candidate(id)
		x.Confidence = []float64{0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01}[min(i, 6)]
		all = append(all, x)
	}
	return all
}

// candidate is a cause for which nothing speaks but that a condition names it.
func candidate(id vocab.Cause) Cause {
	x := Cause{ID: id, Verdict: vocab.Uncertain, For: []evidence.Item{}, Against: []evidence.Item{}, Fixes: []Fix{}}
	for _, known := range vocab.Causes {
		if known.ID == id {
			x.Summary = strings.ToUpper(known.Meaning[:1]) + known.Meaning[1:] + "."
		}
	}
	return x
}
