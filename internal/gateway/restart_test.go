package gateway_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// application is a real server that writes down each POST that it carries out.
type application struct {
	name    string
	program string
	files   map[string]string
	args    func(dir string, port int) []string
	signal  syscall.Signal // asks for a graceful restart
	stays   bool           // it starts its successors itself; else it ends and is started again
	change  func(dir string, u *config.Upstream)
}

// diary is the file into which applications write what they carried out.
const diary = "diary"

var applications = []application{
	{name: "go", program: os.Args[0], signal: syscall.SIGTERM, args: func(string, int) []string { return nil }},
	{name: "node", program: "node", signal: syscall.SIGTERM, args: func(dir string, port int) []string { return []string{dir + "/app.js", fmt.Sprint(port)} }, files: map[string]string{"app.js": `
const http = require('http'), fs = require('fs');
const s = http.createServer((q, r) => {
  const got = []; q.on('data', d => got.push(d)); q.on('end', () => {
    if (q.method === 'POST') fs.appendFileSync(__dirname + '/diary', Buffer.concat(got) + '\n');
    r.end('done');
  });
}).listen(+process.argv[2], '127.0.0.1');
process.on('SIGTERM', () => s.close());
`}},
	{name: "gunicorn sync", program: "gunicorn", signal: syscall.SIGHUP, stays: true, files: wsgi, args: func(dir string, port int) []string {
		return []string{"--chdir", dir, "-b", fmt.Sprintf("127.0.0.1:%d", port), "-w", "2", "--log-level", "critical", "app:app"}
	}},
	{name: "gunicorn gthread", program: "gunicorn", signal: syscall.SIGHUP, stays: true, files: wsgi, args: func(dir string, port int) []string {
		return []string{"--chdir", dir, "-b", fmt.Sprintf("127.0.0.1:%d", port), "-w", "2", "-k", "gthread", "--threads", "4", "--log-level", "critical", "app:app"}
	}},
	{name: "php-fpm", program: "php-fpm", signal: syscall.SIGUSR2, stays: true, files: map[string]string{
		"index.php": `<?php if ($_SERVER['REQUEST_METHOD'] === 'POST') file_put_contents(__DIR__ . '/diary', file_get_contents('php://input') . "\n", FILE_APPEND); echo 'done';`,
		"fpm.conf":  "[global]\nerror_log=/dev/null\ndaemonize=no\nprocess_control_timeout=10s\n[www]\nlisten=127.0.0.1:$PORT\nuser=root\ngroup=root\npm=static\npm.max_children=4\n",
	}, args: func(dir string, _ int) []string { return []string{"-n", "-F", "-R", "-y", dir + "/fpm.conf"} },
		change: func(dir string, u *config.Upstream) { u.Protocol, u.Root, u.Index = "fastcgi", dir, "index.php" }},
}

var wsgi = map[string]string{"app.py": `
import os
def app(env, start):
    body = env['wsgi.input'].read(int(env.get('CONTENT_LENGTH') or 0))
    if env['REQUEST_METHOD'] == 'POST':
        with open(os.path.dirname(os.path.abspath(__file__)) + '/diary', 'ab') as f:
            f.write(body + b'\n')
    start('200 OK', [('Content-Length', '4')])
    return [b'done']
`}

// goApplication is this binary as a server, until SIGTERM. TestMain calls it.
func goApplication(address, dir string) {
	s := &http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil {
			return
		} else if r.Method == "POST" {
			f, err := os.OpenFile(filepath.Join(dir, diary), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				panic(err)
			}
			f.Write(append(body, '\n'))
			f.Close()
		}
		io.WriteString(w, "done")
	})}
	ended := make(chan error)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { <-ctx.Done(); ended <- s.Shutdown(context.Background()) }()
	if err := s.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-ended
}

// run starts a on a port and waits until it accepts connections.
func (a *application) run(t *testing.T, program, dir string, port int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, a.args(dir, port)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOODGATE_TEST_SERVER=127.0.0.1:%d", port), "GOODGATE_TEST_DIR="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			return cmd
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("%s does not listen", a.name)
		}
	}
}

// TestApplicationsRestart restarts real servers the way they call graceful, under GET
// and POST. No request fails that need not, and none is carried out twice.
func TestApplicationsRestart(t *testing.T) {
	for _, a := range applications {
		t.Run(a.name, func(t *testing.T) {
			program := installed(t, a.program)
			dir := t.TempDir()
			var ports []int
			var running []*exec.Cmd
			for i := range 2 {
				ports = append(ports, freePort(t))
				for name, text := range a.files {
					if i > 0 && name == "fpm.conf" {
						name = "fpm2.conf"
					}
					if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "$PORT", fmt.Sprint(ports[i]))), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if i > 0 && a.stays {
					break // the one restarts itself and is never away
				}
				running = append(running, a.run(t, program, dir, ports[i]))
			}
			defer func() {
				for _, cmd := range running {
					cmd.Process.Signal(syscall.SIGTERM)
					cmd.Wait()
				}
			}()
			s := newSite(t, upstreamOf(func(u *config.Upstream) {
				u.Servers = nil
				for i := range running {
					u.Servers = append(u.Servers, config.Server{URL: fmt.Sprintf("127.0.0.1:%d", ports[i])})
				}
				if a.change != nil {
					a.change(dir, u)
				}
			}))
			load := s.traffic()
			for round := range 4 {
				load.more(150)
				i := round % len(running)
				running[i].Process.Signal(a.signal)
				if !a.stays {
					running[i].Wait()
					running[i] = a.run(t, program, dir, ports[i])
				}
			}
			load.more(300)
			load.check(s, filepath.Join(dir, diary))
		})
	}
}

// traffic is GETs and POSTs from several clients, close together and far apart.
type traffic struct {
	stop  chan struct{}
	wg    sync.WaitGroup
	asked atomic.Int64
}

func (s *site) traffic() *traffic {
	l := &traffic{stop: make(chan struct{})}
	for client := range 6 {
		l.wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-l.stop:
					return
				case <-time.After(time.Duration(rand.IntN(1+client*5)) * time.Millisecond):
				}
				method, body := "GET", ""
				if n%2 == 0 {
					method, body = "POST", fmt.Sprintf("%d-%d", client, n)
				}
				if code, text, _ := s.ask(method, "/", body); code == 200 && text != "done" {
					s.t.Errorf("%s %s: %q", method, body, text)
				}
				l.asked.Add(1)
			}
		})
	}
	return l
}

// more waits until n more requests have ended.
func (l *traffic) more(n int64) {
	for until := l.asked.Load() + n; l.asked.Load() < until; {
		time.Sleep(time.Millisecond)
	}
}

// check fails for each request that failed and need not have. What a server does when
// it ends may lose a POST that it had accepted: Node resets what it has not read,
// gunicorn's threads do, and Go's Shutdown knows nothing of a connection that was
// accepted that very moment, whose request it may have carried out.
func (l *traffic) check(s *site, diary string) {
	s.t.Helper()
	close(l.stop)
	l.wg.Wait()
	b, err := os.ReadFile(diary)
	if err != nil {
		s.t.Fatal(err)
	}
	done := map[string]bool{}
	for _, id := range strings.Fields(string(b)) {
		if done[id] {
			s.t.Errorf("POST %s was carried out twice", id)
		}
		done[id] = true
	}
	lost := 0
	for _, one := range s.lines(int(l.asked.Load())) {
		if one.Status == 200 {
			continue
		}
		lost++
		if last := len(one.Attempts) - 1; one.Method != "POST" || last < 0 || one.Attempts[last].Symptom != "connection_terminated" || one.Attempts[last].Phase != "header" {
			s.t.Errorf("it need not have failed: %+v", one)
		}
	}
	s.t.Logf("%d requests, %d POSTs lost with their connections, %d carried out", l.asked.Load(), lost, len(done))
}

// installed returns the program, or skips.
func installed(t *testing.T, name string) string {
	t.Helper()
	if name == "php-fpm" {
		return phpfpm(t)
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	why := name + " is not installed: scripts/install-peers " + name
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
