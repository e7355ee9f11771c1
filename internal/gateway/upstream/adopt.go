package upstream

// Adopt takes over what old knows of the servers that both have: whom a person took
// out, who is away or failing, how long connections may be idle, how fast each
// answers. It is called before the pool gets requests.
func (p *Pool) Adopt(old *Pool) {
	for _, e := range p.Endpoints() {
		if o := counterpart(old.Endpoints(), e); o != nil {
			e.adopt(o)
		}
	}
}

// counterpart returns the endpoint at the same address, however it is weighted or named.
func counterpart(list []*Endpoint, e *Endpoint) *Endpoint {
	for _, o := range list {
		if o.Network == e.Network && o.Address == e.Address {
			return o
		}
	}
	return nil
}

// adopt takes over o's condition, as far as e can come out of it by itself: a hang is
// found again within moments.
func (e *Endpoint) adopt(o *Endpoint) {
	o.mu.Lock()
	why, ejects, backAt, slow, limit := o.lastWhy, o.ejects, o.backAt, o.slow, o.limit
	limit.pending = append([]closing(nil), limit.pending...)
	buckets, n := o.latency.buckets, o.latency.n
	o.mu.Unlock()
	was := o.Condition()
	e.mu.Lock()
	e.slow, e.limit = slow, limit
	e.latency.buckets, e.latency.n = buckets, n
	e.latency.ewma.Store(o.latency.ewma.Load())
	e.latency.at.Store(o.latency.at.Load())
	if was&Ejected != 0 {
		e.ejects, e.backAt = ejects, backAt
		e.ailing.Store(true)
	}
	keep := was & (Draining | Ejected)
	if e.pool.Settings.Check != nil {
		keep |= was & Failing
		if was&Unborn == 0 {
			e.condition.And(^uint32(Unborn)) // it was asked before
		}
	}
	if keep != 0 {
		e.lastWhy = why
		e.condition.Or(uint32(keep)) // no news: nobody is told
	}
	e.mu.Unlock()
	if was&Away != 0 {
		e.goneAway(why)
	}
}
