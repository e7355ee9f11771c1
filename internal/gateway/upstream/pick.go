package upstream

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// pick chooses a server and reserves a place at it; nil where none may be asked.
func (p *Pool) pick(c *Choice) *Endpoint {
	var room [16]*Endpoint
	all := p.Endpoints()
	for range len(all) + 1 {
		forgiven := p.forgiven()
		list := candidates(room[:0], all, c.Tried, forgiven, false)
		if len(list) == 0 {
			list = candidates(room[:0], all, c.Tried, forgiven, true) // backups
		}
		if len(list) == 0 {
			return nil
		}
		if c.Once && len(list) > 1 {
			list = steady(list, func(e *Endpoint, now int64) bool { return e.shaky.Load() <= now })
			if p.Settings.Policy != Hash && p.Settings.Policy != Sticky {
				list = steady(list, (*Endpoint).stirs)
			}
		}
		e := p.choose(list, c)
		if e.reserve() { // or somebody was faster
			return e
		}
	}
	return nil
}

// candidates gathers the servers that may be asked. Conditions in forgive do not
// count against a server.
func candidates(list, all, tried []*Endpoint, forgive Condition, backup bool) []*Endpoint {
	for _, e := range all {
		if e.Condition()&^forgive == 0 && e.Backup == backup && !slices.Contains(tried, e) && !e.full() {
			list = append(list, e)
		}
	}
	return list
}

// steady leaves out the servers that are not well, as long as others are: what
// cannot be made again is not what a server is tried with that just failed, or of
// which nothing comes.
func steady(list []*Endpoint, well func(e *Endpoint, now int64) bool) []*Endpoint {
	now := time.Now().UnixNano()
	kept := 0
	for i, e := range list {
		if well(e, now) {
			list[kept], list[i] = list[i], list[kept]
			kept++
		}
	}
	if kept == 0 {
		return list
	}
	return list[:kept]
}

// A pause of stillFactor times the usual answer, and no shorter than stillFloor, is
// enough to look askance at a server. It is far too short to take one out.
const (
	stillFloor  = 3 * time.Millisecond
	stillFactor = 3
)

// stirs reports whether answers come from e, as far as any are waited for. A process
// that was killed holds its sockets until the last of its threads has ended, and one
// that the system does not run reads nothing either: requests go into a buffer and
// are lost with it.
func (e *Endpoint) stirs(now int64) bool {
	if e.awaits.Load() == 0 {
		return true
	}
	usual := time.Duration(e.latency.estimate(now) * float64(time.Second))
	return time.Duration(now-e.stir.Load()) < max(stillFactor*usual, stillFloor)
}

// stillHeld is for how long a request that cannot be made again is kept from a
// server of which nothing comes although several wait, and stillLook how often it is
// looked at.
const (
	stillHeld = 250 * time.Millisecond
	stillLook = time.Millisecond
)

// Await holds a request that cannot be made again while nothing comes from e, for a
// moment: it would wait there as well, in a buffer that is lost where the process is
// ending. It reports whether e is still the one to ask. One request that takes long
// holds nobody, nor does a pause that e is known for.
func (e *Endpoint) Await(ctx context.Context) bool {
	end := time.Now().Add(stillHeld)
	for now := time.Now(); now.Before(end) && e.still(now); now = time.Now() {
		if c := e.Condition(); c&(Away|Gone) != 0 || c != 0 && e.pool.others(e) {
			return false
		}
		t := time.NewTimer(stillLook)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return true
		}
	}
	return e.Condition()&(Away|Gone) == 0
}

// still reports whether several requests wait at e and nothing has come for longer
// than is usual there.
func (e *Endpoint) still(now time.Time) bool {
	if e.awaits.Load() < 2 || e.stirs(now.UnixNano()) { // Fast path
		return false
	}
	e.mu.Lock()
	slowest, ok := e.latency.percentile(0.99)
	e.mu.Unlock()
	return !ok || now.Sub(time.Unix(0, e.stir.Load())) > slowest
}

// sound reports whether e may be asked, and is not on trial.
func (e *Endpoint) sound() bool { return e.Condition() == 0 && e.trial.Load() == 0 }

// forgiven are the conditions that do not count. Where no server is sound, those that
// are out for something they did (failures in a row, a hang, a check that fails) are
// asked rather than none, and beside those on trial. Where nothing listens there is
// nobody to ask.
func (p *Pool) forgiven() Condition {
	for _, e := range p.Endpoints() {
		if e.sound() {
			return 0 // busy, or tried: waiting, or asking it again, is better
		}
	}
	return Ejected | Suspect | Failing
}

func (p *Pool) choose(list []*Endpoint, c *Choice) *Endpoint {
	if len(list) == 1 {
		return list[0]
	}
	switch p.Settings.Policy {
	case RoundRobin:
		return list[byWeight(list, spread(p.turn.Add(1)))]
	case Random:
		return list[byWeight(list, rand.Float64())]
	case Hash, Sticky:
		if c.Key != "" {
			return rendezvous(list, c.Key)
		}
	}
	return leastLoad(p.pair(list))
}

// alike is by how much the scores of two servers may differ without a preference,
// and floor the latency below which differences are noise: without them the one
// that is faster by a hair would get everything.
const (
	alike = 1.5
	floor = 0.001
)

// pair returns two random servers of several. Where weights differ, the first of them
// is the one that weights alone would choose.
func (p *Pool) pair(list []*Endpoint) (x, y *Endpoint, byWeights bool) {
	a := rand.IntN(len(list))
	if byWeights = p.uneven.Load(); byWeights {
		a = byWeight(list, rand.Float64())
	}
	b := rand.IntN(len(list) - 1)
	if b >= a {
		b++
	}
	return list[a], list[b], byWeights
}

// leastLoad is the better of two random servers: as good as the best of all, and
// no two gateways run after the same one.
func leastLoad(x, y *Endpoint, byWeights bool) *Endpoint {
	now := time.Now().UnixNano()
	unknown := max(x.latency.estimate(now), y.latency.estimate(now)) // a new one is as good as the other
	sx, sy := x.score(now, unknown), y.score(now, unknown)
	switch {
	case sy*alike < sx:
		return y
	case sx*alike < sy, byWeights:
		return x
	}
	wx, wy := x.share(now), y.share(now)
	if wx == wy || rand.Float64()*(wx+wy) < wx {
		return x
	}
	return y
}

// spread is the n-th of a sequence that visits [0, 1) evenly (Weyl's), so that
// round robin by weight has no bursts.
func spread(n uint64) float64 {
	const golden = 0x9e3779b97f4a7c15
	return float64(n*golden>>11) / (1 << 53)
}

// byWeight returns which server of list stands at that share of all weights.
func byWeight(list []*Endpoint, at float64) int {
	now := time.Now().UnixNano()
	total := 0.0
	for _, e := range list {
		total += e.share(now)
	}
	at *= total
	for i, e := range list {
		if at -= e.share(now); at < 0 {
			return i
		}
	}
	return len(list) - 1
}

// rendezvous is highest-random-weight hashing: a server that leaves moves only its
// own keys.
func rendezvous(list []*Endpoint, key string) *Endpoint {
	var best *Endpoint
	top := math.Inf(-1)
	for _, e := range list {
		h := hash(e.Address, key)
		u := (float64(h>>11) + 0.5) / (1 << 53)
		if s := -e.Weight / math.Log(u); s > top {
			best, top = e, s
		}
	}
	return best
}

// hash is FNV-1a with a final mix: the same on every gateway, so that several of
// them send a key to the same server.
func hash(a, b string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [2]string{a, b} {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
