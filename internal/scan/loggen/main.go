// Loggen writes logs to measure and to test readers with: the same bytes for the
// same seed, anywhere. There is an incident in each of them.
//
//	go run ./internal/scan/loggen -kind access -lines 5000000 > access.log
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

func main() {
	kind := flag.String("kind", "access", "access (combined), error (nginx) or caddy (JSON)")
	lines := flag.Int("lines", 0, "how many lines; 0: as many as make a gigabyte")
	seed := flag.Uint64("seed", 1, "the same seed gives the same bytes")
	routes := flag.Bool("routes", false, "every request fails on a route of its own")
	flag.Parse()

	kinds := map[string]struct {
		line func(*generator)
		n    int
	}{"access": {(*generator).access, 5_000_000}, "error": {(*generator).error, 3_210_000}, "caddy": {(*generator).caddy, 1_415_000}}
	k, ok := kinds[*kind]
	if !ok {
		fmt.Fprintf(os.Stderr, "loggen: no kind %q\n", *kind)
		os.Exit(2)
	}
	if *lines == 0 {
		*lines = k.n
	}
	if err := write(*lines, *seed, *routes, k.line); err != nil {
		fmt.Fprintf(os.Stderr, "loggen: %v\n", err)
		os.Exit(1)
	}
}

func write(lines int, seed uint64, routes bool, line func(*generator)) error {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	g := &generator{rng: rand.New(rand.NewPCG(seed, seed)), lines: lines, routes: routes}
	for g.n = range lines {
		g.at = start.Add(day / time.Duration(lines) * time.Duration(g.n))
		g.b = g.b[:0]
		line(g)
		if _, err := out.Write(g.b); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
	}
	return out.Flush()
}

var start = time.Date(2026, 8, 21, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

type generator struct {
	rng    *rand.Rand
	lines  int
	n      int
	routes bool
	at     time.Time
	b      []byte
}

// incident reports whether the line lies in the ten minutes from 14:24 on.
func (g *generator) incident() bool {
	since := g.at.Sub(start.Add(14*time.Hour + 24*time.Minute))
	return since >= 0 && since < 10*time.Minute
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

var (
	methods = []string{"GET", "GET", "GET", "GET", "GET", "GET", "POST", "PUT", "HEAD"}
	paths   = []string{"/api/v1/users/%d", "/api/v1/orders/%d/items", "/products/%d?ref=newsletter&page=2", "/static/js/app.%x.js", "/", "/search?q=shoes+%d&sort=price",
		"/api/v2/cart/%d", "/images/catalog/%d/large.jpg", "/login", "/healthz"}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "curl/8.5.0", "Mozilla/5.0 (compatible; examplebot/2.1; +https://bot.example/about)"}
	referrers = []string{"-", "https://www.example.com/", "https://www.example.com/products?page=3", "https://search.example/"}
	statuses  = []int{200, 200, 200, 200, 200, 200, 200, 200, 200, 304, 304, 301, 404, 206, 201}
)

func (g *generator) status() int {
	switch r := g.rng; {
	case g.routes, g.incident() && r.IntN(10) < 3:
		return []int{502, 502, 502, 504}[r.IntN(4)]
	case r.IntN(10_000) == 0:
		return []int{500, 502, 503, 504, 499}[r.IntN(5)]
	}
	return statuses[g.rng.IntN(len(statuses))]
}

func (g *generator) path() {
	if g.routes {
		// Letters only: nothing that a reader could fold as an identifier.
		g.b = append(g.b, '/')
		for n := g.n; n > 0; n /= 26 {
			g.b = append(g.b, byte('a'+n%26))
		}
		return
	}
	p := pick(g.rng, paths)
	for i := range len(p) {
		if p[i] == '%' {
			g.b = fmt.Appendf(append(g.b, p[:i]...), p[i:i+2], g.rng.IntN(1_000_000))
			g.b = append(g.b, p[i+2:]...)
			return
		}
	}
	g.b = append(g.b, p...)
}

func (g *generator) client() {
	v := g.rng.Uint32()
	g.b = fmt.Appendf(g.b, "%d.%d.%d.%d", v>>24, v>>16&255, v>>8&255, v&255)
}

// access writes a line of the combined format.
func (g *generator) access() {
	r := g.rng
	g.client()
	g.b = g.at.AppendFormat(append(g.b, " - - ["...), "02/Jan/2006:15:04:05 -0700")
	g.b = append(append(append(g.b, `] "`...), pick(r, methods)...), ' ')
	g.path()
	g.b = fmt.Appendf(g.b, ` HTTP/1.1" %d %d "%s" "%s"`+"\n", g.status(), r.IntN(50_000), pick(r, referrers), pick(r, agents))
}

// messages are lines of nginx's error log, the frequent ones more than once.
var messages = []struct{ level, text, upstream string }{
	{"error", "connect() failed (111: Connection refused) while connecting to upstream", "http://10.0.0.%d:8080"},
	{"error", "connect() failed (111: Connection refused) while connecting to upstream", "http://10.0.0.%d:8080"},
	{"error", "upstream timed out (110: Connection timed out) while reading response header from upstream", "http://10.0.0.%d:8080"},
	{"error", "upstream prematurely closed connection while reading response header from upstream", "http://10.0.0.%d:8080"},
	{"error", "recv() failed (104: Connection reset by peer) while reading response header from upstream", "http://10.0.0.%d:8080"},
	{"error", "no live upstreams while connecting to upstream", "http://backend"},
	{"error", "upstream sent too big header while reading response header from upstream", "fastcgi://unix:/run/php/php-fpm.sock:"},
	{"warn", "an upstream response is buffered to a temporary file /var/lib/nginx/proxy/%d/00/0000000%d while reading upstream", "http://10.0.0.%d:8080"},
	{"warn", "a client request body is buffered to a temporary file /var/lib/nginx/body/00000%d", ""},
	{"error", `open() "/var/www/html/favicon-%d.ico" failed (2: No such file or directory)`, ""},
	{"error", `limiting requests, excess: 20.%d by zone "perip"`, ""},
	{"info", "client %d closed keepalive connection", ""},
	{"info", "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream", "http://10.0.0.%d:8080"},
	{"crit", "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking", ""},
}

// error writes a line of nginx's error log.
func (g *generator) error() {
	r := g.rng
	m := messages[r.IntN(len(messages))]
	if g.incident() || g.routes {
		m = messages[r.IntN(2)]
	}
	g.b = g.at.AppendFormat(g.b, "2006/01/02 15:04:05")
	g.b = fmt.Appendf(g.b, " [%s] %d#%d: *%d ", m.level, 811, 811, g.n)
	g.digits(m.text)
	g.b = append(g.b, ", client: "...)
	g.client()
	g.b = append(append(append(g.b, `, server: shop.example.com, request: "`...), pick(r, methods)...), ' ')
	g.path()
	g.b = append(g.b, ` HTTP/1.1"`...)
	if m.upstream != "" {
		g.b = append(g.b, `, upstream: "`...)
		g.digits(m.upstream)
		g.b = append(g.b, `/api/v1/resource"`...)
	}
	g.b = append(g.b, `, host: "shop.example.com"`...)
	if ref := pick(r, referrers); ref != "-" {
		g.b = fmt.Appendf(g.b, `, referrer: "%s"`, ref)
	}
	g.b = append(g.b, '\n')
}

// digits writes text with a small number for each %d.
func (g *generator) digits(text string) {
	for i := 0; i < len(text); i++ {
		if text[i] == '%' {
			g.b = fmt.Appendf(g.b, "%d", g.rng.IntN(8))
			i++
			continue
		}
		g.b = append(g.b, text[i])
	}
}

// caddy writes a line of Caddy's access log.
func (g *generator) caddy() {
	r := g.rng
	status, level := g.status(), "info"
	if status >= 500 {
		level = "error"
	}
	g.b = fmt.Appendf(g.b, `{"level":"%s","ts":%d.%06d,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"`, level, g.at.Unix(), r.IntN(1_000_000))
	g.client()
	g.b = fmt.Appendf(g.b, `","remote_port":"%d","client_ip":"`, 1024+r.IntN(60_000))
	g.client()
	g.b = fmt.Appendf(g.b, `","proto":"HTTP/2.0","method":"%s","host":"shop.example.com","uri":"`, pick(r, methods))
	g.path()
	g.b = fmt.Appendf(g.b, `","headers":{"User-Agent":["%s"],"Accept":["*/*"],"Accept-Encoding":["gzip, br"],"Referer":["%s"]},`+
		`"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"shop.example.com"}},`+
		`"bytes_read":0,"user_id":"","duration":0.%06d,"size":%d,"status":%d,"resp_headers":{"Server":["Caddy"],"Content-Type":["application/json"]}}`+"\n",
		pick(r, agents), pick(r, referrers), r.IntN(1_000_000), r.IntN(50_000), status)
}
