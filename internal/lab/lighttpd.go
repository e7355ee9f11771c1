package lab

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
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

func lighttpdAway() []Fault {
	return []Fault{
		fault("down-never-started", "nothing has ever listened at the host of proxy.server", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			return b.Lighttpd(b.lightSite(b.Name(), hostAt(b.local()))).Run().Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		fault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			l := b.Lighttpd(b.lightSite(name, hostAt(app.Addr))).Run().Served(3)
			app.End()
			return l.Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		fault("down-missing-socket", "php-fpm's unix socket does not exist", vocab.UpstreamDown, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.home(name)
			s := b.lightSite(name, hostAt(b.socket(name), `"check-local" => "disable"`))
			s.key = "fastcgi.server"
			return b.Lighttpd(s).Run().Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		fault("address-other-port", "the application listens on another port than proxy.server says", vocab.WrongAddress, vocab.ConnectionRefused, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			wrong := b.Port()
			b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
			return b.Lighttpd(b.lightSite(name, hostAt(fmt.Sprintf("127.0.0.1:%d", wrong)))).Run().Scene()
		}).orSymptom(vocab.DestinationUnavailable),
		fault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			config := good(address)
			config.Mode = 0o600
			b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
			return b.Lighttpd(b.lightSite(name, hostAt(address))).Run().Scene()
		}).needs("root").orSymptom(vocab.DestinationUnavailable),
		fault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			l := b.Lighttpd(b.lightSite(name, hostAt(app.Addr, `"read-timeout" => 1`))).Run().Served(3)
			app.Freeze()
			return l.Scene()
		}),
		fault("unreachable-no-route", "there is no route to the host's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 503, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.Lighttpd(b.lightSite(b.Name(), hostAt(fmt.Sprintf("10.20.30.40:%d", b.Port())))).Run().Scene()
		}).needs("netns").orSymptom(vocab.DestinationUnavailable),
	}
}

func lighttpdAnswer() []Fault {
	f := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, does(b.local(), what))
			return b.Lighttpd(b.lightSite(name, hostAt(app.Addr))).Run().Scene()
		})
	}
	routed := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, r backend.Route) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			r.Path = "/"
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Lighttpd(b.lightSite(name, hostAt(app.Addr))).Run().Scene()
		})
	}
	return []Fault{
		f("empty-close", "the application reads the request and closes without a word: lighttpd says 500", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 500),
		f("empty-reset", "the application reads the request and resets the connection: lighttpd says 500", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 500),
		f("truncated-header", "the answer breaks off in its header", "half-header", vocab.TruncatedResponse, vocab.ConnectionTerminated, 500),
		routed("buffer", "the application sends 70 KB of cookies, a header may have 64 KiB", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, backend.Route{Pad: 70000}),
		routed("app-error", "the application answers 500", vocab.AppError, "", 500, backend.Route{Status: 500, Body: "Internal Server Error\n"}),
		routed("app-503", "the application answers 503", vocab.AppError, "", 503, backend.Route{Status: 503, Body: "no database\n"}),
		fault("mismatch-http-to-https", "lighttpd speaks plain HTTP, the Node application TLS", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
			return b.Lighttpd(b.lightSite(name, hostAt(app.Addr))).Run().Scene()
		}).needs("node").orSymptom(vocab.HTTPProtocolError),
	}
}

func lighttpdHealthy() []Fault {
	route := func(name, doc string, r backend.Route) Fault {
		status := r.Status
		if status == 0 {
			status = http.StatusOK
		}
		return healthy("healthy-"+name, doc, status, func(b *Bench) (Scene, error) {
			app := b.Name()
			r.Path = "/"
			p := b.Backend(app, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{r}})
			return b.Lighttpd(b.lightSite(app, hostAt(p.Addr))).Run().Scene()
		})
	}
	return []Fault{
		route("plain", "the application answers", backend.Route{}),
		route("404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		route("slow", "answers take 0.7 s", backend.Route{Delay: 700}),
		healthy("healthy-php", "php-fpm answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			p := b.PHP(name, b.local(), "", map[string]string{"index.php": "echo 'ok';"})
			s := b.lightSite(name, hostAt(p.Addr, fmt.Sprintf("%q => %q", "docroot", filepath.Join(b.Dir, "srv", name, "public")), `"check-local" => "disable"`))
			s.key, s.path = "fastcgi.server", "/index.php"
			return b.Lighttpd(s).Run().Scene()
		}).needs("php-fpm"),
	}
}
