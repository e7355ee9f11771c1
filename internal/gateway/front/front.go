// Package front speaks with clients and hands their requests to the gateway's core.
// HTTP/1.1 is an engine of its own over wire/http1, with and without TLS; HTTP/2 is
// net/http's. An idle connection costs a goroutine and no buffer; limits of time
// are looked after by one goroutine for all connections.
package front

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// Front serves clients. It is used by one gateway.
type Front struct {
	core       func(*gateway.Request, gateway.Responder)
	limits     config.Limits
	complaints *log.Logger
	room       chan struct{} // nil: no limit of connections
	server     *http.Server  // HTTP/2
	second     *handed       // what server accepts
	clock      clock
	parting    atomic.Bool // answers end their connections
	closing    atomic.Bool // listeners take what has connected, and then no more
	stopping   atomic.Bool
	stopped    chan struct{}

	wg sync.WaitGroup // connections, handlers of HTTP/2, the watcher

	mu        sync.Mutex
	listeners map[net.Listener]bool
	first     *conn // all connections but those that were handed over
	count     int
	started   bool // the watcher and the server run
	ended     bool
}

// New returns a front for g. complaints takes what is wrong beyond one request; nil
// drops it.
func New(g *gateway.Gateway, limits config.Limits, complaints *log.Logger) *Front {
	if complaints == nil {
		complaints = log.New(io.Discard, "", 0)
	}
	f := &Front{core: g.Serve, limits: limits, complaints: complaints, listeners: map[net.Listener]bool{}, stopped: make(chan struct{})}
	if limits.Connections > 0 {
		f.room = make(chan struct{}, limits.Connections)
	}
	f.second = &handed{conns: make(chan net.Conn), done: make(chan struct{})}
	f.server = newServer(f, complaints)
	f.clock.set(time.Now())
	return f
}

// Protocols are what a listener of TLS offers (RFC 7301), best first. A client that
// names only what is not among them is turned away by crypto/tls, and HTTP/1.0 is served.
func Protocols() []string { return []string{"h2", "http/1.1", "http/1.0"} }

// Serve takes connections from l until Stop. A listener of TLS brings its own
// configuration.
func (f *Front) Serve(l net.Listener) error {
	if !f.begin(l) {
		l.Close()
		return nil
	}
	defer f.close(l)
	var pause time.Duration
	for {
		c, err := l.Accept()
		if err == nil {
			pause = 0
			if !f.enter() {
				c.Close()
				return nil
			}
			f.take(c)
			continue
		}
		if f.stopping.Load() || f.closing.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if t, ok := err.(interface{ Temporary() bool }); !ok || !t.Temporary() {
			return err
		}
		// No descriptors, or no memory: others give some back.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		ended := f.shed(f.clock.now.Load())
		f.complaints.Printf("cannot accept a connection, ending %d that do nothing and trying again in %v: %v", ended, pause, err)
		time.Sleep(pause)
	}
}

// begin registers l and starts what runs beside the listeners.
func (f *Front) begin(l net.Listener) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return false
	}
	f.listeners[l] = true
	if !f.started {
		f.started = true
		f.second.addr = l.Addr()
		f.wg.Go(f.watch)
		f.wg.Go(func() {
			if err := f.server.Serve(f.second); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				f.complaints.Printf("HTTP/2 ended: %v", err)
			}
		})
	}
	return true
}

func (f *Front) close(l net.Listener) {
	l.Close()
	f.mu.Lock()
	delete(f.listeners, l)
	f.mu.Unlock()
}

// enter waits for a place for a connection; false at the end. Clients beyond the limit
// stand in the kernel's queue, but for one of each listener: a place that a listener
// held while nobody comes would be missing at the others.
func (f *Front) enter() bool {
	if f.room == nil {
		return true
	}
	select {
	case f.room <- struct{}{}:
		return true
	case <-f.stopped:
		return false
	}
}

// leave gives back the place of a connection.
func (f *Front) leave() {
	if f.room != nil {
		<-f.room
	}
}

// take serves a connection.
func (f *Front) take(n net.Conn) {
	c := newConn(f, n)
	f.mu.Lock()
	if f.ended {
		f.mu.Unlock()
		n.Close()
		f.leave()
		return
	}
	c.next = f.first
	if c.next != nil {
		c.next.prev = c
	}
	f.first = c
	f.count++
	f.wg.Add(1)
	f.mu.Unlock()
	go c.run()
}

// forget takes c from the list of connections.
func (f *Front) forget(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.forgotten {
		return
	}
	c.forgotten = true
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		f.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.next, c.prev = nil, nil
	f.count--
}

// Part makes every answer from now on the last one of its connection, and says so
// (RFC 9112 section 9.6): a connection that Stop closes on its own may meet the request
// that is on its way. New connections are taken as before.
func (f *Front) Part() { f.parting.Store(true) }

// Settle waits until no connection of HTTP/1.1 is left, or ctx ends. After Part each ends
// with its next answer, so that those on which requests come end by themselves and lose
// none. HTTP/2 needs no such time: its clients are told which requests were not taken.
func (f *Front) Settle(ctx context.Context) {
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for f.left() > 0 {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// left returns how many connections of HTTP/1.1 there are.
func (f *Front) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Stop closes the listeners and waits for the requests under way until ctx ends;
// then it breaks off what is left.
func (f *Front) Stop(ctx context.Context) error {
	f.Part()
	f.refuse(ctx)
	f.end()
	second := make(chan error, 1)
	go func() { second <- f.server.Shutdown(ctx) }()
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	var err error
	for f.closeIdle() > 0 && err == nil {
		select {
		case <-t.C:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if e := <-second; e != nil {
		err = e
		f.server.Close()
	}
	if err != nil {
		f.breakOff()
	}
	f.second.Close()
	return err
}

// lastCalls is for how long listeners take what has connected before they are closed:
// with its listener the kernel resets what nobody has taken yet.
const lastCalls = 10 * time.Millisecond

// refuse lets the listeners end that can be told when.
func (f *Front) refuse(ctx context.Context) {
	f.closing.Store(true)
	f.mu.Lock()
	list := slices.Collect(maps.Keys(f.listeners))
	f.mu.Unlock()
	others := 0 // that cannot
	for _, l := range list {
		if d, ok := l.(interface{ SetDeadline(time.Time) error }); !ok || d.SetDeadline(time.Now().Add(lastCalls)) != nil {
			others++
		}
	}
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for end := time.Now().Add(10 * lastCalls); time.Now().Before(end) && ctx.Err() == nil; <-t.C {
		f.mu.Lock()
		left := len(f.listeners)
		f.mu.Unlock()
		if left <= others {
			return
		}
	}
}

// end lets no new connection in.
func (f *Front) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.ended = true
		f.parting.Store(true)
		f.stopping.Store(true)
		close(f.stopped)
	}
	for l := range f.listeners {
		l.Close()
	}
}

// newcomer is for how long a connection is new: its first request is on its way.
const newcomer = 150 * time.Millisecond

// closeIdle closes connections on which no request is under way, and returns how
// many are left.
func (f *Front) closeIdle() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := time.Now().Add(-newcomer).UnixNano()
	for c := f.first; c != nil; c = c.next {
		if state(c.state.Load()) != fresh || c.since.Load() < old {
			c.closeIdle()
		}
	}
	return f.count
}

// unused is for how long a connection has done nothing that may be ended for want of
// descriptors: nobody is in the middle of coming back to it.
const unused = time.Second

// shed closes those connections that have been idle for longest, a sixteenth of all, so
// that clients with a request get in, and returns how many they are.
func (f *Front) shed(now int64) (ended int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var idlers []*conn
	for c := f.first; c != nil; c = c.next {
		switch state(c.state.Load()) {
		case fresh, idle, resting:
			if now-c.since.Load() > int64(unused) {
				idlers = append(idlers, c)
			}
		}
	}
	slices.SortFunc(idlers, func(a, b *conn) int { return cmp.Compare(a.since.Load(), b.since.Load()) })
	for _, c := range idlers {
		if ended > f.count/16 {
			break
		}
		if c.closeIdle() {
			ended++
		}
	}
	return ended
}

func (f *Front) breakOff() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := f.first; c != nil; c = c.next {
		c.cancel()
		c.s.Close()
	}
}

// Wait returns when no handler runs any more, upgraded connections included. The
// gateway must have been told to end them.
func (f *Front) Wait() { f.wg.Wait() }
