package squid

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// resolve says how the configuration treats a request.
func (c *config) resolve(req topo.Request) topo.Decision {
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}}
	p := c.listener(req)
	if p == nil {
		return d
	}
	d.Listener, d.Logs, d.Site = p.Listener, c.logs(), c.site(req)
	d.Steps = []topo.Step{{Text: c.launch.Config, Place: c.home()}}
	q := &query{c: c, req: req, port: p}
	d.Upstream = topo.Spoken{Method: req.Method, URI: req.Path, Version: "1.1", Header: q.headers()}
	if req.Query != "" {
		d.Upstream.URI += "?" + req.Query
	}
	d.Settings = c.settings(nil)
	if at, t := q.rules("http_access", truth.No); t == truth.No {
		d.Outcome, d.Status = topo.Answers, 403
		d.Steps = append(d.Steps, step(at, c))
		return d
	} else if t == truth.Unknown {
		d.Doubts = append(d.Doubts, topo.Problem{Place: at.place(), Text: "whether this refuses the request is known only to the running gateway: " + at.text})
	}
	peers, doubt := q.peers()
	if doubt != nil {
		d.Doubts = append(d.Doubts, topo.Problem{Place: doubt.place(), Text: "whether this applies is known only to the running gateway: " + doubt.text})
	}
	switch {
	case len(peers) > 0:
		f := forward(peers)
		d.Outcome, d.Forward, d.Settings = topo.Forwards, &f, c.settings(peers[0])
		d.Steps = append(d.Steps, topo.Step{Text: peers[0].row.text, Place: peers[0].row.place()})
	case !p.accel:
		d.Doubts = append(d.Doubts, topo.Problem{Place: p.Place, Text: "a forward proxy goes where its client says"})
	case doubt == nil:
		d.Outcome, d.Status = topo.NoRoute, 503
		d.Steps = append(d.Steps, topo.Step{Text: "no cache_peer may take the request", Place: p.Place})
	}
	return d
}

func step(r *row, c *config) topo.Step {
	if r == nil {
		return topo.Step{Text: "no http_access rule allows it", Place: c.home()}
	}
	return topo.Step{Text: r.text, Place: r.place()}
}

func (c *config) listener(req topo.Request) *port {
	for _, p := range c.ports {
		if p.Takes(req) {
			return p
		}
	}
	return nil
}

func (c *config) site(req topo.Request) (found topo.SiteName) {
	host := strings.ToLower(req.Host)
	for _, n := range c.names() {
		if n.Kind == "exact" && n.Name == host {
			return n
		}
		if suffix, ok := strings.CutPrefix(n.Name, "*"); ok && strings.HasSuffix(host, suffix) {
			found = n
		}
	}
	return found
}

// query is one request before the rules.
type query struct {
	c    *config
	req  topo.Request
	port *port
}

// host is the name of the site: of the Host header, or the default one of the
// port.
func (q *query) host() string {
	if q.port.accel && (!q.port.vhost || q.req.Host == "") && q.port.site != "" {
		return strings.ToLower(q.port.site)
	}
	return strings.ToLower(q.req.Host)
}

func (q *query) headers() []topo.Header {
	host := q.req.Host
	if q.port.accel && !q.port.vhost && q.port.site != "" {
		host = q.port.site
	}
	if q.req.Port != 0 && q.req.Port != 80 && host == q.req.Host {
		host += ":" + strconv.Itoa(q.req.Port)
	}
	return []topo.Header{{Name: "Host", Value: host}, {Name: "Via", Value: "1.1 goodgate (squid)"}, {Name: "X-Forwarded-For", Value: "127.0.0.1"}, {Name: "Surrogate-Capability", Value: "squid=\"Surrogate/1.0\""}}
}

// rules goes through allow and deny lines of a kind: the first that holds
// decides. Where none does, it is the opposite of the last (ACLChecklist); where
// there is no line at all, otherwise.
func (q *query) rules(kind string, otherwise truth.Value) (*row, truth.Value) {
	var list []*row
	for _, r := range q.c.rows {
		if r.words[0] == kind {
			list = append(list, r)
		}
	}
	return q.decide(list, 1, otherwise)
}

func (q *query) decide(list []*row, at int, otherwise truth.Value) (*row, truth.Value) {
	var last *row
	for _, r := range list {
		last = r
		allows := truth.Of(r.arg(at) == "allow")
		switch q.all(r.words[min(at+1, len(r.words)):]) {
		case truth.Yes:
			return r, allows
		case truth.Unknown:
			return r, truth.Unknown
		}
	}
	if last == nil {
		return nil, otherwise
	}
	return nil, truth.Of(last.arg(at) != "allow")
}

// all reports whether every acl of a line holds.
func (q *query) all(names []string) truth.Value {
	t := truth.Yes
	for _, n := range names {
		one := q.acl(strings.TrimPrefix(n, "!"), 0)
		if strings.HasPrefix(n, "!") {
			one = one.Not()
		}
		t = min(t, one)
	}
	return t
}

// acl reports whether one acl holds: one of its values does.
func (q *query) acl(name string, depth int) truth.Value {
	switch name {
	case "all":
		return truth.Yes
	case "manager", "CONNECT":
		return truth.No
	}
	rows := q.c.acls[name]
	if len(rows) == 0 || depth > 8 {
		return truth.Unknown
	}
	t := truth.No
	for _, r := range rows {
		for _, v := range r.words[3:] {
			if t = max(t, q.value(r.arg(2), v, slices.Contains(r.words[3:], "-i"), depth)); t == truth.Yes {
				return t
			}
		}
	}
	return t
}

func (q *query) value(kind, v string, fold bool, depth int) truth.Value {
	if v == "-i" || v == "-n" || v == "--" {
		return truth.No
	}
	switch kind {
	case "dstdomain":
		host := q.host()
		v = strings.ToLower(v)
		return truth.Of(host == v || strings.HasPrefix(v, ".") && (host == v[1:] || strings.HasSuffix(host, v)))
	case "dstdom_regex":
		return truth.Match(v, q.host(), fold)
	case "urlpath_regex":
		path := q.req.Path
		if q.req.Query != "" {
			path += "?" + q.req.Query
		}
		return truth.Match(v, path, fold)
	case "url_regex":
		return truth.Match(v, "http://"+q.host()+q.req.Path, fold)
	case "method":
		return truth.Of(strings.EqualFold(v, q.req.Method))
	case "port":
		n, err := strconv.Atoi(v)
		if err != nil {
			return truth.Unknown
		}
		return truth.Of(n == q.req.Port || q.req.Port == 0 && n == 80)
	case "any-of":
		return q.acl(v, depth+1)
	case "src":
		if v == "all" {
			return truth.Yes
		}
	}
	return truth.Unknown
}

// peers are those that may take the request, in the order of the file.
func (q *query) peers() (list []*peer, doubt *row) {
	for _, p := range q.c.peers {
		at, t := q.decide(p.access, 2, truth.Yes)
		switch t {
		case truth.Yes:
			list = append(list, p)
		case truth.Unknown:
			doubt = at
		}
	}
	return list, doubt
}

// timers are the directives that have a knob (src/cf.data.pre).
var timers = []struct {
	knob  vocab.Knob
	name  string
	value string
	read  func([]string) (float64, bool)
}{
	{vocab.ConnectTimeout, "peer_connect_timeout", "30 seconds", span},
	{vocab.ReadTimeout, "read_timeout", "15 minutes", span},
	{vocab.SendTimeout, "write_timeout", "15 minutes", span},
	{vocab.HeaderBuffer, "reply_header_max_size", "64 KB", size},
	{vocab.RequestHeaderBuffer, "request_header_max_size", "64 KB", size},
	{vocab.KeepaliveTimeout, "server_idle_pconn_timeout", "1 minute", span},
	{vocab.ClientTimeout, "client_idle_pconn_timeout", "2 minutes", span},
}

// settings are the knobs in force for a peer, which may be nil.
func (c *config) settings(p *peer) topo.Settings {
	out := topo.Settings{}
	for _, t := range timers {
		s := topo.Setting{Knob: t.knob, Directive: t.name, Value: t.value, Default: true, Insert: c.end()}
		if r := c.last(t.name); r != nil && len(r.words) > 1 {
			s.Value, s.Default, s.Place = strings.Join(r.words[1:], " "), false, r.place()
		}
		s.Number, _ = t.read(strings.Fields(s.Value))
		out[t.knob] = s
	}
	keep := topo.Setting{Knob: vocab.KeepaliveCount, Directive: "server_persistent_connections", Value: "on", Number: 1, Default: true}
	if r := c.last("server_persistent_connections"); r != nil {
		keep.Value, keep.Default, keep.Place = r.arg(1), false, r.place()
		if r.arg(1) == "off" {
			keep.Number = 0
		}
	}
	out[vocab.KeepaliveCount] = keep
	if p == nil {
		return out
	}
	if v, at, ok := p.row.option(5, "connect-timeout"); ok {
		n, _ := strconv.ParseFloat(v, 64)
		out[vocab.ConnectTimeout] = topo.Setting{Knob: vocab.ConnectTimeout, Directive: "connect-timeout", Value: v, Number: n, Place: at}
	}
	if p.MaxConns > 0 {
		_, at, _ := p.row.option(5, "max-conn")
		out[vocab.ServerConnections] = topo.Setting{Knob: vocab.ServerConnections, Directive: "max-conn", Value: strconv.Itoa(p.MaxConns), Number: float64(p.MaxConns), Place: at}
	}
	if p.tls {
		c.tlsSettings(out, p)
	}
	return out
}

func (c *config) tlsSettings(out topo.Settings, p *peer) {
	verify := topo.Setting{Knob: vocab.TLSVerify, Directive: "sslflags", Number: 1, Default: true, Place: p.row.place()}
	for _, name := range []string{"sslflags", "tls-flags"} {
		if v, at, ok := p.row.option(5, name); ok && strings.Contains(v, "DONT_VERIFY_PEER") {
			verify.Value, verify.Number, verify.Default, verify.Place = v, 0, false, at
		}
	}
	out[vocab.TLSVerify] = verify
	for _, name := range []string{"sslcafile", "tls-cafile", "cafile"} {
		if v, at, ok := p.row.option(5, name); ok {
			out[vocab.TLSTrusted] = topo.Setting{Knob: vocab.TLSTrusted, Directive: name, Value: v, Place: at}
		}
	}
	name := p.Host
	if v, _, ok := p.row.option(5, "ssldomain"); ok {
		name = v
	}
	out[vocab.TLSName] = topo.Setting{Knob: vocab.TLSName, Directive: "ssldomain", Value: name, Default: true}
	out[vocab.TLSServerName] = topo.Setting{Knob: vocab.TLSServerName, Directive: "ssldomain", Value: name, Number: 1, Default: true}
}

// end is the place behind the last directive.
func (c *config) end() topo.Place {
	if len(c.rows) == 0 {
		return topo.Place{}
	}
	p := c.rows[len(c.rows)-1].place()
	return topo.Place{File: p.File, Line: p.Line + 1, Column: 1, Start: p.End, End: p.End}
}
