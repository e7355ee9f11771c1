package nginx

import (
	"net/netip"
	"strings"
)

// network checks an address, a network, "all" or "unix:".
func (k *checker) network(it *item) {
	v := it.Arg(1)
	if v == "all" || v == "unix:" {
		return
	}
	addr, bits, has := strings.Cut(v, "/")
	_, err := netip.ParseAddr(addr)
	if n, ok := parseCount(bits); err != nil || has && (!ok || n > 128) {
		k.fatal(it.At(1), `invalid parameter %q`, printable(v))
	}
}

// listenWords are the parameters of listen in each area: words, and names that
// end in "=".
var listenWords = map[string][]string{
	"http": {"default_server", "default", "bind", "ssl", "http2", "spdy", "quic", "proxy_protocol", "deferred", "reuseport", "multipath",
		"setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive="},
	"stream": {"default_server", "bind", "ssl", "udp", "proxy_protocol", "deferred", "reuseport", "multipath",
		"setfib=", "fastopen=", "backlog=", "rcvbuf=", "sndbuf=", "accept_filter=", "ipv6only=", "so_keepalive="},
	"mail": {"bind", "ssl", "proxy_protocol", "backlog=", "rcvbuf=", "sndbuf=", "ipv6only=", "so_keepalive="},
}

func (k *checker) listen(s *scope, it *item) {
	if _, _, _, ok := listenAddress(it.Arg(1)); !ok {
		part := "port"
		if strings.HasPrefix(it.Arg(1), "[") {
			part = "host"
		}
		k.fatal(it.At(1), `invalid %s in %q of the "listen" directive`, part, printable(it.Arg(1)))
		return
	}
	for i, w := range it.Words[2:] {
		name, v, has := strings.Cut(w.Text, "=")
		if has {
			name += "="
		}
		good := false
		for _, known := range listenWords[s.area] {
			good = good || known == name
		}
		switch {
		case !good && s.area == "stream":
			k.fatal(it.At(i+2), `the invalid %q parameter`, printable(w.Text))
		case !good:
			k.fatal(it.At(i+2), `invalid parameter %q`, printable(w.Text))
		case name == "quic" && !k.newer("1.25.0"), name == "multipath" && !k.newer("1.29.3"):
			k.fatal(it.At(i+2), `invalid parameter %q: this is nginx %s`, w.Text, k.c.launch.Version)
		case name == "spdy" && !k.older("1.22.1"): // 1.18 still takes it, with a warning
			k.fatal(it.At(i+2), `invalid parameter "spdy"`)
		case name == "so_keepalive=" && v != "on" && v != "off" && !strings.Contains(v, ":"):
			k.fatal(it.At(i+2), `invalid so_keepalive value: %q`, printable(v))
		case name == "ipv6only=" && v != "on" && v != "off":
			k.fatal(it.At(i+2), `invalid parameter %q: ipv6only is on or off`, printable(w.Text))
		case name == "backlog=":
			if n, ok := parseCount(v); !ok || n == 0 {
				k.fatal(it.At(i+2), `invalid backlog %q`, printable(v))
			}
		}
	}
}

// serverName checks names as ngx_http_core_server_name does.
func (k *checker) serverName(it *item) {
	for i, w := range it.Args() {
		n := w.Text
		switch {
		case n == "" || strings.HasPrefix(n, "~"):
		case n[0] == '*' && (len(n) < 3 || n[1] != '.'), n == ".":
			k.fatal(it.At(i+1), `server name %q is invalid`, printable(n))
		}
	}
}

func (k *checker) resolver(it *item) {
	for i, w := range it.Args() {
		name, v, has := strings.Cut(w.Text, "=")
		switch {
		case has && name == "valid":
			if _, ok := parseTime(v, false); !ok {
				k.fatal(it.At(i+1), `invalid parameter: %q`, printable(w.Text))
			}
		case has && (name == "ipv6" || name == "ipv4" && k.newer("1.23.1")):
			if v != "on" && v != "off" {
				k.fatal(it.At(i+1), `invalid parameter: %q`, printable(w.Text))
			}
		}
	}
}
