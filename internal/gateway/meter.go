package gateway

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// meter counts exchanges as they end, without locks on the way of a request.
type meter struct {
	active  atomic.Int64
	tunnels atomic.Int64
	other   poolMeter // requests that no pool got
}

// bounds of the histogram of durations, in seconds.
var bounds = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// poolMeter counts the exchanges of a pool.
type poolMeter struct {
	classes  [6]atomic.Int64 // by the hundreds of the status; 0: none was sent
	made     [3]atomic.Int64 // 5xx by their maker: upstream, gateway, client
	buckets  [len(bounds) + 1]atomic.Int64
	sum      atomic.Int64 // nanoseconds
	received atomic.Int64
	sent     atomic.Int64
	masked   atomic.Int64 // failed attempts behind a good answer
	held     atomic.Int64 // nanoseconds of waiting for a server

	mu       sync.Mutex
	failures map[vocab.Symptom]int64 // of requests
	attempts map[vocab.Symptom]int64 // of attempts
}

// exchange counts x.
func (m *meter) exchange(x *event.Exchange, p *pool) {
	t := &m.other
	if p != nil {
		t = &p.meter
	}
	class := x.Status / 100
	if class > 5 || class < 0 || x.Status == 499 {
		class = 0
	}
	t.classes[class].Add(1)
	t.sum.Add(int64(x.Total))
	t.buckets[bucketOf(x.Total)].Add(1)
	t.received.Add(x.Received)
	t.sent.Add(x.Sent)
	if x.Held > 0 {
		t.held.Add(int64(x.Held))
	}
	if class == 5 || x.Cut {
		i := 0
		switch x.MadeBy {
		case event.Gateway:
			i = 1
		case event.Client:
			i = 2
		}
		t.made[i].Add(1)
	}
	if x.Symptom != "" || len(x.Attempts) > 1 { // Slow path
		t.slow(x)
	}
}

func (t *poolMeter) slow(x *event.Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failures == nil {
		t.failures, t.attempts = map[vocab.Symptom]int64{}, map[vocab.Symptom]int64{}
	}
	if x.Symptom != "" && (x.MadeBy != event.Client || x.Symptom == vocab.HTTPRequestError) { // a client that leaves is no failure
		t.failures[x.Symptom]++
	}
	for i := range x.Attempts {
		if s := x.Attempts[i].Symptom; s != "" {
			t.attempts[s]++
			if !x.Failed() {
				t.masked.Add(1)
			}
		}
	}
}

func bucketOf(d time.Duration) int {
	s := d.Seconds()
	for i, b := range bounds {
		if s <= b {
			return i
		}
	}
	return len(bounds)
}
