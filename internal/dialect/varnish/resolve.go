package varnish

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// target is what a request goes to: a backend or a director by name.
type target struct {
	name string
	args []token // of the director's method
	at   topo.Place
}

// state is a request on its way through the subroutines.
type state struct {
	to     target
	url    value
	header map[string]value // of the request, by lower-case name
	method string
	wait   *token // bereq.first_byte_timeout
	ended  string // the action that ended the walk: "pass", "synth", …; empty: it goes on
	status int    // of synth
	at     stmt   // that ended it
}

func (s *state) copy() *state {
	n := *s
	n.header = map[string]value{}
	for k, v := range s.header {
		n.header[k] = v
	}
	return &n
}

// same reports whether two walks lead to the same end.
func (s *state) same(o *state) bool {
	return s.to.name == o.to.name && s.url == o.url && s.header["host"] == o.header["host"] && s.answers() == o.answers() && s.status == o.status
}

// answers reports whether the walk ended in an answer of Varnish itself.
func (s *state) answers() bool {
	return s.ended == "synth" || s.ended == "fail" || s.ended == "purge" || s.ended == "abandon"
}

// walk follows one request through the program.
type walk struct {
	c     *config
	d     *topo.Decision
	req   topo.Request
	depth int
	left  int // statements that may still be looked at
}

// maxSteps bounds one walk: a branch that is not known is tried both ways.
const maxSteps = 20_000

// resolve says how the program treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	d := topo.Decision{Outcome: topo.Unknown, Settings: c.settings(nil), Logs: c.logs}
	l, ok := c.listener(req)
	if !ok {
		return d
	}
	d.Listener = l
	d.Site = c.site(req, asked(req))
	d.Steps = []topo.Step{{Text: "vcl " + strings.Join(c.files, ", "), Place: c.home()}}
	if c.problems.Broken() && c.running == nil {
		d.Doubts = append(d.Doubts, topo.Problem{Place: c.home(), Text: "the VCL on disk does not load"})
	}
	w := &walk{c: c, d: &d, req: req, left: maxSteps}
	w.run()
	return d
}

func (c *config) listener(req topo.Request) (topo.Listener, bool) {
	for _, l := range c.listeners() {
		if !req.TLS && l.Takes(req) {
			return l, true
		}
	}
	return topo.Listener{}, false
}

// asked is the Host of a request, with its port where it is not HTTP's own.
func asked(req topo.Request) string {
	if req.Port != 0 && req.Port != 80 {
		return req.Host + ":" + strconv.Itoa(req.Port)
	}
	return req.Host
}

func (w *walk) run() {
	host := asked(w.req)
	uri := w.req.Path
	if w.req.Query != "" {
		uri += "?" + w.req.Query
	}
	s := &state{url: fixed(uri), method: w.req.Method, header: map[string]value{"host": fixed(host)}}
	if s.method == "" {
		s.method = "GET"
	}
	if o := w.c.first(); o != nil {
		s.to = target{name: o.name.text, at: o.from}
	}
	w.sub("vcl_recv", s)
	if !s.answers() {
		s.ended = ""
		w.sub("vcl_backend_fetch", s)
	}
	w.end(s)
}

// end makes the decision of what the walk came to.
func (w *walk) end(s *state) {
	w.d.Upstream = topo.Spoken{Method: s.method, URI: w.req.Path, Version: "1.1"}
	if s.url.known {
		w.d.Upstream.URI = s.url.text
	}
	if s.answers() {
		w.d.Outcome, w.d.Status = topo.Answers, s.status
		w.step(s.at)
		return
	}
	o := w.c.vcl.backend(s.to.name)
	if o != nil && o.none || s.to.name == "" {
		w.d.Outcome, w.d.Status = topo.NoRoute, 503 // "No backend" (cache_fetch.c)
		w.d.Steps = append(w.d.Steps, topo.Step{Text: "no backend is chosen for the request", Place: placeOf(o, w.c.home())})
		return
	}
	f, ok := w.c.forward(s.to)
	if !ok {
		w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: s.to.at, Text: "what '" + s.to.name + "' leads to is known only to the running gateway"})
		return
	}
	w.d.Outcome, w.d.Forward = topo.Forwards, &f
	members := w.c.members(s.to.name)
	var typical *object
	if len(members) > 0 {
		typical = members[0]
		w.d.Steps = append(w.d.Steps, topo.Step{Text: "backend " + typical.name.text + " {", Place: typical.from})
	}
	w.d.Settings = w.c.settings(typical)
	if s.wait != nil {
		v := w.d.Settings[vocab.ReadTimeout]
		v.Directive, v.Value, v.Default, v.Place = "set bereq.first_byte_timeout =", s.wait.text, false, s.wait.at
		v.Number, _ = span(s.wait.text)
		w.d.Settings[vocab.ReadTimeout] = v
	}
	w.headers(s, typical)
}

func placeOf(o *object, instead topo.Place) topo.Place {
	if o != nil {
		return o.from
	}
	return instead
}

// headers are those that the request goes out with.
func (w *walk) headers(s *state, o *object) {
	host := w.req.Host
	if v := s.header["host"]; v.known && v.text != "" {
		host = v.text
	}
	out := []topo.Header{{Name: "Host", Value: host}, {Name: "X-Forwarded-For", Value: "127.0.0.1"}, {Name: "Accept-Encoding", Value: "gzip"}}
	for _, name := range slices.Sorted(maps.Keys(s.header)) {
		if v := s.header[name]; name != "host" && v.known && v.text != "" {
			out = append(out, topo.Header{Name: name, Value: v.text})
		}
	}
	w.d.Upstream.Header = out
}

func (w *walk) step(s stmt) {
	w.d.Steps = append(w.d.Steps, topo.Step{Text: written(s), Place: s.place()})
}

// written is a statement in one line.
func written(s stmt) string {
	var b strings.Builder
	for i, t := range s.words {
		text := t.text
		if t.kind == tokString {
			text = `"` + text + `"`
		}
		if i > 0 && !t.is("(") && !t.is(")") && !t.is(",") && !t.is(";") && !s.words[i-1].is("(") {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return dialect.Clip(b.String())
}

func (w *walk) sub(name string, s *state) {
	if w.depth++; w.depth < 16 {
		w.body(w.c.subs[name], s)
	}
	w.depth--
}

func (w *walk) body(list []stmt, s *state) {
	for _, st := range list {
		if w.left--; s.ended != "" || w.left < 0 {
			return
		}
		if st.cond {
			w.branch(st, s)
		} else {
			w.statement(st, s)
		}
	}
}

// branch takes the way that a condition leads, where that is known. Where it is
// not, both are tried: if they come to the same, nothing is lost.
func (w *walk) branch(st stmt, s *state) {
	switch w.truth(st.words, s) {
	case truth.Yes:
		w.body(st.then, s)
		return
	case truth.No:
		w.body(st.other, s)
		return
	}
	a, b := s.copy(), s.copy()
	w.body(st.then, a)
	w.body(st.other, b)
	if !a.same(b) {
		w.d.Doubts = append(w.d.Doubts, topo.Problem{Place: st.place(), Text: "whether this holds is known only to the running gateway: if (" + written(stmt{words: st.words}) + ")"})
	}
	*s = *b
}

func (w *walk) statement(st stmt, s *state) {
	first := st.word(0)
	switch {
	case first.is("call"):
		w.sub(st.word(1).text, s)
	case first.is("return"):
		w.leave(st, s)
	case first.is("set"):
		w.set(st, s)
	case first.is("unset"), first.is("remove"):
		if name, ok := headerName(st.word(1)); ok {
			s.header[name] = fixed("")
		}
	}
}

// leave reads "return (pass)", "return (synth(503, "…"))".
func (w *walk) leave(st stmt, s *state) {
	action := st.word(2)
	s.ended, s.at = action.text, st
	switch action.text {
	case "synth":
		s.status, _ = strconv.Atoi(st.word(4).text)
		s.status %= 1000 // 10503 is 503 to the client (cnt_synth)
	case "fail", "abandon":
		s.status = 503
	case "purge":
		s.status = 200
	case "":
		s.ended = "" // it leaves a subroutine of one's own
	}
}

func (w *walk) set(st stmt, s *state) {
	if !st.word(2).is("=") {
		return
	}
	name, from := st.word(1), st.words[3:]
	if h, ok := headerName(name); ok {
		s.header[h] = w.text(from, s)
		return
	}
	switch name.text {
	case "req.url", "bereq.url":
		s.url = w.text(from, s)
	case "req.backend_hint", "bereq.backend":
		if len(from) == 0 {
			return
		}
		base, _, _ := strings.Cut(from[0].text, ".")
		s.to = target{name: base, args: from[1:], at: st.place()}
		w.step(st)
	case "bereq.first_byte_timeout":
		if len(from) == 1 {
			s.wait = &from[0]
		}
	}
}

// headerName returns the name of a header of the request.
func headerName(t token) (string, bool) {
	for _, p := range []string{"req.http.", "bereq.http."} {
		if name, ok := strings.CutPrefix(t.text, p); ok && t.kind == tokName {
			return strings.ToLower(name), true
		}
	}
	return "", false
}
