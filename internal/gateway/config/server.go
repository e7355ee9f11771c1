package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Address is a server taken apart.
type Address struct {
	Scheme  string // "http", "https", "fastcgi"; empty where the text has none
	Network string // "tcp" or "unix"
	Host    string // name or address
	Port    int
	Path    string // of a unix socket
	SRV     string // name of SRV records instead of a host
}

// ParseServer reads a server: "http://host:port", "host:port", "unix:/path",
// "http+unix:///path", "fastcgi://host:9000", "srv:_http._tcp.app.internal".
func ParseServer(s string) (Address, error) {
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("cannot read the server %q: %s", s, why)
	}
	a := Address{Network: "tcp"}
	rest := s
	if scheme, after, ok := strings.Cut(s, "://"); ok {
		a.Scheme, rest = strings.ToLower(scheme), after
	}
	if name, ok := strings.CutPrefix(rest, "srv:"); ok {
		if a.SRV = name; name == "" {
			return bad("srv: needs a name")
		}
		return a, nil
	}
	if base, ok := strings.CutSuffix(a.Scheme, "+unix"); ok {
		a.Scheme, rest = base, "unix:"+rest
	}
	switch a.Scheme {
	case "", "http", "https", "fastcgi":
	case "unix":
		return bad("did you mean unix:" + rest + "?")
	default:
		return bad("the scheme is http, https or fastcgi")
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		a.Network, a.Path = "unix", path
		if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "@") {
			return bad("the path of a unix socket begins with a slash")
		}
		return a, nil
	}
	u, err := url.Parse("x://" + rest)
	if err != nil {
		return bad("it is no address")
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return bad("only scheme, host and port are taken; a path belongs to a route")
	}
	a.Host = u.Hostname()
	if a.Host == "" {
		return bad("the host is missing" + meant(u.Port()))
	}
	if _, err := strconv.ParseUint(a.Host, 10, 16); err == nil && u.Port() == "" {
		return bad("a port alone is no server" + meant(a.Host))
	}
	return a.port(u.Port(), bad)
}

// meant suggests a server for a port that was given alone.
func meant(port string) string {
	if port == "" {
		return ""
	}
	return "; did you mean 127.0.0.1:" + port + "?"
}

func (a Address) port(port string, bad func(string) (Address, error)) (Address, error) {
	a.Port = map[string]int{"": 80, "http": 80, "https": 443, "fastcgi": 9000}[a.Scheme]
	if port == "" {
		return a, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return bad("the port is a number from 1 to 65535")
	}
	a.Port = n
	return a, nil
}

// String returns the address as it is dialled.
func (a Address) String() string {
	switch {
	case a.SRV != "":
		return "srv:" + a.SRV
	case a.Network == "unix":
		return "unix:" + a.Path
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// ParseResolver reads the address of a name server, "127.0.0.1" or "[::1]:5353", and
// returns it as it is dialled.
func ParseResolver(s string) (string, error) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(a.String(), "53"), nil
	}
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return "", fmt.Errorf("cannot read the name server %q: it is an address, or address:port", s)
	}
	return a.String(), nil
}
