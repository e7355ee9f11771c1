package haproxy

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// span reads a time as HAProxy writes it: digits and a unit, milliseconds
// where there is none (parse_time_err, src/tools.c).
func span(text string, bare float64) (float64, bool) {
	i := 0
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	n, err := strconv.ParseFloat(text[:i], 64)
	if err != nil {
		return 0, false
	}
	unit, ok := map[string]float64{"": bare, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}[text[i:]]
	return n * unit, ok
}

// settings are the knobs in force for requests from a frontend to a backend and
// one of its servers, each of which may be nil.
func (c *config) settings(front, back *proxy, s *server) topo.Settings {
	out := topo.Settings{}
	c.globals(out)
	if front != nil {
		c.frontSettings(out, front)
	}
	if back != nil {
		c.backSettings(out, back)
	}
	if s != nil {
		c.serverSettings(out, back, s)
	}
	return out
}

func (c *config) globals(out topo.Settings) {
	var insert topo.Place
	if c.global.last != nil {
		insert = c.global.insert()
	}
	number := func(k vocab.Knob, directive string, by float64) {
		v := topo.Setting{Knob: k, Directive: directive, Number: by, Default: true, Insert: insert}
		if r := c.global.find(directive); r != nil {
			if n, err := strconv.ParseFloat(r.arg(1), 64); err == nil {
				v.Value, v.Number, v.Default, v.Place = r.arg(1), n, false, r.place()
			}
		}
		if v.Number > 0 {
			out[k] = v
		}
	}
	number(vocab.WorkerConnections, "maxconn", 0)
	number(vocab.WorkerFiles, "ulimit-n", 0)
	number(vocab.WorkerProcesses, "nbthread", 0)
	// A response header must fit into a buffer, without what is kept free in it
	// for rewriting (http_hdrs and htx: tune.bufsize less tune.maxrewrite).
	size, rewrite := 16384.0, 1024.0
	v := topo.Setting{Knob: vocab.HeaderBuffer, Directive: "tune.bufsize", Value: "16384", Default: true, Insert: insert}
	if r := c.global.find("tune.bufsize"); r != nil && atoi(r.arg(1)) > 0 {
		size = float64(atoi(r.arg(1)))
		v.Value, v.Default, v.Place = r.arg(1), false, r.place()
	}
	if r := c.global.find("tune.maxrewrite"); r != nil && atoi(r.arg(1)) > 0 {
		rewrite = float64(atoi(r.arg(1)))
	}
	v.Number = size - min(rewrite, size/2)
	out[vocab.HeaderBuffer] = v
	if r := c.global.find("user"); r != nil {
		out[vocab.WorkerUser] = topo.Setting{Knob: vocab.WorkerUser, Directive: "user", Value: r.arg(1), Place: r.place(), Insert: insert}
	}
}

// timeout finds the value of a kind of timeout in a proxy.
func timeout(out topo.Settings, x *proxy, k vocab.Knob, kind, old string) {
	v := topo.Setting{Knob: k, Directive: "timeout " + kind, Default: true, Insert: x.insert()}
	for _, r := range x.all() {
		value := ""
		switch {
		case r.begins("timeout", kind):
			value = r.arg(2)
		case old != "" && r.begins(old):
			value = r.arg(1)
		default:
			continue
		}
		if n, ok := span(value, 1e-3); ok {
			v.Value, v.Number, v.Default, v.Place = value, n, false, r.place()
		}
	}
	if !v.Default {
		out[k] = v
	}
}

func (c *config) frontSettings(out topo.Settings, x *proxy) {
	timeout(out, x, vocab.ClientTimeout, "client", "clitimeout")
	timeout(out, x, vocab.RequestTimeout, "http-request", "")
	timeout(out, x, vocab.ClientKeepalive, "http-keep-alive", "")
	// Where it has no limit of its own, that of a request counts, then the
	// client's (configuration manual, "timeout http-keep-alive").
	for _, k := range []vocab.Knob{vocab.RequestTimeout, vocab.ClientTimeout} {
		if v, ok := out[k]; ok && out[vocab.ClientKeepalive].Directive == "" {
			v.Knob, v.Default = vocab.ClientKeepalive, true
			out[vocab.ClientKeepalive] = v
		}
	}
	if r := x.find("maxconn"); r != nil {
		n := float64(atoi(r.arg(1)))
		out[vocab.WorkerConnections] = topo.Setting{Knob: vocab.WorkerConnections, Directive: "maxconn", Value: r.arg(1), Number: n, Place: r.place(), Insert: x.insert()}
	}
}

func (c *config) backSettings(out topo.Settings, x *proxy) {
	timeout(out, x, vocab.ConnectTimeout, "connect", "contimeout")
	timeout(out, x, vocab.ReadTimeout, "server", "srvtimeout")
	timeout(out, x, vocab.QueueTimeout, "queue", "")
	if v, ok := out[vocab.ConnectTimeout]; ok && out[vocab.QueueTimeout].Directive == "" {
		v.Knob, v.Default = vocab.QueueTimeout, true // a queue without a limit of its own takes this one
		out[vocab.QueueTimeout] = v
	}
	retries := topo.Setting{Knob: vocab.Retries, Directive: "retries", Value: "3", Number: 3, Default: true, Insert: x.insert()}
	if r := x.find("retries"); r != nil {
		retries.Value, retries.Number, retries.Default, retries.Place = r.arg(1), float64(atoi(r.arg(1))), false, r.place()
	}
	out[vocab.Retries] = retries
	next := topo.Setting{Knob: vocab.NextUpstream, Directive: "option redispatch", Default: true, Insert: x.insert()}
	if on, at := x.option("redispatch"); at != nil {
		next.Default, next.Number, next.Place = false, float64(order(on)), at.place()
	}
	out[vocab.NextUpstream] = next
	reuse := topo.Setting{Knob: vocab.KeepaliveCount, Directive: "http-reuse", Value: "safe", Number: 1, Default: true, Insert: x.insert()}
	if r := x.find("http-reuse"); r != nil {
		reuse.Value, reuse.Default, reuse.Place = r.arg(1), false, r.place()
	}
	for _, o := range []string{"httpclose", "http-server-close"} {
		if on, at := x.option(o); on {
			reuse.Value, reuse.Number, reuse.Default, reuse.Place, reuse.Directive = "", 0, false, at.place(), "option "+o
		}
	}
	if x.mode == "tcp" || reuse.Value == "never" {
		reuse.Number = 0
	}
	out[vocab.KeepaliveCount] = reuse
	out[vocab.KeepaliveTimeout] = topo.Setting{Knob: vocab.KeepaliveTimeout, Directive: "pool-purge-delay", Value: "5s", Number: 5, Default: true}
	c.checkSetting(out, x)
}

// checkSetting says what health checks ask.
func (c *config) checkSetting(out topo.Settings, x *proxy) {
	var words []string
	var at *row
	for _, r := range x.all() {
		switch {
		case r.begins("option", "httpchk"), r.begins("http-check", "send"), r.begins("http-check", "expect"), r.begins("option", "tcp-check"), r.begins("option", "ssl-hello-chk"):
			words, at = append(words, strings.Join(r.args(1), " ")), r
		}
	}
	if at != nil {
		out[vocab.HealthCheck] = topo.Setting{Knob: vocab.HealthCheck, Directive: "http-check", Value: strings.Join(words, "; "), Place: at.place(), Insert: x.insert()}
	}
}

// serverSettings says how a server is spoken to.
func (c *config) serverSettings(out topo.Settings, x *proxy, s *server) {
	set := func(k vocab.Knob, directive, value string, n float64) {
		out[k] = topo.Setting{Knob: k, Directive: directive, Value: value, Number: n, Default: value == "", Place: s.row.place()}
	}
	if s.MaxConns > 0 {
		set(vocab.ServerConnections, "maxconn", strconv.Itoa(s.MaxConns), float64(s.MaxConns))
	}
	if s.proxy {
		set(vocab.ProxyHeaderSend, "send-proxy", "on", 1)
	}
	if !s.tls {
		return
	}
	set(vocab.TLSVerify, "verify", s.verify, float64(order(c.verifies(*s))))
	set(vocab.TLSTrusted, "ca-file", s.ca, 0)
	name, sends := c.serverName(x, *s)
	set(vocab.TLSServerName, "sni", name, float64(order(sends)))
	verified := s.host
	if verified == "" {
		verified = name
	}
	set(vocab.TLSName, "verifyhost", verified, 0)
	set(vocab.TLSProtocols, "ssl-min-ver", protocols(s.versions), 0)
	if s.crt != "" {
		set(vocab.TLSCertificate, "crt", s.crt, 0)
		set(vocab.TLSCertificateKey, "crt", s.crt, 0)
	}
}

// verifies reports whether a server's certificate is judged. It is, unless the
// configuration says otherwise.
func (c *config) verifies(s server) bool {
	if s.verify != "" {
		return s.verify != "none"
	}
	r := c.global.find("ssl-server-verify")
	return r == nil || r.arg(1) != "none"
}

// serverName returns the name that the sni expression of a server sends, where
// it is a constant.
func (c *config) serverName(x *proxy, s server) (name string, sends bool) {
	if s.sni == "" {
		return "", false
	}
	if v, ok := strings.CutPrefix(s.sni, "str("); ok {
		return strings.TrimSuffix(v, ")"), true
	}
	return "", true // of the request: filled in when it is known
}

// protocols spells a range of versions as the list that other products write.
func protocols(v [2]string) string {
	if v[0] == "" && v[1] == "" {
		return ""
	}
	all := []string{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	from, to := 2, 3 // TLS 1.2 is the least that OpenSSL's own settings leave
	for i, name := range all {
		if name == v[0] {
			from = i
		}
		if name == v[1] {
			to = i
		}
	}
	if from > to {
		from = to
	}
	list := strings.Join(all[from:to+1], " ")
	return strings.Replace(list, "TLSv1.0", "TLSv1", 1)
}

// knobs spells the knobs that have a word of their own.
func knobs() map[vocab.Knob]string {
	return map[vocab.Knob]string{
		vocab.ConnectTimeout: "timeout connect", vocab.ReadTimeout: "timeout server", vocab.QueueTimeout: "timeout queue", vocab.ClientTimeout: "timeout client",
		vocab.RequestTimeout: "timeout http-request", vocab.ClientKeepalive: "timeout http-keep-alive", vocab.Retries: "retries", vocab.NextUpstream: "option redispatch", vocab.HeaderBuffer: "tune.bufsize",
		vocab.KeepaliveCount: "http-reuse", vocab.KeepaliveTimeout: "pool-purge-delay", vocab.WorkerConnections: "maxconn", vocab.ServerConnections: "maxconn",
		vocab.WorkerFiles: "ulimit-n", vocab.WorkerProcesses: "nbthread", vocab.WorkerUser: "user", vocab.HealthCheck: "http-check", vocab.TLSVerify: "verify",
		vocab.TLSTrusted: "ca-file", vocab.TLSName: "verifyhost", vocab.TLSServerName: "sni", vocab.TLSCertificate: "crt", vocab.ProxyHeaderSend: "send-proxy",
		vocab.ResolverServers: "nameserver", vocab.ResolverValid: "hold valid", vocab.ResolverTimeout: "timeout resolve", vocab.Target: "server",
	}
}

// spell writes the line that sets a directive.
func spell(directive, value string) string {
	if directive == "tune.bufsize" || directive == "maxconn" {
		value = plainNumber(value) // it takes no unit
	}
	return strings.TrimSpace(directive + " " + value)
}

func plainNumber(value string) string {
	by := 1
	switch {
	case strings.HasSuffix(value, "k"):
		by = 1 << 10
	case strings.HasSuffix(value, "m"):
		by = 1 << 20
	}
	n, err := strconv.Atoi(strings.TrimRight(value, "km"))
	if err != nil {
		return value
	}
	return strconv.Itoa(n * by)
}
