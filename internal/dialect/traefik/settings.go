package traefik

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// knobs are Traefik's own words, from the top of a servers transport or of the
// static configuration.
func knobs() map[vocab.Knob]string {
	return map[vocab.Knob]string{
		vocab.ConnectTimeout: "serversTransport.forwardingTimeouts.dialTimeout", vocab.ReadTimeout: "serversTransport.forwardingTimeouts.responseHeaderTimeout",
		vocab.KeepaliveTimeout: "serversTransport.forwardingTimeouts.idleConnTimeout", vocab.KeepaliveCount: "serversTransport.maxIdleConnsPerHost",
		vocab.TLSVerify: "serversTransport.insecureSkipVerify", vocab.TLSTrusted: "serversTransport.rootCAs", vocab.TLSName: "serversTransport.serverName",
		vocab.TLSServerName: "serversTransport.serverName", vocab.TLSCertificate: "serversTransport.certificates", vocab.TLSProtocols: "serversTransport.minVersion",
		vocab.Target: "loadBalancer.servers.url", vocab.HealthCheck: "loadBalancer.healthCheck", vocab.NextUpstreamTries: "middlewares.retry.attempts",
		vocab.LimitRequests: "middlewares.rateLimit", vocab.LimitConnections: "middlewares.inFlightReq", vocab.RequestBodyLimit: "middlewares.buffering.maxRequestBodyBytes",
		vocab.RequestTimeout: "entryPoints.transport.respondingTimeouts.readTimeout", vocab.ClientTimeout: "entryPoints.transport.respondingTimeouts.idleTimeout",
		vocab.RequestHeaderBuffer: "entryPoints.http.maxHeaderBytes",
	}
}

// spell writes a setting as YAML.
func spell(directive, value string) string {
	if i := strings.LastIndexByte(directive, '.'); i >= 0 && strings.Count(directive, ".") == 1 && strings.HasPrefix(directive, "middlewares") {
		directive = directive[i+1:]
	}
	return directive + ": " + value
}

// reader puts values of one part of the configuration into settings.
type reader struct {
	out topo.Settings
	n   *tree.Node
}

// set puts a value, the default where it is not written. scale is for what is
// written in other units.
func (r reader) set(k vocab.Knob, otherwise float64, span bool, names ...string) {
	v := topo.Setting{Knob: k, Directive: strings.Join(names, "."), Value: strconv.FormatFloat(otherwise, 'f', -1, 64), Number: otherwise, Default: true}
	if span && otherwise != 0 {
		v.Value += "s"
	}
	if n := r.n.Get(names...); n != nil && n.Kind == tree.Scalar {
		v.Value, v.Default, v.Place = n.Text, false, n.Pair
		if span {
			v.Number = n.Seconds(otherwise)
		} else {
			v.Number = float64(n.Int(int(otherwise)))
		}
		v.Directive = names[len(names)-1]
		if n.Pair.File == "" {
			v.Directive = strings.Join(names, ".")
		}
	}
	if v.Number != 0 || !v.Default {
		r.out[k] = v
	}
}

// pointSettings are those of an entry point.
func (c *config) pointSettings(out topo.Settings, p *point) {
	r := reader{out, p.node}
	r.set(vocab.RequestTimeout, 60, true, "transport", "respondingTimeouts", "readTimeout")
	r.set(vocab.ClientTimeout, 180, true, "transport", "respondingTimeouts", "idleTimeout")
	r.set(vocab.RequestHeaderBuffer, 1<<20, false, "http", "maxHeaderBytes")
}

// serviceSettings are those for the servers of a service: its transport's.
func (c *config) serviceSettings(out topo.Settings, s *object) {
	n, idle := c.static.Get("serversTransport"), 200.0
	if name := s.node.Str("loadBalancer", "serversTransport"); name != "" {
		idle = 2 // http.DefaultMaxIdleConnsPerHost
		n = nil
		if t, ok := c.transports[qualified(name, s)]; ok {
			n = t.node
		}
	}
	r := reader{out, n}
	r.set(vocab.ConnectTimeout, 30, true, "forwardingTimeouts", "dialTimeout")
	r.set(vocab.ReadTimeout, 0, true, "forwardingTimeouts", "responseHeaderTimeout")
	if out[vocab.ReadTimeout].Number == 0 {
		delete(out, vocab.ReadTimeout) // no limit
	}
	r.set(vocab.KeepaliveTimeout, 90, true, "forwardingTimeouts", "idleConnTimeout")
	r.set(vocab.KeepaliveCount, idle, false, "maxIdleConnsPerHost")
	if v, ok := out[vocab.KeepaliveCount]; ok && v.Number == 0 {
		v.Number, v.Value = 2, "2"
		out[vocab.KeepaliveCount] = v
	}
	// net/http: Transport.MaxResponseHeaderBytes.
	out[vocab.HeaderBuffer] = topo.Setting{Knob: vocab.HeaderBuffer, Value: "10m", Number: 10 << 20, Default: true}
	c.tlsSettings(out, n, s)
	if h := s.node.Get("loadBalancer", "healthCheck"); present(h) {
		what := strings.TrimSpace(h.Str("method") + " " + h.Str("path"))
		if p := h.Str("port"); p != "" {
			what += " at port " + p
		}
		out[vocab.HealthCheck] = topo.Setting{Knob: vocab.HealthCheck, Directive: "healthCheck", Value: what, Place: h.Pair}
	}
}

// tlsSettings are how TLS is opened to the servers. Without a name of its own the
// transport sends and judges that of the URL, and sends none where that is an
// address (crypto/tls).
func (c *config) tlsSettings(out topo.Settings, n *tree.Node, s *object) {
	verify := topo.Setting{Knob: vocab.TLSVerify, Directive: "insecureSkipVerify", Value: "false", Number: 1, Default: true}
	if v := n.Get("insecureSkipVerify"); v != nil {
		verify.Value, verify.Default, verify.Place = v.Text, false, v.Pair
		if v.On(false) {
			verify.Number = 0
		}
	}
	out[vocab.TLSVerify] = verify
	name := topo.Setting{Knob: vocab.TLSName, Directive: "serverName", Default: true}
	if servers := s.node.List("loadBalancer", "servers"); len(servers) > 0 {
		if e, ok := endpoint(servers[0]); ok {
			name.Value = e.Host
		}
	}
	if v := n.Get("serverName"); v.Str() != "" {
		name.Value, name.Default, name.Place = v.Str(), false, v.Pair
	}
	out[vocab.TLSName] = name
	sent := name
	sent.Knob, sent.Number = vocab.TLSServerName, 1
	if (topo.Endpoint{Network: "tcp", Host: name.Value}).IsName() == false {
		sent.Value, sent.Number = "", 0
	}
	out[vocab.TLSServerName] = sent
	if v := n.Get("rootCAs"); v != nil {
		if files := n.Strs("rootCAs"); len(files) > 0 && strings.HasPrefix(files[0], "/") {
			out[vocab.TLSTrusted] = topo.Setting{Knob: vocab.TLSTrusted, Directive: "rootCAs", Value: files[0], Place: v.Pair}
		}
	}
	if list := n.List("certificates"); len(list) > 0 && strings.HasPrefix(list[0].Str("certFile"), "/") {
		out[vocab.TLSCertificate] = topo.Setting{Knob: vocab.TLSCertificate, Directive: "certFile", Value: list[0].Str("certFile"), Place: list[0].At}
		out[vocab.TLSCertificateKey] = topo.Setting{Knob: vocab.TLSCertificateKey, Directive: "keyFile", Value: list[0].Str("keyFile"), Place: list[0].At}
	}
}

// middlewareSettings are those that a middleware sets.
func (c *config) middlewareSettings(out topo.Settings, kind string, n *tree.Node) {
	put := func(k vocab.Knob, directive, value string, number float64) {
		out[k] = topo.Setting{Knob: k, Directive: directive, Value: value, Number: number, Place: n.Pair}
	}
	switch kind {
	case "ratelimit":
		put(vocab.LimitRequests, "rateLimit", n.Str("average"), float64(n.Int(0, "average")))
	case "inflightreq":
		put(vocab.LimitConnections, "inFlightReq", n.Str("amount"), float64(n.Int(0, "amount")))
	case "retry":
		put(vocab.NextUpstreamTries, "attempts", n.Str("attempts"), float64(n.Int(0, "attempts")))
	case "buffering":
		if v := n.Str("maxRequestBodyBytes"); v != "" {
			put(vocab.RequestBodyLimit, "maxRequestBodyBytes", v, float64(n.Int(0, "maxRequestBodyBytes")))
		}
	case "circuitbreaker":
		put(vocab.CircuitBreaker, "circuitBreaker", n.Str("expression"), 0)
	}
}
