package scan

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// trace is what is kept of one failed request, so that its access line and its
// error lines are found to be of the same request.
type trace struct {
	hash  uint64 // of the client's address and the request line
	sec   int64  // Unix
	group int32
	conn  uint32 // error lines: the gateway's connection
	peer  uint32 // error lines: hash of the endpoint
}

// traces keeps a bounded number of them. When it is full it keeps those whose
// hash ends in a zero bit more: access and error lines of a request have the
// same hash, so that the rest is a fair sample of joined pairs.
type traces struct {
	limit int
	seed  maphash.Seed
	mask  uint64 // kept are hashes that have none of these bits
	list  []trace
	hash  maphash.Hash
}

func (ts *traces) add(r *dialect.Record, sec int64, group int32) {
	if len(r.Client) == 0 || len(r.Request) == 0 && len(r.Path) == 0 || sec == 0 {
		return
	}
	ts.hash.SetSeed(ts.seed)
	ts.hash.Write(withoutPort(r.Client))
	_ = ts.hash.WriteByte(0)
	if len(r.Request) > 0 {
		ts.hash.Write(r.Request)
	} else {
		ts.hash.Write(r.Method)
		_ = ts.hash.WriteByte(' ')
		ts.hash.Write(r.Path)
	}
	h := ts.hash.Sum64()
	if h&ts.mask != 0 {
		return
	}
	if ts.list == nil {
		ts.list = make([]trace, 0, 1024)
	}
	if len(ts.list) >= ts.limit {
		ts.thin()
		if h&ts.mask != 0 {
			return
		}
	}
	ts.list = append(ts.list, trace{hash: h, sec: sec, group: group, conn: uint32(r.Conn), peer: uint32(maphash.Bytes(ts.seed, r.Endpoint))})
}

// withoutPort cuts the port off a client's address: error logs of some products
// have it, access logs do not.
func withoutPort(client []byte) []byte {
	if i := bytes.LastIndexByte(client, ':'); i > 0 && bytes.IndexByte(client, ':') == i {
		return client[:i]
	}
	return client
}

func (ts *traces) thin() {
	for len(ts.list) >= ts.limit/2 && ts.mask != 1<<40-1 {
		ts.mask = ts.mask<<1 | 1
		ts.list = slices.DeleteFunc(ts.list, func(t trace) bool { return t.hash&ts.mask != 0 })
	}
}

// merge takes over the traces of another worker, whose groups have the
// positions in to here.
func (ts *traces) merge(o *traces, to []int32) {
	ts.mask |= o.mask
	for _, t := range o.list {
		if t.hash&ts.mask == 0 {
			t.group = to[t.group]
			ts.list = append(ts.list, t)
		}
	}
	ts.list = slices.DeleteFunc(ts.list, func(t trace) bool { return t.hash&ts.mask != 0 })
	if len(ts.list) > ts.limit {
		ts.thin()
	}
}

// pair is how often an access line of one group was joined with the error line
// of another, which tells of the last attempt.
type pair struct{ access, failed int32 }

// joined is the outcome of a join. Where the traces are a sample, Of says one
// in how many.
type joined struct {
	pairs   map[pair]uint64
	earlier map[int32]uint64 // error lines of attempts that were followed by another
	of      uint64
}

// maxWait is how long a request may go on after its error line: nginx may try
// the next server after each, and waits 60 s for one by default.
const maxWait = 120

// join matches access lines with error lines of the same request: the same
// client and request line, the error no later than the access line.
func join(access, failed *traces) joined {
	j := joined{pairs: map[pair]uint64{}, earlier: map[int32]uint64{}, of: 1}
	mask := access.mask | failed.mask
	for m := mask; m != 0; m >>= 1 {
		j.of *= 2
	}
	order := func(a, b trace) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.sec, b.sec))
	}
	slices.SortStableFunc(access.list, order)
	slices.SortStableFunc(failed.list, order)
	a, f := access.list, failed.list
	for len(a) > 0 && len(f) > 0 {
		switch {
		case a[0].hash < f[0].hash:
			a = a[1:]
		case a[0].hash > f[0].hash:
			f = f[1:]
		default:
			h := a[0].hash
			na, nf := same(a, h), same(f, h)
			if h&mask == 0 {
				j.request(a[:na], f[:nf])
			}
			a, f = a[na:], f[nf:]
		}
	}
	return j
}

func same(list []trace, hash uint64) int {
	n := 0
	for n < len(list) && list[n].hash == hash {
		n++
	}
	return n
}

// request joins the lines of one client and request line, both sorted by time.
// Attempts of one request have the same connection and different peers.
func (j *joined) request(access, failed []trace) {
	used := make([]bool, len(failed))
	from := 0
	for _, a := range access {
		for from < len(failed) && (used[from] || failed[from].sec < a.sec-maxWait) {
			from++
		}
		if from == len(failed) || failed[from].sec > a.sec+1 {
			continue
		}
		last := from
		used[from] = true
		peers := []uint32{failed[from].peer}
		for i := from + 1; i < min(len(failed), from+64) && failed[i].sec <= a.sec+1 && len(peers) < 16; i++ {
			if used[i] || failed[i].conn != failed[from].conn || slices.Contains(peers, failed[i].peer) {
				continue
			}
			j.earlier[failed[last].group] += j.of
			last, used[i] = i, true
			peers = append(peers, failed[i].peer)
		}
		j.pairs[pair{a.group, failed[last].group}] += j.of
	}
}
