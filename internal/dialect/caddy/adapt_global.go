package caddy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/typo"
)

// defaultAdmin is where a running Caddy is asked and told (caddy.DefaultAdminListen).
const defaultAdmin = "localhost:2019"

// global reads the block of global options (options.go).
func (a *adapter) global(b *row) {
	for _, r := range b.block {
		switch r.name() {
		case "http_port":
			a.port(r, &a.httpPort)
		case "https_port":
			a.port(r, &a.httpsPort)
		case "admin":
			a.admin(r)
		case "auto_https":
			a.autoHTTPS = r.args(1)
		case "default_bind":
			a.bind = bindHosts(r)
		case "order":
			a.reorder(r)
		case "servers":
			a.servers = append(a.servers, r)
		case "log":
			name := r.arg(1)
			if name == "" {
				name = "default"
			}
			if a.logs.get(name) != nil {
				a.problems.Fatal(r.place(), "duplicate global log option for: %s", name)
			}
			a.logs.set(name, a.logger(r, "include", "exclude"))
		case "grace_period", "shutdown_delay":
			a.root.make("apps", "http").set(r.name(), a.time(r, 1))
		case "debug", "default_sni", "fallback_sni", "storage", "storage_clean_interval", "renew_interval", "ocsp_interval", "acme_ca", "acme_ca_root", "acme_dns", "acme_eab",
			"cert_issuer", "skip_install_trust", "email", "on_demand_tls", "local_certs", "key_type", "ocsp_stapling", "cert_lifetime", "preferred_chains", "persist_config",
			"pki", "events", "filesystem", "metrics", "dns", "ech", "layer4", "frankenphp", "dynamic_dns", "cache", "crowdsec", "security", "supervisor", "php", "tls_resolvers", "renewal_window_ratio":
		default:
			a.unrecognized(r, "global option", globalOptions)
		}
	}
	if b.find("debug") != nil {
		d := a.logs.make("default")
		if d.str("level") == "" {
			d.set("level", textNode("DEBUG"))
		}
	}
}

// globalOptions are the options that a slip of the pen may have meant.
var globalOptions = []string{"http_port", "https_port", "admin", "auto_https", "default_bind", "order", "servers", "grace_period", "shutdown_delay", "debug", "default_sni", "storage", "acme_ca",
	"email", "on_demand_tls", "local_certs", "key_type", "log", "persist_config", "skip_install_trust", "cert_issuer", "ocsp_stapling"}

func (a *adapter) port(r *row, to *string) {
	if n, err := strconv.Atoi(r.arg(1)); err != nil || n < 1 || n > 65535 {
		a.problems.Fatal(r.at(1), "parsing caddyfile tokens for '%s': converting port '%s' to integer value", r.name(), r.arg(1))
		return
	}
	*to = r.arg(1)
}

func (a *adapter) admin(r *row) {
	admin := r.node(&node{kind: object})
	switch v := r.arg(1); v {
	case "off":
		admin.set("disabled", boolNode(true))
	case "":
		admin.set("listen", textNode(defaultAdmin))
	default:
		admin.set("listen", textNode(v))
	}
	for _, s := range r.block {
		switch s.name() {
		case "enforce_origin":
			admin.set("enforce_origin", boolNode(true))
		case "origins":
			admin.set("origins", textsNode(s.args(1)))
		}
	}
	a.root.set("admin", admin)
}

// reorder changes the order of directives (parseOptOrder).
func (a *adapter) reorder(r *row) {
	name, how, other := r.arg(1), r.arg(2), r.arg(3)
	order := slices.DeleteFunc(slices.Clone(a.order), func(d string) bool { return d == name })
	at := slices.Index(order, other)
	switch {
	case how == "first":
		at = 0
	case how == "last":
		at = len(order)
	case at < 0 || how != "before" && how != "after":
		a.problems.Fatal(r.place(), "directive '%s' not found", other)
		return
	case how == "after":
		at++
	}
	a.order = slices.Insert(order, at, name)
}

// options applies the options for servers to those at one of the server's
// addresses, or to all (applyServerOptions in serveroptions.go).
func (a *adapter) options(srv *node, p pairing) {
	var general, mine *row
	for _, r := range a.servers {
		switch {
		case r.arg(1) == "":
			general = r
		case slices.ContainsFunc(p.listen, func(l string) bool { return sameListen(l, r.arg(1)) }):
			mine = r
		}
	}
	if mine == nil {
		mine = general
	}
	if mine == nil {
		return
	}
	for _, r := range mine.block {
		a.serverOption(srv, r)
	}
}

func sameListen(a, b string) bool {
	return strings.TrimPrefix(a, "tcp/") == strings.TrimPrefix(b, "tcp/")
}

func (a *adapter) serverOption(srv *node, r *row) {
	switch r.name() {
	case "timeouts":
		for _, s := range r.block {
			name, ok := map[string]string{"read_body": "read_timeout", "read_header": "read_header_timeout", "write": "write_timeout", "idle": "idle_timeout"}[s.name()]
			if !ok {
				a.unrecognized(s, "timeouts option", []string{"read_body", "read_header", "write", "idle"})
				continue
			}
			srv.set(name, a.time(s, 1))
		}
	case "max_header_size":
		srv.set("max_header_bytes", a.size(r, 1))
	case "keepalive_interval":
		srv.set("keepalive_interval", a.time(r, 1))
	case "protocols", "protocol":
		if r.name() == "protocols" {
			srv.set("protocols", textsNode(r.args(1)))
		}
	case "listener_wrappers":
		wrappers := listOf()
		for _, s := range r.block {
			wrappers.list = append(wrappers.list, s.node(obj("wrapper", s.name())))
		}
		srv.set("listener_wrappers", wrappers)
	case "strict_sni_host":
		srv.set("strict_sni_host", boolNode(r.arg(1) != "insecure_off"))
	case "log_credentials":
		srv.make("logs").set("should_log_credentials", boolNode(true))
	case "trusted_proxies", "trusted_proxies_strict", "trusted_proxies_unix", "client_ip_headers", "metrics", "name", "enable_full_duplex", "trace", "0rtt", "keepalive_idle", "keepalive_count", "packet_conn_wrappers":
	default:
		a.unrecognized(r, "servers option", []string{"timeouts", "max_header_size", "protocols", "listener_wrappers", "trusted_proxies", "client_ip_headers", "metrics", "log_credentials"})
	}
}

// time reads an argument that is a duration.
func (a *adapter) time(r *row, i int) *node {
	d, ok := duration(r.arg(i))
	if !ok {
		a.problems.Fatal(r.at(i), "parsing caddyfile tokens for '%s': bad duration value '%s'", r.name(), r.arg(i))
		return nil
	}
	return r.node(intNode(int64(d)))
}

// size reads an argument that is a number of bytes.
func (a *adapter) size(r *row, i int) *node {
	n, ok := bytesOf(r.arg(i))
	if !ok {
		a.problems.Fatal(r.at(i), "parsing caddyfile tokens for '%s': invalid size '%s'", r.name(), r.arg(i))
		return nil
	}
	return r.node(intNode(n))
}

// count reads an argument that is a number.
func (a *adapter) count(r *row, i int) *node {
	n, err := strconv.ParseInt(r.arg(i), 10, 32)
	if err != nil {
		a.problems.Fatal(r.at(i), "parsing caddyfile tokens for '%s': bad number '%s'", r.name(), r.arg(i))
		return nil
	}
	return r.node(intNode(n))
}

// word reads an argument that is text.
func (a *adapter) word(r *row, i int) *node {
	if i >= len(r.words) {
		a.problems.Fatal(r.place(), "wrong argument count or unexpected line ending after '%s'", r.arg(i-1))
		return nil
	}
	return r.node(textNode(r.arg(i)))
}

// unrecognized tells of a word that is not known. Modules that are built in bring
// words of their own: it is a mistake for sure only where it is a slip of one
// that is known.
func (a *adapter) unrecognized(r *row, what string, known []string) {
	if meant := near(r.name(), known); meant != "" {
		a.problems.Fatal(r.at(0), "unrecognized %s: %s; did you mean %s?", what, r.name(), meant)
		return
	}
	a.problems.Add(r.at(0), false, "the %s '%s' is not known here", what, r.name())
}

// near returns the known word that differs from a word by one letter, or by two
// that changed places.
func near(text string, known []string) string {
	if slices.Contains(known, text) {
		return ""
	}
	for _, k := range known {
		if len(k) > 3 && typo.Distance(text, k, 1) == 1 {
			return k
		}
	}
	return ""
}
