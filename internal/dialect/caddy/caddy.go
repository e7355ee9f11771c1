// Package caddy knows Caddy 2: its processes, its configuration as the running
// instance tells it and as a Caddyfile or JSON has it, and its logs: JSON and
// console lines of requests, errors and health checks.
package caddy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Caddy.
var Dialect = dialect.Dialect{
	Name:         "caddy",
	Doc:          "Caddy: processes, what the admin API tells and the Caddyfile or JSON on disk, its access and error log, and what it says about health checks.",
	Repeats:      true, // http.Transport does (shouldRetryRequest in net/http/transport.go)
	Recognise:    recognise,
	Worker:       func(_, _ dialect.Process) (takes, draining bool) { return false, false }, // it has none: its children are commands
	VersionMarks: []string{"\tgithub.com/caddyserver/caddy/v2\tv"},
	Config:       Config,
	Logs:         Logs,
	Knobs:        knobs,
	Spell:        spell,
	Dials:        func(address string) string { return strings.Replace(address, "unix:", "unix/", 1) },
	ConfigTest:   func(l dialect.Launch) []string { return command(l, "validate") },
	Reload:       reload,
}

// knobs spells the knobs that have a word of their own.
var knobs = map[vocab.Knob]string{
	vocab.ConnectTimeout: "dial_timeout", vocab.ReadTimeout: "response_header_timeout", vocab.SendTimeout: "write_timeout", vocab.HeaderBuffer: "max_response_header",
	vocab.KeepaliveCount: "keepalive_idle_conns_per_host", vocab.KeepaliveTimeout: "keepalive", vocab.NextUpstreamTimeout: "lb_try_duration", vocab.NextUpstreamTries: "lb_retries",
	vocab.TLSVerify: "tls_insecure_skip_verify", vocab.TLSTrusted: "tls_trusted_ca_certs", vocab.TLSName: "tls_server_name", vocab.TLSServerName: "tls_server_name",
	vocab.TLSCertificate: "tls_client_auth", vocab.RequestBodyLimit: "max_size", vocab.RequestHeaderBuffer: "max_header_size", vocab.ServerConnections: "unhealthy_request_count",
	vocab.HealthCheck: "health_uri", vocab.ProxyHeaderSend: "proxy_protocol", vocab.ClientTimeout: "read_body", vocab.RequestTimeout: "read_header", vocab.Target: "reverse_proxy",
}
