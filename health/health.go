// Package health gives a Go application the two endpoints that a balancer and a
// supervisor ask, and an end that loses no request.
//
// Liveness (/healthz) says only that this process runs: it never depends on
// anything else, because restarting it would mend nothing else. Readiness
// (/readyz) says whether requests should be sent here. It does not fail for a
// dependency that all instances share, unless the application says so: when a
// database is away, taking every instance out of the balancer only turns a slow
// page into a 503.
//
// The endpoints repeat what checks say, which may hold names and addresses: they
// belong where balancers and operators reach them, not on the open internet. What
// must happen before the first request (a cache that is filled, a migration) is an
// [Own] check that fails until then.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Check asks one thing that the application needs. It returns nil where all is
// well, and heeds ctx.
type Check func(ctx context.Context) error

// Scope says whose trouble a failed check is.
type Scope string

// The scopes.
const (
	// Own is something that only this instance has: a file, a port, a warm
	// cache. Readiness fails with it.
	Own Scope = "own"
	// Shared is something that all instances use: a database, another service.
	// It is reported and does not fail readiness.
	Shared Scope = "shared"
)

// Options change what New returns. The zero Options are good.
type Options struct {
	Timeout time.Duration    // for each check; 0: 1 second
	Cache   time.Duration    // for which results are given again; 0: 1 second
	Version string           // reported; may be empty
	Now     func() time.Time // nil: time.Now
}

// Health is the state of one process.
type Health struct {
	opt      Options
	started  time.Time
	draining atomic.Bool

	mu      sync.Mutex
	checks  []check
	last    []Result
	lastAt  time.Time
	running chan struct{} // closed when the checks under way have ended; nil: none
}

type check struct {
	name  string
	scope Scope
	ask   Check
}

// Result is how one check ended.
type Result struct {
	Name    string  `json:"name"`
	Scope   Scope   `json:"scope"`
	Status  string  `json:"status"` // "ok" or "failed"
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Report is what the endpoints answer.
type Report struct {
	Status    string    `json:"status"` // "ok", "degraded", "failed" or "draining"
	Timestamp time.Time `json:"timestamp"`
	Uptime    float64   `json:"uptime"` // seconds
	Version   string    `json:"version,omitempty"`
	Checks    []Result  `json:"checks"`
}

// New returns the health of a process that is ready.
func New(opt Options) *Health {
	if opt.Timeout <= 0 {
		opt.Timeout = time.Second
	}
	if opt.Cache <= 0 {
		opt.Cache = time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Health{opt: opt, started: opt.Now()}
}

// Add adds a check. It is called before the endpoints are asked.
func (h *Health) Add(name string, scope Scope, ask Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, check{name, scope, ask})
}

// Drain makes readiness fail from now on, so that balancers send nothing more.
func (h *Health) Drain() { h.draining.Store(true) }

// Draining reports whether Drain was called.
func (h *Health) Draining() bool { return h.draining.Load() }

// Live answers 200 as long as the process runs.
func (h *Health) Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		write(w, r, http.StatusOK, h.report("ok", nil))
	})
}

// Ready answers 200 where requests should come here, else 503.
func (h *Health) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rep := h.Look(r.Context())
		code := http.StatusOK
		if rep.Status == "failed" || rep.Status == "draining" {
			code = http.StatusServiceUnavailable
		}
		write(w, r, code, rep)
	})
}

// Look runs the checks, or gives the results of a moment ago. However many ask,
// each check runs once at a time.
func (h *Health) Look(ctx context.Context) Report {
	results := h.results(ctx)
	status := "ok"
	for _, r := range results {
		switch {
		case r.Status == "ok":
		case r.Scope == Own:
			status = "failed"
		case status == "ok":
			status = "degraded"
		}
	}
	if h.Draining() {
		status = "draining"
	}
	return h.report(status, results)
}

func (h *Health) report(status string, checks []Result) Report {
	if checks == nil {
		checks = []Result{}
	}
	now := h.opt.Now()
	return Report{Status: status, Timestamp: now.UTC(), Uptime: now.Sub(h.started).Seconds(), Version: h.opt.Version, Checks: checks}
}

// results returns those of the last run, after it ended or the asker left.
func (h *Health) results(ctx context.Context) []Result {
	h.mu.Lock()
	if h.running == nil && (h.lastAt.IsZero() || h.opt.Now().Sub(h.lastAt) >= h.opt.Cache) {
		h.running = make(chan struct{})
		go h.run(h.running, append([]check(nil), h.checks...))
	}
	running, last := h.running, h.last
	h.mu.Unlock()
	if running == nil {
		return last
	}
	select {
	case <-running:
	case <-ctx.Done():
		return last
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// run asks everything at once. A check that does not heed its context is reported
// as failed and left to itself.
func (h *Health) run(done chan struct{}, checks []check) {
	ctx, cancel := context.WithTimeout(context.Background(), h.opt.Timeout)
	defer cancel()
	results := make([]Result, len(checks))
	type answer struct {
		i   int
		err error
	}
	answers := make(chan answer, len(checks))
	begun := h.opt.Now()
	for i, c := range checks {
		results[i] = Result{Name: c.name, Scope: c.scope, Status: "failed", Error: "timed out"}
		go func() { answers <- answer{i, safely(ctx, c.ask)} }()
	}
	for range checks {
		select {
		case a := <-answers:
			r := &results[a.i]
			r.Status, r.Error, r.Seconds = "ok", "", h.opt.Now().Sub(begun).Seconds()
			if a.err != nil {
				r.Status, r.Error = "failed", a.err.Error()
			}
		case <-ctx.Done():
		}
	}
	h.mu.Lock()
	h.last, h.lastAt, h.running = results, h.opt.Now(), nil
	h.mu.Unlock()
	close(done)
}

// safely turns a panic into an error: an endpoint must not take the process down.
func safely(ctx context.Context, ask Check) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return ask(ctx)
}

func write(w http.ResponseWriter, r *http.Request, code int, rep Report) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	if r.Method == http.MethodHead {
		return
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(rep)
}
