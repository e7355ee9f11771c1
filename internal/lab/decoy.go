package lab

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

// decoySites starts what stands beside the target: a healthy site, a site whose
// upstream is dead, and an application that no configuration mentions.
func (b *Bench) decoySites(target *Site) []*Site {
	healthy, dead := b.Name(), b.Name()
	good := b.Backend(healthy, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/"}}})
	b.Backend(pick(b, "metrics-exporter", "sidecar", "cron-agent"), backend.Config{Listen: []string{b.local()}, Routes: []backend.Route{{Path: "/metrics"}}})

	h := b.Site(healthy).Via(b, "http", good.Addr)
	d := b.Site(dead).Via(b, "http", b.local())
	for _, s := range []*Site{h, d} {
		b.share(s, target)
	}
	h.Inside += pick(b, "", "location = /favicon.ico { return 404; }\n", "location = /old { return 301 /; }\n")
	return []*Site{h, d}
}

// share puts a decoy on the target's listener, in half of the scenes where its
// names allow that.
func (b *Bench) share(s, target *Site) {
	if s.Names == "_" || target.Names == "_" || target.scheme == "https" || target.Options != "" || !b.Chance(50) {
		return
	}
	s.host = s.app + ".intern.test"
	s.Names = s.host
	s.listen = target.listen
}

// local returns an address of this host where nothing listens yet.
func (b *Bench) local() string { return fmt.Sprintf("127.0.0.1:%d", b.Port()) }

// Backend starts an application of our own in a folder of its own and waits
// until it listens. It runs under its own name.
func (b *Bench) Backend(name string, config backend.Config) *Proc {
	return b.backendAs(command{name: name, dir: filepath.Join("srv", name), user: true}, config)
}

func (b *Bench) backendAs(c command, config backend.Config) *Proc {
	text, err := encode(config)
	if err != nil {
		b.fail("cannot start %s: %w", c.name, err)
	}
	dir := b.path(c.dir)
	file := b.Write(filepath.Join(dir, c.name+".json"), text)
	exe := filepath.Join(dir, c.name)
	b.program(exe)
	if b.err == nil && c.user && os.Geteuid() == 0 {
		err := os.Chown(dir, webUser, webUser)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) {
			c.user = false // root of a namespace that does not have this user, or may not become it
		} else if err != nil {
			b.fail("cannot start %s: %w", c.name, err)
		}
	}
	c.path = exe
	c.args = append(append([]string{}, b.backend[1:]...), file)
	p := b.Start(c)
	if len(config.Listen) > 0 {
		p.Addr = config.Listen[0]
	}
	return p.expect(backend.Ready)
}

// program puts the backends' program at path, so that a process of it is called
// as the application is: a hard link where the file system allows, else a copy. A
// folder in which nothing may be executed, as many a /tmp, gets a symbolic link: what
// counts is where the program lies (mount(8), noexec).
func (b *Bench) program(path string) {
	var fs unix.Statfs_t
	if b.err == nil && unix.Statfs(filepath.Dir(path), &fs) == nil && fs.Flags&unix.ST_NOEXEC != 0 {
		if err := os.Symlink(b.backend[0], path); err != nil && !errors.Is(err, os.ErrExist) {
			b.fail("cannot link the backends' program: %w", err)
		}
		return
	}
	if b.err != nil || exists(path) || os.Link(b.backend[0], path) == nil {
		return
	}
	from, err := os.Open(b.backend[0])
	if err != nil {
		b.fail("cannot copy the backends' program: %w", err)
		return
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, to.Close())
	}
	if err != nil {
		b.fail("cannot copy the backends' program: %w", err)
	}
}

// past writes the logs of yesterday and of the last hour: errors of other
// upstreams, of the same kinds as a fault makes, scanners' 404s, and good
// requests to every site.
func (n *Nginx) past() {
	if n.b.err != nil {
		return
	}
	yesterday := n.b.yesterday()
	var old strings.Builder
	for i := range 6 + n.b.Rand.IntN(20) {
		old.WriteString(n.oldError(yesterday.Add(time.Duration(i*17)*time.Second), i))
	}
	n.appendLog(n.errors, old.String())
	if n.target.Errors != "" {
		n.appendLog(n.target.Errors, old.String())
	}
	logs := map[string]*strings.Builder{}
	for _, s := range append([]*Site{n.target}, n.others...) {
		log := logs[n.accessLog(s)]
		if log == nil {
			log = new(strings.Builder)
			logs[n.accessLog(s)] = log
		}
		for i := range 8 {
			at := yesterday.Add(time.Duration(i*31) * time.Second)
			log.WriteString(line(s, record{at: at, path: "/wp-login.php", status: http.StatusNotFound, took: 0.000}))
			log.WriteString(line(s, record{at: at.Add(time.Second), path: "/shop/checkout", status: pick(n.b, 502, 504), took: 0.004, upstream: "10.0.9.17:8080"}))
		}
	}
	logs[n.accessLog(n.target)].WriteString(n.good)
	for path, text := range logs {
		n.appendLog(path, text.String())
	}
}

// oldError is an error line of another upstream.
func (n *Nginx) oldError(at time.Time, i int) string {
	what := pick(n.b,
		"connect() failed (111: Connection refused) while connecting to upstream",
		"upstream timed out (110: Connection timed out) while reading response header from upstream",
		"upstream prematurely closed connection while reading response header from upstream",
		"recv() failed (104: Connection reset by peer) while reading response header from upstream",
		"connect() failed (113: No route to host) while connecting to upstream",
		"upstream sent too big header while reading response header from upstream",
		"no live upstreams while connecting to upstream",
	)
	return fmt.Sprintf("%s [error] %d#%d: *%d %s, client: 198.51.100.%d, server: legacy.shop.test, request: \"GET /shop/checkout HTTP/1.1\", upstream: \"http://10.0.9.17:8080/shop/checkout\", host: \"legacy.shop.test\"\n",
		at.Format("2006/01/02 15:04:05"), 4000+i%2, 4000+i%2, 90000+i, what, 10+i)
}

// appendLog adds to a log, which Debian's nginx package lets only root, the web
// user and the group adm read.
func (n *Nginx) appendLog(path, text string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		n.b.fail("cannot write %s: %w", path, err)
		return
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		n.b.fail("cannot write %s: %w", path, err)
	}
	if os.Geteuid() == 0 {
		if err := f.Chown(webUser, adm); err != nil {
			n.b.fail("cannot write %s: %w", path, err)
		}
	}
}

// adm is the group that reads logs on Debian.
const adm = 4

// record is a request of the past.
type record struct {
	at       time.Time
	method   string
	path     string
	status   int
	took     float64 // seconds
	upstream string  // empty: not asked
}

// line writes r as nginx writes it in the format of s.
func line(s *Site, r record) string {
	method, up, took, status := r.method, r.upstream, fmt.Sprintf("%.3f", r.took), fmt.Sprint(r.status)
	if method == "" {
		method = http.MethodGet
	}
	upTook, upStatus := took, status
	if up == "" {
		up, upTook, upStatus = "-", "-", "-"
	}
	const client, agent = "198.51.100.23", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	size := 1234
	if r.status >= 500 {
		size = 150
	}
	combined := fmt.Sprintf("%s - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"%s\"", client, r.at.Format("02/Jan/2006:15:04:05 -0700"), method, r.path, r.status, size, agent)
	switch s.Format {
	case "timed":
		return combined + fmt.Sprintf(" rt=%s uct=\"%s\" uht=\"%s\" urt=\"%s\" ua=\"%s\" us=\"%s\"\n", took, zero(up), upTook, upTook, up, upStatus)
	case "json":
		return fmt.Sprintf(`{"time":"%s","remote_addr":"%s","host":"%s","request":"%s %s HTTP/1.1","status":"%d","body_bytes_sent":"%d","request_time":"%s","upstream_addr":"%s","upstream_status":"%s","upstream_response_time":"%s","http_referrer":"","http_user_agent":"%s"}`+"\n",
			r.at.Format(time.RFC3339), client, s.host, method, r.path, r.status, size, took, blank(up), blank(upStatus), blank(upTook), agent)
	default:
		return combined + "\n"
	}
}

func zero(upstream string) string {
	if upstream == "-" {
		return "-"
	}
	return "0.001"
}

// blank is how escape=json writes a variable without a value.
func blank(field string) string {
	if field == "-" {
		return ""
	}
	return field
}

func (n *Nginx) record(at time.Time, took float64) string {
	return line(n.target, record{at: at, path: n.target.path, status: http.StatusOK, took: took, upstream: n.upstream})
}
