package doctor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Explain says what words or log lines mean. Lines are taken to be about one
// incident, as people paste them. Nothing is asked of the host or the network,
// so nothing can be confirmed.
func Explain(ctx context.Context, opts ExplainOptions) (*Explanation, error) {
	if opts.Input == nil && len(opts.Words) == 0 {
		return nil, errors.New("cannot explain nothing: give a word, a message, or `-` and log lines on standard input")
	}
	e := &explaining{opts: opts, out: &Explanation{Schema: ExplanationSchema, Verdict: vocab.Uncertain, Causes: []Cause{}, Items: []evidence.Item{}}}
	if opts.Input == nil {
		text := strings.Join(opts.Words, " ")
		unknown := e.words()
		if len(unknown) == 0 {
			return e.out, nil
		}
		opts.Input = strings.NewReader(text + "\n")
	}
	dialects := opts.Dialects
	if opts.Product != "" {
		dialects = slices.DeleteFunc(slices.Clone(dialects), func(d dialect.Dialect) bool { return d.Name != opts.Product })
		if len(dialects) == 0 {
			return nil, errors.New("cannot explain lines of " + strconv.Quote(opts.Product) + ": the product is not known; leave --product out to have it recognised")
		}
	}
	var seen bytes.Buffer
	texts, err := scan.Text(io.TeeReader(opts.Input, &beginning{&seen, pageBound}), dialects, scan.Options{})
	if err != nil {
		return nil, err
	}
	if read, ok := e.page(seen.Bytes()); ok && !slices.ContainsFunc(texts.Reads, told) {
		texts.Reads = append(texts.Reads, read)
	}
	e.sized(texts.Reads)
	e.contained = contained().Match(seen.Bytes())
	e.lines(texts)
	return e.out, nil
}

// told reports whether a line says more of a failure than a status.
func told(r scan.Read) bool {
	return r.Cond.Symptom != "" || r.Cond.Fails && r.Cond.Fact != "" && r.Cond.Fact != vocab.GatewayStatusUnknown && r.Cond.Fact != vocab.GatewayStatusMade
}

// beginning keeps the beginning of what is written to it.
type beginning struct {
	to   *bytes.Buffer
	left int
}

func (f *beginning) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	f.to.Write(b[:n])
	f.left -= n
	return len(b), nil
}

// explaining is one explanation while it is made.
type explaining struct {
	opts     ExplainOptions
	out      *Explanation
	product  string // that wrote the line which says what the client got
	endpoint string
	route    string
	name     string
	resolver string
	pool     string

	contained bool // the gateway evidently runs in a container
}

// words looks every word up in the vocabulary and returns those that are not
// there.
func (e *explaining) words() (unknown []string) {
	joined := strings.Join(e.opts.Words, " ")
	if meanings := e.meanings(joined); len(meanings) > 0 {
		e.out.Words = meanings
		return nil
	}
	for _, w := range e.opts.Words {
		meanings := e.meanings(w)
		if len(meanings) == 0 {
			unknown = append(unknown, w)
			continue
		}
		e.out.Words = append(e.out.Words, meanings...)
	}
	return unknown
}

func (e *explaining) meanings(word string) []Word {
	var all []Word
	lower := strings.ToLower(strings.TrimSpace(word))
	for _, c := range vocab.Causes {
		if string(c.ID) != lower && strings.TrimPrefix(string(c.ID), c.ID.Family()+"/") != lower {
			continue
		}
		card, _ := cause.Card(c.ID)
		all = append(all, Word{Word: string(c.ID), Kind: "cause", Meaning: c.Meaning, Card: card})
	}
	for _, s := range vocab.Symptoms {
		if string(s.ID) == lower {
			all = append(all, Word{Word: lower, Kind: "symptom", Meaning: s.Meaning})
		}
	}
	if info, ok := vocab.Fact(lower).Info(); ok {
		all = append(all, Word{Word: lower, Kind: "fact", Meaning: info.Meaning})
	}
	if m := statuses[lower]; m != "" {
		all = append(all, Word{Word: lower, Kind: "status", Meaning: m})
	}
	for _, t := range e.terms(strings.TrimSpace(word)) {
		all = append(all, Word{Word: t.Text, Kind: "term", Product: t.product, Meaning: t.Explain})
		for _, c := range candidates(t.Cond) {
			if !slices.ContainsFunc(e.out.Causes, func(have Cause) bool { return have.ID == c.ID }) {
				e.out.Causes = append(e.out.Causes, c)
			}
		}
		if t.Cond.Symptom != "" && e.out.Symptom == nil {
			s := t.Cond.Symptom
			e.out.Symptom = &s
		}
	}
	return all
}

// term is a product's word.
type term struct {
	dialect.Word
	product string
}

// terms returns the terms that a word is. Case tells terms apart (HAProxy's sH is
// not its SH), but people do not always write it.
func (e *explaining) terms(word string) []term {
	var exact, folded []term
	for _, d := range e.opts.Dialects {
		if e.opts.Product != "" && e.opts.Product != d.Name {
			continue
		}
		for _, w := range d.Words {
			switch {
			case w.Text == word:
				exact = append(exact, term{w, d.Name})
			case strings.EqualFold(w.Text, word):
				folded = append(folded, term{w, d.Name})
			}
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return folded
}

// statuses says what the statuses mean that gateways make (RFC 9110 section
// 15.6, and nginx's own 499).
var statuses = map[string]string{
	"500": "Internal Server Error: the server itself failed. From a gateway: its own configuration or resources; more often the application made it and the gateway passed it on.",
	"502": "Bad Gateway: the gateway got an invalid answer from the server behind it, or none: refused, reset, closed early, or not HTTP.",
	"503": "Service Unavailable: overloaded, in maintenance, or no server left to ask. Apache, HAProxy, Envoy and Varnish also answer it for a refused connection.",
	"504": "Gateway Timeout: the server behind the gateway did not answer in time.",
	"499": "nginx's own: the client closed the connection before the answer was complete. Nobody received this status.",
	"009": "nginx's own: the upstream's answer did not begin with a status line and was passed on as HTTP/0.9.",
}
