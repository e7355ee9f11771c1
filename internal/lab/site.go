package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Site draws the outside of a site: its host, listener, names, route and log
// format. The caller says what its location does.
func (b *Bench) Site(app string) *Site {
	port := b.Port()
	zone := pick(b, "shop.test", "example.test", "corp.internal", "acme.test")
	s := &Site{place: place{app: app, host: app + "." + zone, listen: fmt.Sprintf("127.0.0.1:%d", port)}, Format: pick(b, "combined", "timed", "json")}
	switch b.Rand.IntN(5) {
	case 0:
		s.Names = s.host + " www." + s.host
	case 1:
		s.Names = "*." + zone
	case 2:
		s.Names = "." + zone
	case 3:
		s.Names = fmt.Sprintf(`"~^(?<app>%s|%s-v\d+)\.%s$"`, app, app, strings.ReplaceAll(zone, ".", `\.`))
	case 4:
		s.Names, s.Options, s.host = "_", " default_server", "127.0.0.1"
	}
	s.Route = pick(b, "/", "/api/", "/"+app+"/", "/v1/")
	s.path = strings.TrimSuffix(s.Route, "/") + "/" + pick(b, "list", "item/4711", "today", "export.csv")
	return s
}

// vary gives some targets TLS and an error log of their own.
func (b *Bench) vary(n *Nginx, s *Site) {
	if b.Chance(25) {
		s.Errors = filepath.Join(n.dir, "logs", s.app+".error.log")
	}
	if s.scheme == "" && b.Chance(15) {
		p := b.certificate(certificate{name: s.app + ".front"})
		s.scheme, s.Options = "https", " ssl"+s.Options
		s.Inside += fmt.Sprintf("ssl_certificate %s;\nssl_certificate_key %s;\n", p.file, p.key)
	}
}

// Via makes the location pass requests to address in one of the ways people
// write it: directly, or through an upstream block, with a pool of idle
// connections or without. extra are further lines of the location.
func (s *Site) Via(b *Bench, scheme, address string, extra ...string) *Site {
	target := address
	if strings.HasPrefix(address, "unix:") && strings.HasPrefix(scheme, "http") {
		target += ":"
	}
	if b.Chance(50) {
		return s.Pool(b, scheme, []string{address}, "", extra...)
	}
	s.Pass = fmt.Sprintf("%s %s%s;\n", directive(scheme), prefix(scheme), target) + b.usual(scheme, extra) + strings.Join(extra, "\n")
	return s
}

// Pool makes the location pass requests to an upstream block with members.
func (s *Site) Pool(b *Bench, scheme string, members []string, block string, extra ...string) *Site {
	name := s.app + pick(b, "", "_pool", "_backend")
	var c strings.Builder
	fmt.Fprintf(&c, "upstream %s {\n", name)
	for _, m := range members {
		fmt.Fprintf(&c, "    server %s;\n", m)
	}
	c.WriteString(indent(block, 4))
	if block == "" && scheme == "http" && !slices.Contains(extra, version11) && b.Chance(40) {
		block = "keepalive 8;"
		c.WriteString("    keepalive 8;\n")
	}
	c.WriteString("}\n\n")
	s.Outside += c.String()
	s.Pass = fmt.Sprintf("%s %s%s;\n", directive(scheme), prefix(scheme), name)
	if strings.Contains(block, "keepalive ") {
		s.Pass += "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\nproxy_set_header Host $host;\n"
	} else {
		s.Pass += b.usual(scheme, extra)
	}
	s.Pass += strings.Join(extra, "\n")
	return s
}

func directive(scheme string) string {
	switch scheme {
	case "http", "https":
		return "proxy_pass"
	default:
		return scheme + "_pass"
	}
}

func prefix(scheme string) string {
	switch scheme {
	case "http", "https":
		return scheme + "://"
	case "grpc":
		return "grpc://"
	default:
		return ""
	}
}

// version11 is a line that a location may have only once.
const version11 = "proxy_http_version 1.1;"

// usual are lines that people write beside proxy_pass, or what FastCGI and
// uwsgi cannot do without.
func (b *Bench) usual(scheme string, extra []string) string {
	if slices.Contains(extra, version11) {
		return ""
	}
	switch scheme {
	case "http", "https":
		return pick(b, "", "proxy_set_header Host $host;\n", "proxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;\nproxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n",
			"proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n")
	case "fastcgi":
		return params("fastcgi", "SCRIPT_FILENAME $document_root$fastcgi_script_name")
	case "uwsgi":
		return params("uwsgi", "PATH_INFO $document_uri")
	default:
		return ""
	}
}

func params(kind string, more ...string) string {
	var c strings.Builder
	for _, p := range append([]string{
		"QUERY_STRING $query_string", "REQUEST_METHOD $request_method", "CONTENT_TYPE $content_type", "CONTENT_LENGTH $content_length",
		"REQUEST_URI $request_uri", "SERVER_PROTOCOL $server_protocol",
		"REMOTE_ADDR $remote_addr", "SERVER_NAME $server_name", "SERVER_PORT $server_port",
	}, more...) {
		fmt.Fprintf(&c, "%s_param %s;\n", kind, p)
	}
	return c.String()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
