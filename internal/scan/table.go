package scan

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// failGroup is failures that agree in everything that the report tells apart.
type failGroup struct {
	hash  uint64
	log   int32 // position in the run's logs
	cond  dialect.Key
	code  int16
	made  maker
	names []byte // endpoint, site, route, each ended by NUL
	cut   [3]int32

	count       uint64
	first, last int64 // Unix nanoseconds; 0: not known
	example     []byte
	at          where
}

// maker says who made a status.
type maker uint8

const (
	madeUnknown maker = iota
	madeGateway
	madeApp
	madeMasked // a failed attempt behind an answer that was fine
	madeError  // the line is not of an access log: the gateway says what failed
)

// where is the place of a line before the lines of its file are counted.
type where struct {
	file  int32
	chunk int32
	line  int64 // in the chunk, from 1
}

func (w where) before(o where) bool {
	return cmp.Or(cmp.Compare(w.file, o.file), cmp.Compare(w.chunk, o.chunk), cmp.Compare(w.line, o.line)) < 0
}

const exampleLimit = 1 << 10

// table finds a failure's group without allocating once the group is known. It
// holds at most limit groups: when it is full, the smaller half is folded into
// groups without route, so that totals stay exact and the frequent routes stay
// apart.
type table struct {
	limit   int
	seed    maphash.Seed
	slots   []int32 // position in groups plus one; 0: free
	groups  []failGroup
	free    [][]byte         // buffers of groups that were folded
	moved   func(to []int32) // told the new position of each group
	folded  uint64           // groups that were folded into others
	key     []byte
	cut     [3]int32
	folding bool
}

func newTable(limit int, seed maphash.Seed) *table {
	n := 1
	for n < 2*limit {
		n *= 2
	}
	return &table{limit: limit, seed: seed, slots: make([]int32, n), groups: make([]failGroup, 0, limit)}
}

// names lays the names of a failure out for find.
func (t *table) names(endpoint, site, path []byte) {
	t.key = append(t.key[:0], endpoint[:min(len(endpoint), 256)]...)
	t.cut[0] = int32(len(t.key))
	t.key = append(t.key, site[:min(len(site), 256)]...)
	t.cut[1] = int32(len(t.key))
	t.key = AppendTemplate(t.key, path)
	t.cut[2] = int32(len(t.key))
}

// find returns the position of the group of the failure whose names were laid
// out last, made where it is new.
func (t *table) find(log int32, cond dialect.Key, code int16, made maker) int32 {
	h := maphash.Bytes(t.seed, t.key)
	h = (h ^ uint64(log)<<48 ^ uint64(cond)<<32 ^ uint64(uint16(code))<<16 ^ uint64(made)<<8 ^ uint64(t.cut[0])<<1 ^ uint64(t.cut[1])) * 0x9e3779b97f4a7c15
	mask := uint64(len(t.slots) - 1)
	for i := h >> 20 & mask; ; i = (i + 1) & mask {
		at := t.slots[i]
		if at == 0 {
			if len(t.groups) >= t.limit && !t.folding {
				t.fold()
				return t.find(log, cond, code, made)
			}
			t.groups = append(t.groups, failGroup{hash: h, log: log, cond: cond, code: code, made: made, names: t.buffer(), cut: t.cut})
			t.slots[i] = int32(len(t.groups))
			return int32(len(t.groups) - 1)
		}
		g := &t.groups[at-1]
		if g.hash == h && g.log == log && g.cond == cond && g.code == code && g.made == made && g.cut == t.cut && bytes.Equal(g.names, t.key) {
			return at - 1
		}
	}
}

// buffer returns a copy of the key, in a buffer of a folded group if there is one.
func (t *table) buffer() []byte {
	if n := len(t.free); n > 0 {
		b := t.free[n-1]
		t.free = t.free[:n-1]
		return append(b[:0], t.key...)
	}
	return slices.Clone(t.key)
}

// double makes the index twice as large.
func (t *table) double() {
	t.slots = make([]int32, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for n := range t.groups {
		i := t.groups[n].hash >> 20 & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = int32(n + 1)
	}
}

// fold makes room: the rarer half of the groups loses its route, and where that
// is not enough its endpoint and site too.
func (t *table) fold() {
	old := t.groups
	order := make([]int32, len(old))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(old[b].count, old[a].count) })
	to := make([]int32, len(old))
	t.folding = true
	for _, all := range []bool{false, true} {
		t.groups = make([]failGroup, 0, t.limit)
		clear(t.slots)
		for rank, i := range order {
			t.lay(&old[i], rank >= t.limit/2, all)
			to[i] = t.find(old[i].log, old[i].cond, old[i].code, old[i].made)
			t.groups[to[i]].absorb(&old[i])
		}
		if len(t.groups) <= t.limit*3/4 {
			break
		}
	}
	t.folding = false
	t.folded += uint64(len(old) - len(t.groups))
	if t.moved != nil {
		t.moved(to)
	}
	for i := range old {
		t.free = append(t.free, old[i].names)
	}
	t.free = t.free[:min(len(t.free), t.limit)]
}

// lay lays out the names of g, without its route where strip is set, and
// without any where all is set too.
func (t *table) lay(g *failGroup, strip, all bool) {
	t.key, t.cut = append(t.key[:0], g.names...), g.cut
	if !strip {
		return
	}
	endpoint, site, _ := g.split()
	if all {
		endpoint, site = nil, nil
	}
	t.key = append(append(t.key[:0], endpoint...), site...)
	t.cut[0], t.cut[1] = int32(len(endpoint)), int32(len(t.key))
	t.key = append(t.key, otherRoute...)
	t.cut[2] = int32(len(t.key))
}

func (g *failGroup) split() (endpoint, site, route []byte) {
	return g.names[:g.cut[0]], g.names[g.cut[0]:g.cut[1]], g.names[g.cut[1]:g.cut[2]]
}

// absorb adds what o counted, and takes over its example.
func (g *failGroup) absorb(o *failGroup) {
	if o.count == 0 {
		return
	}
	if g.count == 0 || o.first != 0 && (o.first < g.first || o.first == g.first && o.at.before(g.at)) {
		g.first, g.at = o.first, o.at
		g.example = o.example
	}
	g.last = max(g.last, o.last)
	g.count += o.count
}

// add counts one failure.
func (g *failGroup) add(when int64, line []byte, at where) {
	g.count++
	if g.count == 1 || when != 0 && when < g.first {
		g.first, g.at = when, at
		g.example = append(g.example[:0], line[:min(len(line), exampleLimit)]...)
	}
	g.last = max(g.last, when)
}
