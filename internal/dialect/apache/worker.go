package apache

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// param is one "key=value" of a worker or balancer.
type param struct {
	value string
	place topo.Place // of the two words
}

// worker is what mod_proxy keeps for a target: its address and how it is used.
// The first directive that names a target makes it; later ones share it, and
// their parameters are ignored (AH01146).
type worker struct {
	url    string // without path to a socket, host in lower case
	params map[string]param
	n      *node
}

// balancer is a group of workers.
type balancer struct {
	name    string
	n       *node
	members []member
	params  map[string]param
}

// member is one BalancerMember.
type member struct {
	target
	n      *node
	params map[string]param
}

// target is a URL of mod_proxy taken apart.
type target struct {
	written  string
	scheme   string
	protocol vocab.Protocol
	socket   string // path of a unix socket
	host     string
	port     int
	path     string // from the first slash on
}

// schemes are the protocols and default ports of mod_proxy's modules, with the
// module that speaks each.
var schemes = map[string]struct {
	protocol vocab.Protocol
	port     int
	module   string
}{
	"http": {vocab.HTTP, 80, "mod_proxy_http.c"}, "https": {vocab.HTTPS, 443, "mod_proxy_http.c"},
	"ws": {vocab.HTTP, 80, "mod_proxy_wstunnel.c"}, "wss": {vocab.HTTPS, 443, "mod_proxy_wstunnel.c"},
	"fcgi": {vocab.FastCGI, 8000, "mod_proxy_fcgi.c"}, "scgi": {vocab.SCGI, 4000, "mod_proxy_scgi.c"},
	"uwsgi": {vocab.UWSGI, 3031, "mod_proxy_uwsgi.c"}, "ajp": {vocab.AJP, 8009, "mod_proxy_ajp.c"},
	"h2": {vocab.HTTPS, 443, "mod_proxy_http2.c"}, "h2c": {vocab.HTTP, 80, "mod_proxy_http2.c"},
	"ftp": {vocab.TCP, 21, "mod_proxy_ftp.c"}, "balancer": {"", 0, "mod_proxy_balancer.c"},
}

// parseTarget reads "http://host:port/path" and "unix:/path|http://host/path".
func parseTarget(s string) (target, bool) {
	t := target{written: s}
	if rest, ok := strings.CutPrefix(s, "unix:"); ok {
		path, url, found := strings.Cut(rest, "|")
		if !found {
			return t, false
		}
		t.socket, s = path, url
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return t, false
	}
	t.scheme = strings.ToLower(scheme)
	known, ok := schemes[t.scheme]
	if !ok {
		return t, false
	}
	rest = strings.TrimPrefix(rest, "//")
	t.protocol, t.port = known.protocol, known.port
	authority := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, t.path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	t.host = strings.ToLower(authority)
	if host, port, ok := cutPort(authority); ok {
		n, err := strconv.Atoi(port)
		if err != nil && !strings.ContainsAny(port, "$%") {
			return t, false
		}
		t.host, t.port = strings.ToLower(host), n
	}
	t.host = strings.Trim(t.host, "[]")
	return t, true
}

// key spells a target without its socket, as workers are compared.
func (t target) key() string {
	host := t.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.socket != "" {
		return "unix:" + t.socket + "|" + t.scheme + "://" + host + t.path
	}
	return t.scheme + "://" + host + ":" + strconv.Itoa(t.port) + t.path
}

func (t target) endpoint(at topo.Place) topo.Endpoint {
	if t.socket != "" {
		// Error messages name what the URL says, not the socket.
		return topo.Endpoint{Name: t.host + ":" + strconv.Itoa(t.port), Network: "unix", Path: t.socket, Place: at}
	}
	return topo.Endpoint{Name: t.host + ":" + strconv.Itoa(t.port), Network: "tcp", Host: t.host, Port: t.port, Place: at}
}

// parameters reads the words that follow a target.
func parameters(n *node, words []string) map[string]param {
	out := map[string]param{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			value = "on" // nocanon, interpolate, noquery
		}
		key = strings.ToLower(key)
		if _, have := out[key]; !have {
			out[key] = param{value, placeOf(n, w)}
		}
	}
	return out
}

// placeOf finds a word in the line of a directive.
func placeOf(n *node, word string) topo.Place {
	p := n.place()
	text := string(n.line.File.Data[n.line.Start:n.line.End])
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return p
		}
		i += from
		if i > 0 && strings.IndexByte(" \t\"'", text[i-1]) >= 0 {
			before := text[:i]
			p.Line += strings.Count(before, "\n")
			if nl := strings.LastIndexByte(before, '\n'); nl >= 0 {
				p.Column = i - nl
			} else {
				p.Column += i
			}
			p.Start += i
			p.End = p.Start + len(word)
			return p
		}
		from = i + 1
	}
}

// pass is one ProxyPass or ProxyPassMatch, in a list or in a <Location>.
type pass struct {
	n      *node
	from   string // path or pattern
	to     string
	regex  bool
	rest   []string // parameters
	inside *node    // the <Location> around it
}

// passOf reads a ProxyPass of either form.
func passOf(n *node, inside *node) (pass, bool) {
	p := pass{n: n, regex: n.name == "proxypassmatch", inside: inside}
	words := n.args
	if inside != nil {
		// In a <LocationMatch> a plain ProxyPass takes the pattern for a path, and
		// never fits.
		p.from = inside.arg(0)
		if p.from == "~" {
			p.from = inside.arg(1)
		}
	} else {
		if len(words) == 0 {
			return p, false
		}
		if words[0] == "~" && len(words) > 1 {
			p.regex, words = true, words[1:]
		}
		p.from, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return p, false
	}
	p.to, p.rest = words[0], words[1:]
	return p, true
}

// passes are those of a host in the order in which they are tried: the main
// server's first, with ProxyPassInherit off too (merge_proxy_config).
func (c *config) passes(h *host) []pass {
	var out []pass
	add := func(h *host) {
		for _, n := range h.n.all("proxypass", "proxypassmatch") {
			if p, ok := passOf(n, nil); ok {
				out = append(out, p)
			}
		}
	}
	if h.up != nil {
		add(h.up)
	}
	add(h)
	return out
}

// readWorkers makes the workers and balancers of every host.
func (c *config) readWorkers() {
	for _, h := range append([]*host{c.main}, c.hosts...) {
		c.proxySections(h)
		list := c.passes(h)
		for _, s := range h.n.all("<location", "<locationmatch") {
			for _, n := range s.all("proxypass", "proxypassmatch") {
				if p, ok := passOf(n, s); ok {
					list = append(list, p)
				}
			}
		}
		for _, p := range list {
			c.define(h, p)
		}
	}
}

// proxySections reads <Proxy URL>: a balancer with its members, or a worker with
// its settings.
func (c *config) proxySections(h *host) {
	for _, s := range h.n.all("<proxy") {
		t, ok := parseTarget(s.arg(0))
		if !ok || strings.ContainsAny(s.arg(0), "*") {
			continue
		}
		params := parameters(s, s.args[1:])
		for _, n := range s.all("proxyset") {
			for k, v := range parameters(n, n.args) {
				params[k] = v
			}
		}
		if t.scheme != "balancer" {
			h.workers = append(h.workers, &worker{t.key(), params, s})
			continue
		}
		b := c.balancer(t.host, s)
		for k, v := range params {
			b.params[k] = v
		}
		for _, n := range s.all("balancermember") {
			b.add(n, n.args)
		}
	}
	for _, n := range h.n.all("balancermember") {
		if t, ok := parseTarget(n.arg(0)); ok && t.scheme == "balancer" && len(n.args) > 1 {
			c.balancer(t.host, n).add(n, n.args[1:])
		}
	}
	for _, n := range h.n.all("proxyset") {
		t, ok := parseTarget(n.arg(0))
		if ok && t.scheme == "balancer" && len(n.args) > 1 {
			b := c.balancer(t.host, n)
			for k, v := range parameters(n, n.args[1:]) {
				b.params[k] = v
			}
		}
	}
}

func (c *config) balancer(name string, n *node) *balancer {
	name = strings.ToLower(name)
	b := c.balancers[name]
	if b == nil {
		b = &balancer{name: name, n: n, params: map[string]param{}}
		c.balancers[name] = b
	}
	return b
}

func (b *balancer) add(n *node, words []string) {
	if len(words) == 0 {
		return
	}
	if t, ok := parseTarget(words[0]); ok {
		b.members = append(b.members, member{t, n, parameters(n, words[1:])})
	}
}

// define makes the worker of a ProxyPass, unless one with a prefix of its URL is
// there already.
func (c *config) define(h *host, p pass) {
	t, ok := parseTarget(p.to)
	if !ok {
		return
	}
	if t.scheme == "balancer" {
		b := c.balancer(t.host, p.n)
		for k, v := range parameters(p.n, p.rest) {
			if _, have := b.params[k]; !have {
				b.params[k] = v
			}
		}
		return
	}
	if i := strings.IndexByte(t.path, '$'); p.regex && i >= 0 {
		t.path = t.path[:i] // ap_proxy_define_match_worker
	}
	if h.worker(t) == nil {
		h.workers = append(h.workers, &worker{t.key(), parameters(p.n, p.rest), p.n})
	}
}

// worker returns the one with the longest URL that begins t's, or nil
// (ap_proxy_get_worker).
func (h *host) worker(t target) *worker {
	var best *worker
	key := t.key()
	for ; h != nil; h = h.up {
		for _, w := range h.workers {
			if strings.HasPrefix(key, w.url) && (best == nil || len(w.url) > len(best.url)) {
				best = w
			}
		}
	}
	return best
}

// pool describes a balancer.
func (b *balancer) pool() topo.Pool {
	p := topo.Pool{Name: b.name, Method: "byrequests", Place: b.n.place()}
	if m, ok := b.params["lbmethod"]; ok {
		p.Method = m.value
	}
	for _, m := range b.members {
		p.Endpoints = append(p.Endpoints, m.endpoint())
	}
	return p
}

func (m member) endpoint() topo.Endpoint {
	e := m.target.endpoint(m.n.place())
	e.Line = m.n.line.Text
	e.Weight, e.MaxFails, e.FailTimeout = 1, 1, retry(m.params)
	if w, ok := m.params["loadfactor"]; ok {
		f, _ := strconv.ParseFloat(w.value, 64)
		e.Weight = int(f)
	}
	if m, ok := m.params["max"]; ok {
		e.MaxConns, _ = strconv.Atoi(m.value)
	}
	add := true
	for _, c := range strings.ToUpper(m.params["status"].value) {
		switch c {
		case '+':
			add = true
		case '-':
			add = false
		case 'D', 'S':
			e.Down = add
		case 'H':
			e.Backup = add
		}
	}
	return e
}

// retry is for how many seconds a worker is left out after a failed connect.
func retry(params map[string]param) float64 {
	if p, ok := params["retry"]; ok {
		n, _ := strconv.ParseFloat(p.value, 64)
		return n
	}
	return 60 // PROXY_WORKER_DEFAULT_RETRY
}
