package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Gateway forwards requests. Close it.
type Gateway struct {
	table atomic.Pointer[table]
	log   *accessLog // nil: none
	ring  ring
	meter meter
	via   string // our pseudonym in Via, by which a loop is seen
	start time.Time
	tune  func(*upstream.Settings) // tests hand in connections and clocks; may be nil
	note  func(Notice)

	mu    sync.Mutex // one reload at a time
	conf  *config.Config
	wg    sync.WaitGroup // retired pools that are drained
	bound context.Context
	end   context.CancelFunc
}

// Notice is news about a server, for the gateway's own log.
type Notice struct {
	Time      time.Time
	Pool      string
	Endpoint  string
	Condition string // "up", "away", "hung", …
	Why       string
}

// Options are what a gateway is given beside its configuration.
type Options struct {
	Notify func(Notice)             // told of news; may be nil
	Tune   func(*upstream.Settings) // changes the settings of every pool; may be nil
}

// New returns a gateway for a configuration that config.Check accepted.
func New(c *config.Config, o Options) (*Gateway, error) {
	g := &Gateway{start: time.Now(), tune: o.Tune, note: o.Notify}
	g.bound, g.end = context.WithCancel(context.Background())
	var id [6]byte
	rand.Read(id[:])
	g.via = "1.1 goodgate-" + hex.EncodeToString(id[:])
	if err := g.Reload(c); err != nil {
		g.end()
		return nil, err
	}
	log, err := openLog(c.AccessLog)
	if err != nil {
		g.Close()
		return nil, err
	}
	g.log = log
	return g, nil
}

// Reload makes c the configuration, or changes nothing and says why. Pools whose
// settings stay keep their servers' health and connections; requests under way end
// as they began.
func (g *Gateway) Reload(c *config.Config) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	next, err := g.build(c, g.table.Load())
	if err != nil {
		return err
	}
	old := g.table.Swap(next)
	g.conf = c
	if old != nil {
		g.retire(old, next)
	}
	return nil
}

// Config returns the configuration in force.
func (g *Gateway) Config() *config.Config {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conf
}

// ReopenLog opens the access log again, after a rotation.
func (g *Gateway) ReopenLog() error {
	if g.log == nil {
		return nil
	}
	return g.log.reopen()
}

// Close ends the background work and writes the last lines. The fronts must have
// ended.
func (g *Gateway) Close() error {
	g.end()
	if t := g.table.Load(); t != nil {
		for _, p := range t.pools {
			p.close()
		}
	}
	g.wg.Wait()
	if g.log != nil {
		return g.log.close()
	}
	return nil
}

// Serve answers one request. It returns when the answer is complete, or aborted.
func (g *Gateway) Serve(r *Request, w Responder) {
	h := handlers.Get().(*handler)
	h.g, h.r, h.w = g, r, w
	h.x.Start = time.Now()
	g.meter.active.Add(1)
	h.serve()
	g.meter.active.Add(-1)
	h.x.Total = time.Since(h.x.Start)
	g.record(h)
	if h.pool != nil {
		h.pool.users.Add(-1)
	}
	h.reset()
	handlers.Put(h)
}

var handlers = sync.Pool{New: func() any {
	h := new(handler)
	h.onInterim = h.interim
	return h
}}

// record writes down what became of an exchange.
func (g *Gateway) record(h *handler) {
	g.meter.exchange(&h.x, h.pool)
	if h.x.Failed() {
		g.ring.add(h)
	}
	if g.log != nil {
		g.log.write(&h.x)
	}
}

// handler is one request on its way. It is used again.
type handler struct {
	g *Gateway
	r *Request
	w Responder
	x event.Exchange

	t       *table
	route   *route
	pool    *pool
	out     upstream.Request
	body    upstream.Body
	head    []byte // of out
	held    []byte // the body's beginning
	fields  []Field
	choice  upstream.Choice
	tried   [8]*upstream.Endpoint
	session string // Sticky: a cookie to set
	answer  []byte // the first bytes of a failed answer, for the ring

	onInterim func(int, []http1.Field) // interim: made once, for a method value is an allocation
}

func (h *handler) reset() {
	attempts, head, held, fields := h.x.Attempts[:0], h.head[:0], h.held[:0], h.fields[:0]
	clear(h.x.Attempts)
	clear(h.fields)
	if cap(held) > 64<<10 {
		held = nil
	}
	*h = handler{head: head, held: held, fields: fields, onInterim: h.onInterim}
	h.x.Attempts = attempts
}

// status says what the client gets, and who made it.
func (h *handler) status(code int, by event.Maker) { h.x.Status, h.x.MadeBy = code, by }
