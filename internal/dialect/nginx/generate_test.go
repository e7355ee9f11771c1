package nginx

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes random configurations that nginx loads, in which every end
// can be told by its answer.
type generator struct {
	r       *rand.Rand
	b       strings.Builder
	id      int
	backend string // address of a server that tells what it was asked
	indent  int
}

func (g *generator) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("    ", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

func (g *generator) pick(list ...string) string { return list[g.r.IntN(len(list))] }
func (g *generator) chance(percent int) bool    { return g.r.IntN(100) < percent }

// path returns a path of up to three short segments.
func (g *generator) path() string {
	s := ""
	for range 1 + g.r.IntN(3) {
		s += "/" + g.pick("a", "b", "c", "ab", "f.txt", "d", "x.php")
	}
	if g.chance(40) {
		s += "/"
	}
	return s
}

func (g *generator) regex() string {
	return g.pick(`^/a/(.*)$`, `\.php$`, `^/b`, `/c/`, `^/(?<seg>[ab]+)/`, `b/?$`, `\.(txt|php)$`, `^/(?!a)`, `(.)/\1`, `^/d(?=/)`)
}

func (g *generator) server(names string, depth int) {
	g.line("server {")
	g.indent++
	g.line("listen %s;", "LISTEN")
	if names != "" {
		g.line("server_name %s;", names)
	}
	if g.chance(30) {
		g.line("error_page %s %s/err%s;", g.pick("404", "403 404", "500 403"), g.pick("", "= ", "=201 "), g.pick("", "?e=1"))
	}
	if g.chance(20) {
		g.line("error_page 418 %s@named;", g.pick("", "= ", "=202 "))
	}
	g.rewrites("server")
	g.line("location /err { %s return 200 \"error $uri $args\"; }", g.pick("", "internal;"))
	g.line("location @named { return %s; }", g.pick(`200 "named $uri"`, "404", `503 "named"`))
	g.locations("", depth)
	g.indent--
	g.line("}")
}

func (g *generator) locations(under string, depth int) {
	seen := map[string]bool{}
	for range 1 + g.r.IntN(6) {
		kind, name := g.pick("", "", "", "=", "^~", "~", "~*"), ""
		if under == "regex" {
			kind = "~"
		}
		switch {
		case strings.HasPrefix(kind, "~"):
			name = g.regex()
		case g.chance(15):
			name = "/"
		default:
			name = g.path()
		}
		if !strings.HasPrefix(kind, "~") && under != "" {
			name = under + strings.TrimPrefix(name, "/")
		}
		key := name
		if kind == "=" {
			key = "=" + name
		} else if strings.HasPrefix(kind, "~") {
			key = kind + name
		}
		if seen[key] || name == "/err" {
			continue
		}
		seen[key] = true
		g.location(kind, name, depth)
	}
}

func (g *generator) location(kind, name string, depth int) {
	g.line(`location %s "%s" {`, kind, name)
	g.indent++
	g.body(kind, name)
	if depth > 0 && kind != "=" && g.chance(40) {
		under := name
		if strings.HasPrefix(kind, "~") {
			under = "regex"
		}
		g.locations(under, depth-1)
	}
	g.indent--
	g.line("}")
}

// body writes what a location does.
func (g *generator) body(kind, name string) {
	if g.chance(10) {
		g.line("internal;")
	}
	if g.chance(15) {
		g.line("error_page %s %s%s;", g.pick("404", "403", "418"), g.pick("", "= ", "=206 "), g.pick("/err", "@named", "http://elsewhere/"))
	}
	if g.chance(8) {
		g.line("limit_except %s { deny all; }", g.pick("GET", "POST", "GET POST"))
	}
	if g.chance(8) {
		g.line("deny all;")
	}
	g.rewrites("location")
	regex := strings.HasPrefix(kind, "~")
	switch g.r.IntN(10) {
	case 0, 1, 2:
		g.pass(regex)
	case 3:
		fixed := g.chance(25)
		files := g.pick("$uri", "$uri $uri/", "$uri/f.txt")
		if fixed {
			files = "/a/f.txt"
		}
		g.line("try_files %s %s;", files, g.pick("@named", "/b/?q=$uri&$args", "=418", "=404", "/a$uri"))
		// A file shorter than the location's name would make nginx cut more of
		// the URI than it has.
		if !fixed && g.chance(40) {
			g.pass(regex)
		}
	case 4:
		// files
	case 5:
		if !regex && name != "/" {
			g.line("alias %s;", g.pick("html/a/", "html/"))
		}
	default:
		g.result("")
	}
}

func (g *generator) pass(regex bool) {
	uri := ""
	if !regex {
		uri = g.pick("", "", "/", "/up", "/up/", "/?k=v")
	}
	if g.chance(15) {
		g.line("set $target http://%s%s;", g.backend, g.pick("", "/fix", "/fix$uri"))
		g.line("proxy_pass $target;")
	} else {
		g.line("proxy_pass http://%s%s;", g.pick(g.backend, g.backend, "pool"), uri)
	}
	if g.chance(30) {
		g.line("proxy_set_header %s;", g.pick("Host $host", "X-Uri $uri", `Connection ""`, "Host fixed"))
	}
	if g.chance(20) {
		g.line("proxy_http_version 1.1;")
	}
}

func (g *generator) result(extra string) {
	g.id++
	switch g.r.IntN(8) {
	case 0:
		g.line("return %s;", g.pick("403", "404", "418", "500", "204", "444"))
	case 1:
		g.line("return %s;", g.pick("301 /else", "302 http://x/$uri", "http://y/", "307 /t"))
	default:
		g.line(`return %s "id%d %s $uri $args $1 $seg $v";`, g.pick("200", "200", "200", "404"), g.id, extra)
	}
}

// rewrites writes rewrite directives.
func (g *generator) rewrites(where string) {
	for range g.r.IntN(3) {
		if g.chance(60) {
			continue
		}
		switch g.r.IntN(6) {
		case 0:
			g.line("rewrite %s %s %s;", g.pick("^/a/(.*)$", "^/b(.*)", "/c", "^(.*)/d"), g.pick("/b/$1", "/c$1?z=1", "/a/$1?", "/ab"), g.pick("", "last", "break", "redirect", "permanent"))
		case 1:
			g.line(`set $v "%s";`, g.pick("$uri", "one", "0", "", "$arg_k"))
		case 2:
			g.line(`if (%s) {`, g.condition())
			g.indent++
			g.line(`set $v "%s$v";`, g.pick("x", ""))
			switch g.r.IntN(4) {
			case 0:
				g.result("if")
			case 1:
				g.line("rewrite ^ %s %s;", g.pick("/a/z", "/b/"), g.pick("last", "break"))
			case 2:
				if where == "location" {
					g.line("proxy_pass http://%s;", g.backend)
				}
			}
			g.indent--
			g.line("}")
		case 3:
			if g.chance(30) {
				g.line("break;")
			}
		default:
			g.line("rewrite %s /%s$uri %s;", g.pick("^/x", "f.txt$"), g.pick("r", "a"), g.pick("break", "last", ""))
		}
	}
}

func (g *generator) condition() string {
	return g.pick(`$arg_k`, `$arg_k = v`, `$uri ~ "^/a"`, `$uri !~* "B"`, `$request_method = POST`, `$host = one.test`, `$v`,
		`-f $document_root$uri`, `!-d $request_filename`, `-e $request_filename`, `$mapped = yes`, `$uri ~ "^/(?<seg>.)"`, `$request_uri ~ "k=(.)"`)
}

// config writes a whole configuration.
func (g *generator) config(listen string, depth int) string {
	g.line("worker_processes 1; pid nginx.pid; error_log error.log info; user root;")
	g.line("events { worker_connections 64; }")
	g.line("http {")
	g.indent++
	g.line("access_log off; root html; set_real_ip_from 192.0.2.1;")
	g.line("map $arg_k $mapped { default no; v yes; ~^w(.)$ $1; }")
	g.line("upstream pool { server %s; }", g.backend)
	g.line(`server { listen %s; location / { return 200 "B $request_method $request_uri $server_protocol $http_host $http_connection $http_x_uri"; } }`, g.backend)
	names := []string{"one.test www.one.test", "*.one.test", ".two.test", "mail.*", `"~^(?<seg>.)\d+\.three\.test$"`, "*.deep.one.test", `~two\.test$`, ""}
	for _, n := range names {
		g.server(n, depth)
	}
	g.indent--
	g.line("}")
	return strings.ReplaceAll(g.b.String(), "LISTEN", listen)
}

// hosts are asked of every generated configuration.
var hosts = []string{"one.test", "www.one.test", "x.one.test", "x.deep.one.test", "two.test", "a.two.test", "mail.example", "a12.three.test", "xtwo.test", "other"}
