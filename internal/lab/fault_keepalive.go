package lab

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func keepaliveFaults() []Fault {
	f := func(name, doc, needs string, args []string, app func(b *Bench, name string) *Proc) Fault {
		return Fault{
			Name: name, Doc: doc, Cause: vocab.KeepaliveRace, Symptom: vocab.ConnectionTerminated, Status: 200, Intermittent: true, Needs: []string{"nginx", needs}, Args: args,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				return b.race(name, app(b, name))
			},
		}
	}
	own := func(announce bool) func(b *Bench, name string) *Proc {
		return func(b *Bench, name string) *Proc {
			return b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 1000, Announce: announce, Routes: []backend.Route{{Path: "/"}}})
		}
	}
	node := func(b *Bench, name string) *Proc {
		return b.Node(name, b.local(), "req.resume();\nreq.on('end', () => res.end('ok\\n'));", "server.keepAliveTimeout = 1000;")
	}
	return []Fault{
		f("keepalive-node", "Node closes idle connections after a second, nginx keeps them for a minute: POSTs fail now and then", "node", nil, node),
		f("keepalive-node-deep", "the same, examined with --deep", "node", []string{"--deep"}, node),
		f("keepalive-announced", "the application closes idle connections after a second and says so in a header", "nginx", nil, own(true)),
		f("keepalive-silent-deep", "the application closes idle connections after a second without a word; examined with --deep", "nginx", []string{"--deep"}, own(false)),
	}
}

// race is a site with a pool of idle connections in front of app, which closes
// them after a second. Some POSTs met the closing.
func (b *Bench) race(name string, app *Proc) (Scene, error) {
	s := b.Site(name)
	s.Pool(b, "http", []string{app.Addr}, "keepalive 8;")
	n := b.Gateway(s)
	n.workers = 1 // the one that is held up below
	n.Run().Served(2)
	for range 2 {
		b.meetClosing(n, app)
	}
	n.Served(1)
	scene, err := n.Quiet("a request that arrives in the instant in which the application closes is lost; POSTs are not repeated")
	scene.Method = http.MethodPost
	return scene, err
}

// meetClosing makes the race happen. Chance may let it not happen on a busy host;
// then it is tried again.
func (b *Bench) meetClosing(n *Nginx, app *Proc) {
	for range 10 {
		if b.err != nil || b.meetOnce(n, app) {
			return
		}
	}
	b.fail("cannot lose a request: ten tries have been answered")
}

// meetOnce holds up the gateway's worker, as happens on a busy host, from before
// the upstream's idle limit until after it. A request waits for it in
// front of the news that the connection has been closed, so it is sent on that
// connection, and lost.
func (b *Bench) meetOnce(n *Nginx, app *Proc) bool {
	c, u, err := b.connect(b.ctx, n.hosts, n.url())
	if err != nil {
		b.fail("cannot ask for %s: %w", n.url(), err)
		return false
	}
	defer c.Close()
	in := bufio.NewReader(c)
	if a := exchange(c, in, http.MethodPost, u, 64, false); a.Status != http.StatusOK {
		b.fail("cannot prepare a lost request: status %d, %v", a.Status, a.Err)
		return false
	}
	wait := time.NewTimer(400 * time.Millisecond)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-b.ctx.Done():
		return false
	}
	pids := n.workerPids()
	if len(pids) != 1 {
		b.fail("cannot hold up the worker: there are %d", len(pids))
		return false
	}
	syscall.Kill(pids[0], syscall.SIGSTOP)
	defer syscall.Kill(pids[0], syscall.SIGCONT)
	if !b.connection(port(app.Addr), established) {
		return false // too late: it has been closed already
	}
	lost := make(chan Answer, 1)
	go func() { lost <- exchange(c, in, http.MethodPost, u, 64, false) }()
	b.until("the upstream has closed its idle connection", func() bool { return b.connection(port(app.Addr), closeWait) })
	syscall.Kill(pids[0], syscall.SIGCONT)
	return (<-lost).Status == http.StatusBadGateway
}

// States of a connection in /proc/PID/net/tcp (include/net/tcp_states.h).
const (
	established = "01"
	closeWait   = "08" // the other side has closed
)

// connection says that a connection of this host to port is in state. The first
// thread, whose table /proc/net is, may be in another network.
func (b *Bench) connection(port int, state string) bool {
	text, err := os.ReadFile("/proc/thread-self/net/tcp")
	if err != nil {
		b.fail("cannot watch connections: %w", err)
		return false
	}
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[2], suffix) && f[3] == state {
			return true
		}
	}
	return false
}
