package doctor

import (
	"context"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/survey"
)

// runtimeAnswer is what the running gateway answered about what it does. What it
// tells of its configuration survey asks, and hides as a configuration's secrets are.
type runtimeAnswer struct{ probe.SocketReply }

// dumped is a row of captured bytes as HAProxy shows them: they are a stranger's
// request or answer, and no part of what is asked.
var dumped = pattern.New(`(?m)^\s+\d{5}[ +*].*\n?`)

// RedactWith takes the secrets out.
func (a *runtimeAnswer) RedactWith(r *evidence.Redactor) {
	a.Text = r.Text(dumped().ReplaceAllString(a.Text, ""))
}

// askRuntime asks the running gateway about itself, as its dialect declares, and
// makes items of what it tells about our pool.
func (x *examination) askRuntime(ctx context.Context) {
	g := x.match.Gateway
	if !g.Running || x.silent() {
		return
	}
	for _, q := range g.Conf.Questions {
		x.progress("asking the %s", q.Source)
		a, when, ok := ask(x, "probe/socket", x.place.Subject(q.Source), seeing(x, x.place, func(v *host.View) (runtimeAnswer, error) {
			r, err := survey.AskInstance(ctx, v, q)
			return runtimeAnswer{r}, err
		}))
		if !ok {
			continue
		}
		for _, t := range q.Read([]byte(a.Text)) {
			if t.Address != "" {
				x.noteDial(t)
			}
			if t.Fact == "" {
				continue
			}
			o := observation{fact: t.Fact, value: t.Value, quote: t.Quote, when: when, kind: evidence.Runtime, where: q.Source}
			if !t.When.IsZero() {
				o.when = t.When
			}
			if o.subject = x.subjectOf(t); o.subject != "" {
				x.add(o)
			}
		}
	}
}

// subjectOf returns what a reply is about, spelled as failures spell it; "" where
// it is about another route.
func (x *examination) subjectOf(t dialect.Told) string {
	switch {
	case t.Pool == "":
		return x.gateway
	case t.Pool != x.pool():
		return ""
	case t.Server == "":
		return t.Pool
	}
	for _, e := range x.decision.Forward.Endpoints {
		// A template's servers are numbered: the first stands for all.
		if e.Name == t.Server || e.Resolve && strings.TrimRight(e.Name, "0123456789") == strings.TrimRight(t.Server, "0123456789") {
			return e.String()
		}
	}
	return ""
}

// dial is an address that the running gateway dials for a name.
type dial struct{ name, addr string }

// noteDial keeps what the gateway dials for a server that is configured by name.
func (x *examination) noteDial(t dialect.Told) {
	if t.Pool != x.pool() || x.decision.Forward == nil {
		return
	}
	for _, e := range x.decision.Forward.Endpoints {
		if e.Name == t.Server && e.IsName() && len(x.dials) < upstreamsMost {
			x.dials = append(x.dials, dial{e.Host, t.Address})
			x.rec.Redact.Keep(t.Address)
		}
	}
}
