package lab

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Puma starts a Rack application. body is the body of its call(env), indented by
// nothing; threads is how many requests it works on at a time.
func (b *Bench) Puma(name, address, body string, args ...string) *Proc {
	dir := b.home(name)
	b.Write(filepath.Join(dir, "config.ru"), "app = lambda do |env|\n  path = env['PATH_INFO']\n  next [200, {'Content-Type' => 'text/plain'}, [\"ok\\n\"]] if path == '/healthz'\n"+indent(body, 2)+"end\nrun app\n")
	bind := "tcp://" + address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		bind = "unix://" + path
	}
	p := b.Start(command{name: name, dir: dir, path: program("puma"), args: append([]string{"-b", bind, "-e", "production"}, args...), user: true, log: filepath.Join(dir, "puma.log")})
	p.Addr = address
	return p.listening()
}

const pumaOK = "[200, {'Content-Type' => 'text/plain'}, [\"ok\\n\"]]\n"

// pumaFaults are Puma behind nginx.
func pumaFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{"nginx", "puma"}, Start: start}
	}
	return []Fault{
		f("down-puma-stopped", "Puma served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Puma(name, pick(b, b.local(), b.socket(name)), pumaOK, "-t", "1:1")
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
			app.End()
			return n.Scene("Puma was stopped with SIGTERM")
		}),
		f("app-puma-raises", "the Rack application raises; Puma answers 500", vocab.AppError, "", 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Puma(name, b.local(), "raise KeyError, 'customer'\n", "-t", "1:1")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene()
		}),
		f("killed-puma", "Puma's master kills a worker that hangs, after --worker-timeout", vocab.WorkerKilled, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			dir := b.home(name)
			// What stops the whole process stops the thread that reports to the master too.
			conf := b.Write(filepath.Join(dir, "puma.rb"), "workers 1\nthreads 1, 1\nworker_check_interval 1\nworker_timeout 3\n")
			app := b.Puma(name, b.local(), "next "+strings.TrimSpace(pumaOK)+" if path != '/stop' && !path.end_with?('report')\nProcess.kill('STOP', Process.pid)\nsleep 60\n"+pumaOK, "-C", conf)
			s := b.Site(name)
			s.path = strings.TrimSuffix(s.Route, "/") + "/report"
			n := b.Gateway(s.Via(b, "http", app.Addr)).Run()
			return n.Scene("the worker stops itself; its master kills it after three seconds")
		}),
		f("exhausted-puma", "Puma's only thread is busy and further requests wait until nginx gives up", vocab.WorkersExhausted, vocab.ConnectionReadTimeout, 504, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Puma(name, b.local(), "sleep 600 if path.end_with?('/nightly')\n"+pumaOK, "-t", "1:1")
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).Run().Served(2)
			b.occupy(nil, "http://"+app.Addr+"/nightly")
			b.until("the thread is busy", func() bool { return n.Get(1).Status == 504 })
			return n.Scene("one request keeps the only thread for ever")
		}),
		{Name: "healthy-puma", Doc: "Puma answers", Status: 200, Healthy: true, Needs: []string{"nginx", "puma"}, Start: func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Puma(name, pick(b, b.local(), b.socket(name)), pumaOK)
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(3).Scene()
		}},
	}
}
