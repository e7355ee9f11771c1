// Package nginx knows nginx: its processes, its configuration, its logs, and
// how it treats a request.
package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is nginx, with OpenResty, Angie and the others that read the same
// configuration.
var Dialect = dialect.Dialect{
	Name:      "nginx",
	Doc:       "nginx and its kin: processes, configuration as nginx itself reads it, error and access logs.",
	Recognise: recognise,
	Logs:      Logs,
	Format:    Format,
	Config:    Config,
	VersionMarks: []string{
		"nginx version: nginx/", "nginx version: openresty/", "nginx version: freenginx/", "Tengine version: Tengine/", "Angie version: Angie/",
	},
	Knobs:      knobs(),
	Words:      words,
	ConfigTest: func(l dialect.Launch) []string { return command(l, "-t") },
	Reload:     func(l dialect.Launch) []string { return command(l, "-s", "reload") },
}

// command returns the call of the program that runs, with the options that it
// was started with: another prefix is another nginx.
func command(l dialect.Launch, what ...string) []string {
	exe := l.Exe
	if exe == "" {
		exe = "nginx"
	}
	out := append([]string{exe}, what...)
	if l.Prefix != "" {
		out = append(out, "-p", strings.TrimSuffix(l.Prefix, "/")+"/")
	}
	if l.Config != "" {
		out = append(out, "-c", l.Config)
	}
	if l.Globals != "" {
		out = append(out, "-g", l.Globals)
	}
	return out
}

// knobs spells every knob for proxying HTTP; a decision's settings name the
// directive of the protocol that is spoken.
func knobs() map[vocab.Knob]string {
	out := map[vocab.Knob]string{
		vocab.KeepaliveCount:      "keepalive",
		vocab.KeepaliveTimeout:    "keepalive_timeout",
		vocab.ClientKeepalive:     "keepalive_timeout",
		vocab.KeepaliveRequests:   "keepalive_requests",
		vocab.ResolverServers:     "resolver",
		vocab.ResolverTimeout:     "resolver_timeout",
		vocab.ResolverValid:       "resolver",
		vocab.RequestBodyLimit:    "client_max_body_size",
		vocab.RequestHeaderBuffer: "large_client_header_buffers",
		vocab.WorkerProcesses:     "worker_processes",
		vocab.WorkerConnections:   "worker_connections",
		vocab.WorkerFiles:         "worker_rlimit_nofile",
		vocab.WorkerUser:          "user",
		vocab.LimitRequests:       "limit_req",
		vocab.LimitConnections:    "limit_conn",
		vocab.ProxyHeaderSend:     "proxy_protocol",
	}
	for _, s := range spelling(vocab.HTTPS, "", "") {
		out[s.knob] = s.directive
	}
	return out
}
