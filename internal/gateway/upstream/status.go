package upstream

import "time"

// Status is what is known about an endpoint.
type Status struct {
	Address   string  `json:"address"`
	Server    string  `json:"server"`
	Condition string  `json:"condition"` // "up", or why it is not asked
	Why       string  `json:"why,omitempty"`
	Trial     bool    `json:"trial,omitempty"`
	Backup    bool    `json:"backup,omitempty"`
	Weight    float64 `json:"weight"`
	Active    int     `json:"active"`
	Most      int     `json:"max_requests,omitempty"` // that may be active; 0: no limit
	Idle      int     `json:"idle_connections"`
	IdleLimit float64 `json:"idle_limit,omitempty"` // seconds after which a connection is not used; 0: not known
	Average   float64 `json:"average"`              // seconds
	P99       float64 `json:"p99,omitempty"`
	Requests  int64   `json:"requests"`
	Failures  int64   `json:"failures"`
	Connects  int64   `json:"connects"`
	Stale     int64   `json:"stale"` // connections that had been closed when they were wanted
	Ejections int64   `json:"ejections"`
	Hangs     int64   `json:"hangs"`
}

// Status returns what is known about e now.
func (e *Endpoint) Status() Status {
	c := &e.counts
	s := Status{Address: e.String(), Server: e.Server, Condition: e.Condition().String(), Trial: e.trial.Load() != 0, Backup: e.Backup, Weight: e.Weight,
		Active: int(e.load.Load()), Most: e.pool.Settings.MaxRequests, Requests: c.Requests.Load(), Failures: c.Failures.Load(), Connects: c.Connects.Load(), Stale: c.Stale.Load(),
		Ejections: c.Ejections.Load(), Hangs: c.Hangs.Load(), Average: e.latency.estimate(time.Now().UnixNano())}
	e.mu.Lock()
	defer e.mu.Unlock()
	s.Idle = len(e.idle)
	s.IdleLimit = e.limit.known().Seconds()
	if d, ok := e.latency.percentile(0.99); ok {
		s.P99 = d.Seconds()
	}
	if s.Condition != "up" {
		s.Why = e.lastWhy
	}
	return s
}

// Drain takes e out, or puts it back. Requests under way end as they began.
func (e *Endpoint) Drain(out bool) {
	if out {
		e.set(Draining, 0, "a person took it out")
	} else {
		e.set(0, Draining, "a person put it back")
	}
}
