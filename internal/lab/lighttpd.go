package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// lighttpdFaults are the faults behind lighttpd.
func lighttpdFaults() []Fault {
	return behind("lighttpd", []string{"lighttpd"}, lighttpdAway(), lighttpdAnswer(), lighttpdHealthy())
}

// lightSite is one site behind a scene's lighttpd.
type lightSite struct {
	place
	key   string   // proxy.server, fastcgi.server
	hosts []string // the attributes of each host
}

// Lighttpd is the gateway of a scene.
type Lighttpd struct {
	*Gateway
	errors string
	access string
	target *lightSite
	others []*lightSite
}

// hostAt spells an application's address as attributes of a host.
func hostAt(address string, more ...string) string {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return strings.Join(append([]string{fmt.Sprintf("%q => %q", "socket", path)}, more...), ", ")
	}
	host, port, _ := net.SplitHostPort(address)
	return strings.Join(append([]string{fmt.Sprintf("%q => %q, %q => %s", "host", host, "port", port)}, more...), ", ")
}

func (b *Bench) lightSite(app string, hosts ...string) *lightSite {
	return &lightSite{place: b.place(app, nowhere, zones[:3]...), key: "proxy.server", hosts: hosts}
}

// Lighttpd lays out a lighttpd with target among its decoys.
func (b *Bench) Lighttpd(target *lightSite) *Lighttpd {
	l := &Lighttpd{target: target}
	l.Gateway = b.layOut(l, "lighttpd", pick(b, "lighttpd", "etc/lighttpd"))
	listen := b.local()
	l.conf, l.errors, l.access = filepath.Join(l.dir, "lighttpd.conf"), filepath.Join(l.dir, "log", "error.log"), filepath.Join(l.dir, "log", "access.log")
	healthy, alive, dead := b.bystanders()
	l.others = []*lightSite{b.lightSite(healthy, hostAt(alive)), b.lightSite(dead, hostAt(b.local()))}
	b.together(listen, &target.place, &l.others[0].place, &l.others[1].place)
	l.serves(target, l.others[0], l.others[1])
	return l
}

// text is the configuration.
func (l *Lighttpd) text() string {
	b := l.b
	var c strings.Builder
	fmt.Fprintf(&c, "server.modules = (\n    \"mod_access\", # as packaged\n    \"mod_proxy\", \"mod_fastcgi\", \"mod_accesslog\"\n)\nvar.logs = %q\nserver.document-root = %q\nserver.errorlog = var.logs + \"/error.log\"\naccesslog.filename = var.logs + \"/access.log\"\n", filepath.Join(l.dir, "log"), l.dir)
	fmt.Fprintf(&c, "server.port = %d\nserver.bind = \"127.0.0.1\"\n", port(l.target.listen))
	if os.Geteuid() == 0 {
		c.WriteString("server.username = \"www-data\"\nserver.groupname = \"www-data\"\n")
	}
	for _, s := range append(append([]*lightSite{}, l.others...), l.target) {
		entry := ""
		for _, h := range s.hosts {
			entry += "( " + h + " ),\n"
		}
		prefix := pick(b, "", "/")
		if s == l.target && !s.named() {
			fmt.Fprintf(&c, "%s = ( %q => (\n%s) )\n", s.key, prefix, indent(entry, 4))
			continue
		}
		cond := fmt.Sprintf("$HTTP[\"host\"] =~ \"^(www\\.)?%s(:[0-9]+)?$\"", strings.ReplaceAll(s.host, ".", "\\."))
		if b.Chance(50) {
			cond = fmt.Sprintf("$HTTP[\"host\"] == %q", s.host)
		}
		fmt.Fprintf(&c, "%s {\n    %s = ( %q => (\n%s    ) )\n}\n", cond, s.key, prefix, indent(entry, 8))
	}
	return c.String()
}

func (l *Lighttpd) write() {
	// What applies to all stands before what applies to a host: the later wins.
	text := l.text()
	if i := strings.Index(text, l.target.key+" = ( \""); !l.target.named() && i > 0 {
		j := strings.LastIndex(text, "\n"+l.target.key+" = ( \"") + 1
		if k := strings.Index(text, "$HTTP["); k > 0 && j > k {
			text = text[:k] + text[j:] + text[k:j]
		}
	}
	l.b.Write(l.conf, text)
	l.b.date(l.conf)
}

func (l *Lighttpd) past() {
	yesterday := time.Now().Add(-26 * time.Hour)
	l.b.Write(l.errors, yesterday.Format("2006-01-02 15:04:05")+": (gw_backend.c.2708) read timeout on socket: tcp:127.0.0.1:9 (fd: 11)\n")
	l.b.Write(l.access, fmt.Sprintf("198.51.100.23 legacy.shop.test - [%s] \"GET /old HTTP/1.1\" 503 361 \"-\" \"Mozilla/5.0\"\n", yesterday.Format("02/Jan/2006:15:04:05 -0700")))
	if os.Geteuid() == 0 {
		l.b.give(filepath.Dir(l.errors), l.errors, l.access)
	}
}

func (l *Lighttpd) command() command {
	return command{name: "lighttpd", path: program("lighttpd"), argv: "lighttpd", dir: l.dir, args: []string{"-D", "-f", l.conf}, log: filepath.Join(l.dir, "startup.log")}
}

func (l *Lighttpd) logs(s *Scene) { s.Logs = append(s.Logs, l.errors, l.access) }

func (l *Lighttpd) record(time.Time, float64) string { return "" } // no scene has looked back so far

// lighttpd lays out a lighttpd; more are further attributes of its host.
func lighttpd(more ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		return b.Lighttpd(b.lightSite(app, hostAt(servers[0], more...))).Gateway
	}
}

// lighttpdAway: once lighttpd has met a dead host, it leaves it out for a second.
func lighttpdAway() []Fault {
	l := lighttpd()
	gone := func(f Fault) Fault { return f.orSymptom(vocab.DestinationUnavailable).status(503) }
	return []Fault{
		gone(neverStarted(l)).says("nothing has ever listened at the host of proxy.server"),
		gone(stopped(l)),
		fault("down-missing-socket", "php-fpm's unix socket does not exist", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.home(name)
			s := b.lightSite(name, hostAt(b.socket(name), `"check-local" => "disable"`))
			s.key = "fastcgi.server"
			return b.Lighttpd(s).Run().Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		gone(otherPort(l, "the application listens on another port than proxy.server says")),
		gone(closedSocket(l)),
		frozen(lighttpd(`"read-timeout" => 1`)).symptom(vocab.ConnectionReadTimeout),
		gone(noRoute(l)).says("there is no route to the host's network"),
	}
}

func lighttpdAnswer() []Fault {
	l := lighttpd()
	return append(append([]Fault{
		emptyClose(l).says("the application reads the request and closes without a word: lighttpd says 500").status(500),
		emptyReset(l).says("the application reads the request and resets the connection: lighttpd says 500").status(500),
		halfHeader(l).status(500),
		bigHeader(l, 70000, "the application sends 70 KB of cookies, a header may have 64 KiB"),
	}, appErrors(l)...),
		toHTTPS(l, "lighttpd speaks plain HTTP, the Node application TLS").orSymptom(vocab.HTTPProtocolError).status(500))
}

func lighttpdHealthy() []Fault {
	return append(allWell(lighttpd(), ""),
		healthy("healthy-php", "php-fpm answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.PHP(name, b.local(), "", map[string]string{"index.php": "echo 'ok';"})
			s := b.lightSite(name, hostAt(p.Addr, fmt.Sprintf("%q => %q", "docroot", filepath.Join(b.Dir, "srv", name, "public")), `"check-local" => "disable"`))
			s.key, s.path = "fastcgi.server", "/index.php"
			return b.Lighttpd(s).Run().Scene()
		}).needs("php-fpm"),
	)
}
