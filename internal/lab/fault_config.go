package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func configFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		f("invalid-reload-refused", "the application moved; the edit that follows it lacks a semicolon, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 502,
			spoilt(nginx(), func(text string, to int) string {
				return strings.Replace(text, fmt.Sprint(":", to, ";"), fmt.Sprint(":", to), 1)
			}, nginxRefuses, "the file on disk has the right port and does not load")),
		f("invalid-directive", "the edit that follows the application has a misspelt directive, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 502,
			spoilt(nginx(), func(text string, to int) string {
				return strings.Replace(text, "proxy_pass ", "proxy_read_timout 30s;\n        proxy_pass ", 1)
			}, nginxRefuses, "the file on disk has the right port and a word that nginx does not know")),
		f("invalid-not-running", "nginx does not run at all, because its configuration does not load", vocab.InvalidConfig, "", 0, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr))
			n.write()
			n.past()
			n.Edit(func(text string) string { return strings.Replace(text, "server_name", "sever_name", 1) })
			n.b.age(n.file, time.Hour)
			n.failToStart()
			return n.Quiet("nginx was started and gave up")
		}).withConfig(),
		notApplied(nginx(), "nginx").onNginx(),
		f("not-applied-timeout", "the limit was raised in the file, and nobody has reloaded nginx", vocab.NotApplied, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, steady(b.local()))
			s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")
			n := b.Gateway(s).from(app.Addr).Remember(30, b.asAlways).Run()
			n.Get(1)
			b.later()
			n.Edit(func(text string) string {
				return strings.Replace(text, "proxy_read_timeout 1s", "proxy_read_timeout 10s", 1)
			})
			return n.Scene("the file on disk says 10 s, the running nginx waits 1 s")
		}),
	}
}

// later waits until an edit is visibly later than the start of the processes:
// /proc/stat gives the time of boot, and so the start of a process, in seconds.
func (b *Bench) later() {
	if b.err != nil {
		return
	}
	wait := time.NewTimer(2 * time.Second)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-b.ctx.Done():
		b.fail("cannot wait: %w", b.ctx.Err())
	}
}

// nginxRefuses asks nginx to read a configuration that does not load, and waits
// until it has said so.
func nginxRefuses(g *Gateway) {
	g.Signal(syscall.SIGHUP)
	g.b.until("nginx has refused its configuration", func() bool {
		text, err := os.ReadFile(filepath.Join(g.dir, "logs", "error.log"))
		return err == nil && strings.Contains(string(text), "[emerg]")
	})
}

// failToStart starts nginx and waits until it has given up.
func (n *Nginx) failToStart() {
	if n.b.err != nil {
		return
	}
	p := n.b.Start(command{name: "nginx", path: program(n.b.release("nginx")), argv: "nginx", dir: n.dir, args: []string{"-p", n.dir + "/", "-c", n.conf}, log: filepath.Join(n.dir, "logs", "startup.log")})
	p.Wait()
	// Before it knows its own log, nginx writes to the one it was built with:
	// standard error, on Debian.
	text, err := os.ReadFile(p.Log)
	if n.b.err == nil && (err != nil || !strings.Contains(string(text), "[emerg]")) {
		n.b.fail("cannot make nginx give up: %s", tail(p.Log))
	}
}

func maintenanceFaults() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.Maintenance, Symptom: symptom, Status: status, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		f("maintenance-return", "the location says return 503", vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.Site(name).Via(b, "http", app.Addr)
			s.Pass = "return 503;\n" + s.Pass
			return b.Gateway(s).Run().Scene()
		}),
		f("maintenance-file", "a file turns maintenance on; an error_page tells people", vocab.ProxyInternalResponse, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.Site(name).Via(b, "http", app.Addr)
			b.Write("srv/www/maintenance.html", "<h1>Back soon</h1>\n")
			s.Inside += fmt.Sprintf("root %s/srv/www;\nerror_page 503 @maintenance;\nif (-f %s/srv/www/maintenance.html) { return 503; }\nlocation @maintenance { rewrite ^ /maintenance.html break; }\n", b.Dir, b.Dir)
			return b.Gateway(s).Run().Scene()
		}),
		f("maintenance-all-down", "a person has marked all servers of the upstream \"down\"", vocab.DestinationUnavailable, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			return b.Gateway(b.Site(name).Pool(b, "http", []string{one.Addr + " down", two.Addr + " down"}, "")).Run().Scene()
		}),
		f("maintenance-app", "the application answers 503 with Retry-After and says that it is being maintained", "", 503, func(b *Bench) (Scene, error) {
			return b.answers(backend.Route{Path: "/", Status: 503, Header: map[string]string{"Retry-After": "3600", "Content-Type": "text/html; charset=utf-8"}, Body: "<html><head><title>Down for maintenance</title></head><body><h1>We are down for maintenance</h1><p>Please come back in an hour.</p></body></html>\n"})
		}),
	}
}
