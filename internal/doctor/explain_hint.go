package doctor

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// hint is something that single words of a configuration show, of whatever
// product it is: people paste the piece that they hold to be at fault.
type hint struct {
	fact  vocab.Fact
	words []string // lower case; one of them is enough
}

var hints = []hint{
	{vocab.TargetProtocolNamed, []string{
		"h2c", "grpc_pass", "grpc://", "scheme: https", "scheme=https", "scheme: h2", "backend-protocol", "backend_protocol", "backendprotocol", "appprotocol", "insecure_skip_verify",
		"insecureskipverify", "tls_insecure_skip_verify", "transport http {", "proxy_pass https://", "balancermember https://", "proxypass / https://", "reverse_proxy https://", "proxy / https://",
		"originprotocolpolicy", "notlsverify", "originservername", "ssl verify", "sslproxyengine", "http2protocoloptions", "http2_protocol_options", "transport_socket", "service: https://",
		"proxy_protocol", "proxy-protocol", "proxyprotocol", "send-proxy",
	}},
	{vocab.NetworksNamed, []string{"networks:", "docker.network", "ingress_networks", "--network", "network_mode", "docker network"}},
	{vocab.CheckConfigured, []string{
		"httpchk", "health_uri", "health_path", "health_check", "health-check", "healthcheck", "health_checks", ".probe", "probe ", "readinessprobe", "livenessprobe", "hcuri", "hcmethod",
	}},
	{vocab.TimeoutConfigured, []string{
		"proxy_read_timeout", "fastcgi_read_timeout", "uwsgi_read_timeout", "grpc_read_timeout", "timeout server", "proxytimeout", "timeout=", "timeout:", "_timeout", "requesttimeout", "responseheadertimeout", "timeout ",
	}},
	{vocab.KeepaliveNamed, []string{"keepalive 1", "keepalive 2", "keepalive 3", "keepalive 4", "keepalive 5", "keepalive 6", "keepalive 8", "keepalive_timeout", "keepalive_requests", "upstream-keepalive", "http-reuse", "maxidleconns", "disablereuse=off"}},
	{vocab.KeepaliveUsed, []string{
		"keepalive", "keep-alive", "keep_alive", "disablereuse=off", "http-reuse", "maxidleconns", "idle_timeout", "idletimeout", "upstream-keepalive",
	}},
}

// hinted says what the words of a configuration show. Comments are no
// configuration.
func (e *explaining) hinted(add func(fact vocab.Fact, subject, value, where string)) {
	text := strings.ToLower(uncommented(string(e.opts.ConfigText)))
	for _, h := range hints {
		for _, w := range h.words {
			if i := strings.Index(text, w); i >= 0 {
				add(h.fact, e.route, lineAt(text, i), snippetPath)
				break
			}
		}
	}
	if i := loopbackBind(text); i >= 0 && !isLoopback(e.endpoint) {
		add(vocab.BindsLoopback, e.route, lineAt(text, i), snippetPath)
	}
}

// uncommented drops what stands behind # and // at the beginning of lines, unless
// nothing else is there: people comment what they quote from memory.
func uncommented(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		t := strings.TrimSpace(line)
		if t == "" || strings.HasPrefix(t, "#") || strings.HasPrefix(t, "//") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// loopbackBind looks for an application that is told to listen on 127.0.0.1 or
// localhost: in a line that speaks of listening, binding or an own address.
func loopbackBind(text string) int {
	for _, host := range []string{"127.0.0.1", "\"localhost\"", "'localhost'", " localhost"} {
		i := strings.Index(text, host)
		if i < 0 {
			continue
		}
		line := lineAt(text, i)
		for _, w := range []string{"listen", "bind", "host", "addr", "-b ", "inbound"} {
			if strings.Contains(line, w) && !strings.Contains(line, "proxy") && !strings.Contains(line, "server ") {
				return i
			}
		}
	}
	return -1
}

func isLoopback(endpoint string) bool {
	return strings.HasPrefix(endpoint, "127.") || strings.HasPrefix(endpoint, "localhost") || strings.HasPrefix(endpoint, "[::1]") || strings.HasPrefix(endpoint, "unix:") || strings.HasPrefix(endpoint, "/")
}

// lineAt returns the line of text that holds position i, without its indent.
func lineAt(text string, i int) string {
	from := strings.LastIndexByte(text[:i], '\n') + 1
	line, _, _ := strings.Cut(text[from:], "\n")
	return strings.TrimSpace(clip(line, 120))
}

// timed says how long the connection lasted that broke: at once, or after a while
// of work.
func timed(seconds float64) (vocab.Fact, bool) {
	switch {
	case seconds < 0:
		return "", false
	case seconds < 0.05: // a round trip and a half within a site
		return vocab.FailsAtOnce, true
	case seconds >= 1:
		return vocab.CutAfterWait, true
	}
	return "", false
}

// behind turns what a program says about what it asks into what it is when a
// gateway's own failure stands beside it: a dependency of the application.
func behind(fact vocab.Fact) vocab.Fact {
	switch fact {
	case vocab.GatewayRefused, vocab.GatewayConnectTimeout, vocab.GatewayUnroutable, vocab.GatewayHostUnreachable, vocab.GatewayNameNotFound, vocab.GatewayResolverSilent, vocab.GatewayReadTimeout,
		vocab.GatewayClosedEarly, vocab.GatewayResetEarly, vocab.GatewayCertificateRejected, vocab.GatewayTLSClosed, vocab.GatewayNoLiveUpstream:
		return vocab.AppDependencyFailed
	}
	return fact
}
