package nginx

import (
	"fmt"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// maxURIChanges is NGX_HTTP_MAX_URI_CHANGES: how often a request may be sent to
// another location before nginx answers 500.
const maxURIChanges = 10

// maxSteps bounds the steps of one decision.
const maxSteps = 500

// phase is a phase of ngx_http_core_module.h, those of them that a configuration
// decides about.
type phase int

const (
	serverRewrite phase = iota
	findConfig
	rewriting
	accessing
	precontent
	content
	done
)

// run is one request on its way through a configuration.
type run struct {
	c   *config
	req topo.Request
	v   *server
	l   listen
	out topo.Decision

	uri, args string
	vars      map[string]value
	groups    []string // $1 and on: groups of the last pattern that matched
	depth     int

	cur         *scope // whose values are in force: a server, location, if or limit_except
	handler     *item  // the directive that makes the content
	next        phase
	left        int  // changes of the URI that are left
	internal    bool // the request was redirected within nginx
	changed     bool // a rewrite without break changed the URI
	unparsed    bool // the URI is still as the client wrote it
	inPlace     bool // the URI still begins with the location's name
	wrongScheme bool // plain HTTP came to a socket with TLS, or the other way round
	errorHop    bool // an error page was already used
	errorAs     int  // the status that an error page keeps; 0: that of the new answer

	proxyHost, proxyPort string
	doubted              map[string]bool
}

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	r := &run{c: c, req: req, vars: map[string]value{}, left: maxURIChanges + 1, unparsed: true, inPlace: true, doubted: map[string]bool{}}
	if r.req.Method == "" {
		r.req.Method = "GET"
	}
	r.uri = cleanPath(r.req.Path)
	if r.req.Path == "" {
		r.req.Path = "/"
	}
	r.args = r.req.Query
	if !r.enter() {
		r.out.Outcome = topo.Unknown
		return r.out
	}
	if r.v.stream {
		r.streamForward()
	} else {
		r.phases()
	}
	r.finish()
	return r.out
}

// phases leads the request through the phases until it has an outcome.
func (r *run) phases() {
	r.cur = r.v.s
	if r.wrongScheme {
		r.answer(497)
		if r.out.Status == 497 {
			r.out.Status = 400 // ngx_http_special_response_handler
		}
	}
	for r.next != done {
		if len(r.out.Steps) > maxSteps {
			r.doubt(topo.Place{}, "the request passes more than %d rules", maxSteps)
			r.out.Outcome = topo.Unknown
			return
		}
		switch r.next {
		case serverRewrite:
			r.cur, r.next = r.v.s, findConfig
			r.rewrites(r.v.s)
		case findConfig:
			r.findLocation()
		case rewriting:
			r.next = accessing
			r.changed = false
			if r.cur.context != "server" {
				r.rewrites(r.cur)
			}
			if r.next == accessing && r.changed {
				r.change(findConfig)
			}
		case accessing:
			r.next = precontent
			r.access()
		case precontent:
			r.next = content
			r.tryFiles()
		case content:
			r.content()
		}
	}
}

// change counts one change of the URI and goes on at a phase, or answers 500
// where there were too many, as ngx_http_core_post_rewrite_phase and
// ngx_http_internal_redirect do.
func (r *run) change(to phase) {
	if r.left--; r.left <= 0 {
		r.end(topo.Answers, 500)
		r.doubt(r.cur.d.Place(), "nginx stops at a rewrite or internal redirection cycle")
		return
	}
	r.next = to
}

// redirect sends the request to another URI within nginx.
func (r *run) redirect(uri, args string) {
	r.uri, r.args = uri, args
	r.internal, r.unparsed, r.inPlace = true, false, true
	r.handler = nil
	r.cur = r.v.s
	r.change(serverRewrite)
}

// toNamed sends the request to a named location, as ngx_http_named_location.
func (r *run) toNamed(name string) {
	for _, l := range r.v.root.named {
		if l.name == name {
			r.internal, r.handler = true, nil
			r.inPlace = true
			r.enterLocation(l)
			r.change(rewriting)
			return
		}
	}
	r.doubt(r.cur.d.Place(), "there is no location %s: nginx answers 500", name)
	r.end(topo.Answers, 500)
}

// end ends the request.
func (r *run) end(o topo.Outcome, status int) {
	if r.errorAs != 0 {
		status = r.errorAs // an error page keeps its status, wherever it comes from
	}
	r.out.Outcome, r.out.Status, r.next = o, status, done
}

func (r *run) step(s topo.Step) { r.out.Steps = append(r.out.Steps, s) }

// doubt notes once what could not be settled.
func (r *run) doubt(at topo.Place, format string, args ...any) {
	p := topo.Problem{Place: at, Text: fmt.Sprintf(format, args...)}
	key := p.Place.String() + p.Text
	if !r.doubted[key] {
		r.doubted[key] = true
		r.out.Doubts = append(r.out.Doubts, p)
	}
}

// known notes a doubt where v is not the same for every request.
func (r *run) known(v value, it *item) string {
	if !v.sure {
		r.doubt(it.Place(), "%s is taken as for a plain request: %q", v.why, v.text)
	}
	return v.text
}

// captures keeps the groups of a match.
func (r *run) captures(re *regex.Regexp, groups []string) {
	r.groups = groups
	for i, name := range re.Names() {
		if name == "" {
			continue
		}
		text := ""
		if i < len(groups) {
			text = groups[i]
		}
		r.vars[toLower(name)] = sure(text)
	}
}

// tables returns the variable blocks of the request's side.
func (r *run) tables() map[string]*table {
	if r.v != nil && r.v.stream {
		return r.c.ports
	}
	return r.c.tables
}

// finish fills in what holds where the request ended.
func (r *run) finish() {
	s := r.cur
	if s == nil {
		s = r.v.s
	}
	if r.out.Settings == nil {
		r.out.Settings = topo.Settings{}
	}
	if !r.v.stream {
		r.c.general(r.out.Settings, s)
	}
	r.out.Logs = append(r.c.errorLogs(s), r.c.accessLogs(s)...)
}

// pattern compiles a regular expression of the configuration.
func (c *config) pattern(text string, fold bool) (*regex.Regexp, error) {
	return regex.Compile(text, fold)
}
