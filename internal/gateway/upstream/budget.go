package upstream

import (
	"math"
	"sync/atomic"
)

// budget allows something per so many requests, on average. It counts in
// thousandths.
type budget struct {
	tokens atomic.Int64
	earn   int64
	cap    int64
}

// maxSaved is how many requests' worth of retries are kept for bad times.
const maxSaved = 5000

func (b *budget) init(share float64, reserve int) {
	if share < 0 {
		share = 0
	}
	b.earn = int64(math.Round(share * 1000))
	b.cap = max(int64(reserve)*1000, b.earn*maxSaved)
	if share > 0 {
		b.tokens.Store(int64(reserve) * 1000)
	}
}

// request earns one request's share.
func (b *budget) request() {
	if b.earn > 0 && b.tokens.Load() < b.cap {
		b.tokens.Add(b.earn)
	}
}

// spend takes one, if there is one.
func (b *budget) spend() bool {
	if b.tokens.Add(-1000) >= 0 {
		return true
	}
	b.giveBack()
	return false
}

// giveBack returns one that was not needed.
func (b *budget) giveBack() { b.tokens.Add(1000) }

// Request counts a request that a client made.
func (p *Pool) Request() {
	p.Totals.Requests.Add(1)
	p.retry.request()
	p.hedge.request()
}

// MayRetry spends one retry of which a server may see something; false where the
// pool has none left.
func (p *Pool) MayRetry() bool {
	if p.retry.spend() {
		p.Totals.Retries.Add(1)
		return true
	}
	p.Totals.NoBudget.Add(1)
	return false
}
