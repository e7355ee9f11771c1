package envoy

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// knobs are Envoy's own words.
func knobs() map[vocab.Knob]string {
	return map[vocab.Knob]string{
		vocab.ConnectTimeout: "connect_timeout", vocab.ReadTimeout: "timeout", vocab.KeepaliveTimeout: "idle_timeout", vocab.Retries: "num_retries", vocab.NextUpstream: "retry_on",
		vocab.TLSVerify: "validation_context", vocab.TLSTrusted: "trusted_ca", vocab.TLSServerName: "sni", vocab.TLSName: "match_typed_subject_alt_names", vocab.TLSProtocols: "tls_params",
		vocab.TLSCertificate: "tls_certificates", vocab.Target: "load_assignment", vocab.HealthCheck: "health_checks", vocab.CircuitBreaker: "circuit_breakers",
		vocab.ServerConnections: "max_connections", vocab.HeaderBuffer: "max_response_headers_kb", vocab.LimitRequests: "token_bucket", vocab.ClientTimeout: "stream_idle_timeout",
		vocab.RequestTimeout: "request_timeout",
	}
}

// spell writes a setting as YAML.
func spell(directive, value string) string { return directive + ": " + value }

// span puts a time into settings, the default where it is not written.
func span(out topo.Settings, k vocab.Knob, n *tree.Node, name string, otherwise float64) {
	v := topo.Setting{Knob: k, Directive: name, Value: strconv.FormatFloat(otherwise, 'f', -1, 64) + "s", Number: otherwise, Default: true}
	if t := n.Get(name); t != nil && t.Kind == tree.Scalar {
		v.Value, v.Number, v.Default, v.Place = t.Text, t.Seconds(otherwise), false, t.Pair
	}
	if v.Number == 0 {
		delete(out, k) // no limit
		return
	}
	out[k] = v
}

func httpSettings(out topo.Settings, http *tree.Node) {
	span(out, vocab.ClientTimeout, http, "stream_idle_timeout", 300)
	span(out, vocab.RequestTimeout, http, "request_timeout", 0)
}

// routeSettings are those of a route, or of its virtual host.
func routeSettings(out topo.Settings, action, vh *tree.Node) {
	span(out, vocab.ReadTimeout, action, "timeout", 15)
	retry := action.Get("retry_policy")
	if retry == nil {
		retry = vh.Get("retry_policy")
	}
	if retry == nil {
		return
	}
	out[vocab.NextUpstream] = topo.Setting{Knob: vocab.NextUpstream, Directive: "retry_on", Value: retry.Str("retry_on"), Place: retry.At}
	n := retry.Int(retry.Int(1, "num_retries", "value"), "num_retries")
	out[vocab.Retries] = topo.Setting{Knob: vocab.Retries, Directive: "num_retries", Value: strconv.Itoa(n), Number: float64(n), Place: retry.At}
	if t := retry.Get("per_try_timeout"); t.Seconds(0) > 0 && (out[vocab.ReadTimeout].Number == 0 || t.Seconds(0) < out[vocab.ReadTimeout].Number) {
		span(out, vocab.ReadTimeout, retry, "per_try_timeout", 0)
	}
}

// clusterSettings are those of a cluster.
func clusterSettings(out topo.Settings, x *cluster) {
	span(out, vocab.ConnectTimeout, x.node, "connect_timeout", 5)
	options := x.node.Get("typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "common_http_protocol_options")
	if options == nil {
		options = x.node.Get("common_http_protocol_options")
	}
	span(out, vocab.KeepaliveTimeout, options, "idle_timeout", 3600)
	out[vocab.KeepaliveCount] = topo.Setting{Knob: vocab.KeepaliveCount, Directive: "max_connections", Value: "1024", Number: 1024, Default: true}
	if options.Int(x.node.Int(0, "max_requests_per_connection"), "max_requests_per_connection") == 1 {
		delete(out, vocab.KeepaliveCount)
	}
	out[vocab.HeaderBuffer] = topo.Setting{Knob: vocab.HeaderBuffer, Directive: "max_response_headers_kb", Value: "60k", Number: 60 << 10, Default: true}
	if kb := options.Int(0, "max_response_headers_kb"); kb > 0 {
		v := options.Get("max_response_headers_kb")
		out[vocab.HeaderBuffer] = topo.Setting{Knob: vocab.HeaderBuffer, Directive: "max_response_headers_kb", Value: v.Text, Number: float64(kb << 10), Place: v.Pair}
	}
	for _, t := range x.node.List("circuit_breakers", "thresholds") {
		if p := t.Str("priority"); p != "" && !strings.EqualFold(p, "DEFAULT") {
			continue
		}
		var words []string
		t.Each(func(k string, v *tree.Node) {
			if v.Kind == tree.Scalar && k != "priority" {
				words = append(words, k+" "+v.Text)
			}
		})
		if len(words) > 0 {
			out[vocab.CircuitBreaker] = topo.Setting{Knob: vocab.CircuitBreaker, Directive: "circuit_breakers", Value: strings.Join(words, ", "), Place: t.At}
		}
		if n := t.Int(0, "max_connections"); n > 0 {
			out[vocab.ServerConnections] = topo.Setting{Knob: vocab.ServerConnections, Directive: "max_connections", Value: strconv.Itoa(n), Number: float64(n), Place: t.Get("max_connections").Pair}
		}
	}
	for _, h := range x.node.List("health_checks") {
		if _, ok := out[vocab.HealthCheck]; !ok {
			out[vocab.HealthCheck] = topo.Setting{Knob: vocab.HealthCheck, Directive: "health_checks", Value: strings.TrimSpace("GET " + h.Str("http_health_check", "path")), Place: h.At}
		}
	}
	tlsSettings(out, x)
}

// tlsSettings are how TLS is opened to the hosts. A certificate is judged only
// where an authority is named, and its name only where that is asked for
// (extensions/transport_sockets/tls).
func tlsSettings(out topo.Settings, x *cluster) {
	t := x.tls()
	if t == nil {
		return
	}
	common := t.Get("common_tls_context")
	v := common.Get("validation_context")
	if v == nil {
		v = common.Get("combined_validation_context", "default_validation_context")
	}
	set := func(k vocab.Knob, directive, value string, number float64, at *tree.Node) {
		s := topo.Setting{Knob: k, Directive: directive, Value: value, Number: number, Default: at == nil}
		if at != nil {
			s.Place = at.Pair
		}
		out[k] = s
	}
	ca := v.Get("trusted_ca")
	set(vocab.TLSVerify, "validation_context", ca.Str("filename"), float64(map[bool]int{true: 1}[ca != nil]), ca)
	if f := ca.Str("filename"); f != "" {
		set(vocab.TLSTrusted, "trusted_ca", f, 0, ca)
	}
	name := ""
	for _, k := range []string{"match_typed_subject_alt_names", "match_subject_alt_names", "verify_subject_alt_name"} {
		for _, m := range v.List(k) {
			if name == "" {
				name = m.Str("matcher", "exact") + m.Str("exact") + m.Str()
			}
		}
	}
	set(vocab.TLSName, "match_typed_subject_alt_names", name, 0, v)
	set(vocab.TLSCheckName, "match_typed_subject_alt_names", name, float64(map[bool]int{true: 1}[name != ""]), v)
	sni := t.Get("sni")
	set(vocab.TLSServerName, "sni", sni.Str(), float64(map[bool]int{true: 1}[sni.Str() != ""]), sni)
	if sni.Str() != "" && name == "" {
		set(vocab.TLSName, "sni", sni.Str(), 0, sni)
	}
	for _, c := range common.List("tls_certificates") {
		if f := c.Str("certificate_chain", "filename"); f != "" {
			set(vocab.TLSCertificate, "certificate_chain", f, 0, c)
			set(vocab.TLSCertificateKey, "private_key", c.Str("private_key", "filename"), 0, c)
		}
	}
	p := common.Get("tls_params")
	low, high := version(p.Str("tls_minimum_protocol_version"), 2), version(p.Str("tls_maximum_protocol_version"), 3)
	if p != nil && low <= high {
		var words []string
		for i := low; i <= high; i++ {
			words = append(words, "TLSv1."+strconv.Itoa(i))
		}
		set(vocab.TLSProtocols, "tls_params", strings.Join(words, " "), 0, p)
	}
}

// version is the minor number in "TLSv1_2".
func version(text string, otherwise int) int {
	n, err := strconv.Atoi(text[strings.LastIndexByte(text, '_')+1:])
	if err != nil || n > 3 {
		return otherwise
	}
	return n
}
