package haproxy

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// server is one server of a backend.
type server struct {
	topo.Endpoint
	row       *row
	tls       bool
	verify    string // "required", "none", "" where it is not said
	verifyAt  *row
	ca, crt   string
	sni       string // the expression
	host      string // verifyhost
	versions  [2]string
	proxy     bool // begins with a PROXY header
	proto     string
	resolvers string
	check     bool
}

// servers reads a server line, or the servers that a template stands for, with
// the defaults before it.
func (c *config) servers(r *row, preset []*row) []server {
	at, count := 2, 1
	if r.arg(0) == "server-template" {
		at = 3
		first, last, ok := strings.Cut(r.arg(2), "-")
		count = atoi(first)
		if ok {
			count = atoi(last) - atoi(first) + 1
		}
	}
	if len(r.words) <= at {
		c.problems.Fatal(r.place(), "'%s' expects <name> and <addr>[:<port>] as arguments", r.arg(0))
		return nil
	}
	e, ok := endpoint(r.arg(at))
	if !ok {
		say := c.problems.Fatal
		if c.version > 0 && c.version < 206 {
			say = c.problems.Warn // 2.2 takes port 99999
		}
		say(r.at(at), "'server %s' : invalid address or port in '%s'", r.arg(1), r.arg(at))
		return nil
	}
	s := server{Endpoint: e, row: r}
	s.Name, s.Place, s.Line, s.Weight = r.arg(1), r.place(), r.written(), 1
	for _, p := range preset {
		c.options(&s, p, 1)
	}
	c.options(&s, r, at+1)
	if r.arg(0) == "server" {
		return []server{s}
	}
	var out []server
	for i := range min(max(count, 1), 16) {
		n := s
		n.Name = r.arg(1) + strconv.Itoa(i+1)
		n.Down = n.Down || i > 0 // the others wait for further addresses of the name
		out = append(out, n)
	}
	return out[:1]
}

// options reads what stands behind the address.
func (c *config) options(s *server, r *row, i int) {
	for ; i < len(r.words); i++ {
		key, value := r.arg(i), r.arg(i+1)
		word, _ := call(key) // set-proxy-v2-tlv-fmt(0xE1)
		n, known := serverWords[word]
		switch key {
		case "ssl":
			s.tls = true
		case "no-ssl":
			s.tls = false
		case "verify":
			s.verify, s.verifyAt = value, r
		case "ca-file":
			s.ca = c.absolute(value, "ca-base")
		case "crt":
			s.crt = c.absolute(value, "crt-base")
		case "sni":
			s.sni = value
		case "verifyhost":
			s.host = value
		case "ssl-min-ver":
			s.versions[0] = value
		case "ssl-max-ver":
			s.versions[1] = value
		case "force-tlsv10", "force-tlsv11", "force-tlsv12", "force-tlsv13":
			v := "TLSv1." + key[len(key)-1:]
			s.versions = [2]string{v, v}
		case "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
			s.proxy = true
		case "no-send-proxy", "no-send-proxy-v2":
			s.proxy = false
		case "proto":
			s.proto = value
		case "resolvers":
			s.resolvers, s.Resolve = value, true
		case "check":
			s.check = true
		case "no-check":
			s.check = false
		case "backup":
			s.Backup = true
		case "no-backup":
			s.Backup = false
		case "disabled":
			s.Down = true
		case "enabled":
			s.Down = false
		case "maxconn":
			s.MaxConns = atoi(value)
		case "weight":
			s.Weight = atoi(value)
		case "fall":
			s.MaxFails = atoi(value)
		case "source":
			if r.arg(i+2) == "usesrc" || r.arg(i+2) == "interface" {
				i += 2
			}
			n = 1
		}
		if !known && !s.passed(key) {
			c.keyword(r.at(i), key, "'server "+s.Name+"'", serverNames())
		}
		i += max(n, 0)
	}
}

// passed are words behind others that take several.
func (s *server) passed(key string) bool {
	return key == "" || strings.HasPrefix(key, "socks4")
}

// endpoint reads the address of a server. A name without a port has the port
// that the client came to, which is not known here.
func endpoint(text string) (topo.Endpoint, bool) {
	kind, rest := family(text)
	switch kind {
	case "unix":
		return topo.Endpoint{Network: "unix", Path: rest}, rest != ""
	case "other":
		return topo.Endpoint{}, true
	}
	host, port, ok := cutLast(rest)
	e := topo.Endpoint{Network: "tcp", Host: host}
	if !ok {
		e.Host = strings.Trim(rest, "[]")
		return e, e.Host != ""
	}
	if e.Host == "" || e.Host == "*" {
		e.Host = "0.0.0.0"
	}
	if strings.HasPrefix(port, "+") || strings.HasPrefix(port, "-") || port == "" {
		return e, true
	}
	n, err := strconv.Atoi(port)
	e.Port = n
	return e, err == nil && n >= 0 && n <= 65535
}
