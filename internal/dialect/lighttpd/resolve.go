package lighttpd

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
	l, ok := c.listener(req)
	if !ok {
		return d
	}
	d.Listener = l
	d.Site = c.site(req)
	d.Steps = []topo.Step{{Text: c.launch.Config, Place: c.blocks[0].at}}
	hold := c.hold(req, l, &d)
	d.Logs = c.logs(hold)
	d.Upstream = topo.Spoken{Method: req.Method, URI: req.Path, Version: "1.1"}
	if req.Query != "" {
		d.Upstream.URI += "?" + req.Query
	}
	host := req.Host
	if req.Port != 0 && req.Port != 80 {
		host += ":" + strconv.Itoa(req.Port)
	}
	d.Upstream.Header = []topo.Header{{Name: "Host", Value: host}, {Name: "X-Forwarded-For", Value: "127.0.0.1"}, {Name: "X-Host", Value: host}, {Name: "X-Forwarded-Proto", Value: "http"}}
	for _, key := range []string{"url.rewrite", "url.rewrite-once", "url.rewrite-final", "url.redirect"} {
		if v := c.merged(key, hold); v.kind == 'a' && len(v.array) > 0 {
			d.Doubts = append(d.Doubts, topo.Problem{Place: v.at, Text: key + " may send the request elsewhere"})
		}
	}
	modules := c.modules()
	for _, k := range kinds {
		if slices.Contains(modules, k.module) && c.passes(k, hold, req, &d) {
			return d
		}
	}
	d.Outcome = topo.Serves
	d.Steps = append(d.Steps, topo.Step{Text: "no handler is for " + req.Path + ": a file is served", Place: c.blocks[0].at})
	return d
}

// modules are those that are loaded, in order.
func (c *config) modules() (list []string) {
	for _, e := range c.global("server.modules").array {
		list = append(list, e.value.text)
	}
	return list
}

// passes finds the entry of a module that takes the request: a key that begins
// with a slash is the beginning of the path, another its end
// (gw_check_extension).
func (c *config) passes(k kind, hold []*block, req topo.Request, d *topo.Decision) bool {
	v := c.merged(k.key, hold)
	for _, e := range v.array {
		if strings.HasPrefix(e.key, "/") && !strings.HasPrefix(req.Path, e.key) || !strings.HasPrefix(e.key, "/") && !strings.HasSuffix(req.Path, e.key) {
			continue
		}
		f, ok := c.forward(k, e)
		if !ok {
			continue
		}
		d.Outcome, d.Forward = topo.Forwards, &f
		d.Steps = append(d.Steps, topo.Step{Text: f.Target, Place: f.Place})
		d.Settings = settings(e.value)
		if k.protocol != vocab.HTTP {
			c.params(k, hold, req, d)
		}
		return true
	}
	return false
}

// params are the variables that FastCGI gets.
func (c *config) params(k kind, hold []*block, req topo.Request, d *topo.Decision) {
	root := c.merged("server.document-root", hold).text
	d.Upstream.Params = []topo.Header{
		{Name: "GATEWAY_INTERFACE", Value: "CGI/1.1"}, {Name: "DOCUMENT_ROOT", Value: root}, {Name: "SCRIPT_NAME", Value: req.Path}, {Name: "SCRIPT_FILENAME", Value: root + req.Path},
		{Name: "REQUEST_URI", Value: d.Upstream.URI}, {Name: "REQUEST_METHOD", Value: "GET"}, {Name: "QUERY_STRING", Value: req.Query}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"},
		{Name: "REMOTE_ADDR", Value: "127.0.0.1"}, {Name: "SERVER_NAME", Value: req.Host}, {Name: "SERVER_PORT", Value: strconv.Itoa(req.Port)}, {Name: "HTTP_HOST", Value: req.Host},
	}
}

func (c *config) listener(req topo.Request) (topo.Listener, bool) {
	for _, l := range c.listeners {
		if l.Takes(req) {
			return l, true
		}
	}
	return topo.Listener{}, false
}

func (c *config) site(req topo.Request) (found topo.SiteName) {
	for _, n := range c.names() {
		if n.Kind == "exact" && n.Name == strings.ToLower(req.Host) {
			return n
		}
		if pattern, ok := strings.CutPrefix(n.Name, "~"); ok && n.Kind == "regex" && truth.Match(pattern, req.Host, false) == truth.Yes {
			found = n
		}
	}
	return found
}

// hold returns the blocks that hold for a request, the global one first.
func (c *config) hold(req topo.Request, l topo.Listener, d *topo.Decision) (list []*block) {
	known := map[*block]truth.Value{c.blocks[0]: truth.Yes}
	for _, b := range c.blocks {
		if b.cond != nil || b.up != nil {
			known[b] = c.holds(b, req, l, known)
		}
		if known[b] == truth.Yes {
			list = append(list, b)
			if b.cond != nil {
				d.Steps = append(d.Steps, topo.Step{Text: "$" + b.cond.of + "[\"" + b.cond.name + "\"] " + b.cond.op + " \"" + b.cond.text + "\" {", Place: b.cond.at})
			}
		}
		if known[b] == truth.Unknown && len(b.rows) > 0 && known[b.up] != truth.No {
			d.Doubts = append(d.Doubts, topo.Problem{Place: b.at, Text: "whether this condition holds is known only to the running gateway"})
		}
	}
	return list
}

func (c *config) holds(b *block, req topo.Request, l topo.Listener, known map[*block]truth.Value) truth.Value {
	if t := known[b.up]; t != truth.Yes {
		return t
	}
	for before := b.before; before != nil; before = before.before {
		switch known[before] {
		case truth.Yes:
			return truth.No
		case truth.Unknown:
			return truth.Unknown
		}
	}
	if b.cond == nil {
		return truth.Yes
	}
	subject, ok := asked(b.cond, req, l)
	if !ok {
		return truth.Unknown
	}
	t := truth.Unknown
	switch b.cond.op {
	case "==", "!=":
		t = truth.Of(subject == b.cond.text || b.cond.name == "host" && withoutPort(subject, b.cond.text))
		if b.cond.name == "socket" {
			t = truth.Of(slices.ContainsFunc(listener(b.cond.text, 0), func(x topo.Listener) bool { return x.Address == l.Address }))
		}
	case "=~", "!~":
		t = truth.Match(b.cond.text, subject, false)
	case "=^":
		t = truth.Of(strings.HasPrefix(subject, b.cond.text))
	case "=$":
		t = truth.Of(strings.HasSuffix(subject, b.cond.text))
	}
	if strings.HasPrefix(b.cond.op, "!") {
		return t.Not()
	}
	return t
}

// withoutPort reports whether a host is the one that a condition names without a
// port: lighttpd compares without it then (config_check_cond_nocache).
func withoutPort(host, name string) bool {
	h, _, ok := strings.Cut(host, ":")
	return ok && h == name
}

// asked is what a condition looks at.
func asked(c *condition, req topo.Request, l topo.Listener) (string, bool) {
	switch c.of + " " + c.name {
	case "SERVER socket":
		return l.Address, true
	case "HTTP host":
		host := strings.ToLower(req.Host)
		if req.Port != 0 && req.Port != 80 && req.Port != 443 {
			host += ":" + strconv.Itoa(req.Port)
		}
		return host, true
	case "HTTP url":
		return req.Path, true
	case "HTTP query-string", "HTTP querystring":
		return req.Query, true
	case "HTTP request-method":
		return req.Method, req.Method != ""
	case "HTTP scheme":
		if req.TLS {
			return "https", true
		}
		return "http", true
	}
	return "", false
}

// attributes of a host that have a knob, with their defaults in seconds; 0: no
// limit (gw_set_defaults_backend).
var attributes = []struct {
	knob  vocab.Knob
	name  string
	value float64
}{
	{vocab.ConnectTimeout, "connect-timeout", 8}, {vocab.ReadTimeout, "read-timeout", 0}, {vocab.SendTimeout, "write-timeout", 0},
}

// settings are the knobs in force for the hosts of an entry: those of the first.
func settings(v value) topo.Settings {
	out := topo.Settings{
		// The header must fit into 64 KiB (http_response_read).
		vocab.HeaderBuffer:   {Knob: vocab.HeaderBuffer, Directive: "response header", Value: "64k", Number: 65535, Default: true, Fixed: true},
		vocab.KeepaliveCount: {Knob: vocab.KeepaliveCount, Directive: "proxy.server", Default: true},
	}
	var first value
	if len(v.array) > 0 {
		first = v.array[0].value
	}
	for _, a := range attributes {
		s := topo.Setting{Knob: a.knob, Directive: a.name, Number: a.value, Default: true, Value: strconv.FormatFloat(a.value, 'f', -1, 64)}
		if w, ok := first.get(a.name); ok {
			s.Value, s.Number, s.Default, s.Place = w.text, float64(number(w.text)), false, w.at
		}
		if !s.Default || s.Number > 0 {
			out[a.knob] = s
		}
	}
	return out
}

// check looks for what keeps lighttpd from loading the configuration.
func (c *config) check() {
	for _, b := range c.blocks {
		for _, k := range kinds {
			v := c.merged(k.key, []*block{b})
			if v.kind != 0 && v.kind != 'a' {
				c.problems = append(c.problems, topo.Problem{Place: v.at, Text: k.key + " expects an array", Fatal: true})
			}
			if v.kind == 'a' && !slices.Contains(c.modules(), k.module) {
				c.problems = append(c.problems, topo.Problem{Place: v.at, Text: k.key + " is ignored: " + k.module + " is not loaded"})
			}
		}
	}
}
