package scan

import (
	"cmp"
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

const groupLimit = 500 // (condition, endpoint) pairs told apart

// keeper keeps the first and the last lines of each condition at each endpoint,
// and counts the rest.
type keeper struct {
	keep   int
	groups map[string]*group
	order  []*group
	key    []byte
}

type group struct {
	key         dialect.Key
	endpoint    string
	count       int
	first, last time.Time
	head        []kept
	tail        []kept // ring: the oldest stands at next
	next        int
}

// kept is one line that may become a hit.
type kept struct {
	spot spot
	when time.Time
	line []byte
}

const keptLine = 16 << 10

func (k *keeper) add(key dialect.Key, endpoint []byte, at spot, line []byte, when time.Time) {
	g := k.group(key, endpoint)
	g.count++
	if g.first.IsZero() || when.Before(g.first) {
		g.first = when
	}
	if when.After(g.last) {
		g.last = when
	}
	line = line[:min(len(line), keptLine)]
	if len(g.head) < k.keep {
		g.head = append(g.head, kept{at, when, slices.Clone(line)})
		return
	}
	if len(g.tail) < k.keep {
		g.tail = append(g.tail, kept{at, when, slices.Clone(line)})
		return
	}
	t := &g.tail[g.next]
	t.spot, t.when, t.line = at, when, append(t.line[:0], line...)
	g.next = (g.next + 1) % len(g.tail)
}

func (k *keeper) group(key dialect.Key, endpoint []byte) *group {
	k.key = append(k.key[:0], byte(key), byte(key>>8))
	k.key = append(k.key, endpoint[:min(len(endpoint), 256)]...)
	if g, ok := k.groups[string(k.key)]; ok {
		return g
	}
	if len(k.order) >= groupLimit {
		k.key = k.key[:2]
		endpoint = nil
		if g, ok := k.groups[string(k.key)]; ok {
			return g
		}
	}
	g := &group{key: key, endpoint: string(endpoint[:min(len(endpoint), 256)])}
	k.groups[string(k.key)] = g
	k.order = append(k.order, g)
	return g
}

// finish returns the hits in the order of the file, and the counts, the most
// frequent first.
func (k *keeper) finish(g *gatherer) ([]Hit, []Count) {
	each := k.keep
	if n := len(k.order); n > 0 && 2*each*n > g.opt.MaxHits {
		each = max(1, g.opt.MaxHits/(2*n))
	}
	var lines []struct {
		kept
		key dialect.Key
	}
	var counts []Count
	for _, gr := range k.order {
		tail := slices.Concat(gr.tail[gr.next:], gr.tail[:gr.next])
		head := gr.head[:min(each, len(gr.head))]
		if rest := gr.head[len(head):]; len(tail) < each {
			tail = slices.Concat(rest, tail)
		}
		tail = tail[max(0, len(tail)-each):]
		for _, l := range slices.Concat(head, tail) {
			lines = append(lines, struct {
				kept
				key dialect.Key
			}{l, gr.key})
		}
		counts = append(counts, Count{Condition: g.condition(gr.key).ID, Endpoint: gr.endpoint,
			Count: gr.count, Kept: len(head) + len(tail), First: gr.first, Last: gr.last})
	}
	slices.SortStableFunc(lines, func(a, b struct {
		kept
		key dialect.Key
	}) int {
		return cmp.Or(cmp.Compare(a.spot.file, b.spot.file), cmp.Compare(a.spot.at, b.spot.at))
	})
	slices.SortStableFunc(counts, func(a, b Count) int { return cmp.Compare(b.Count, a.Count) })
	hits := make([]Hit, 0, len(lines))
	for _, l := range lines {
		g.rec.Reset()
		g.log.Line(l.line, &g.rec)
		h := hitOf(&g.rec, l.line)
		h.Place, h.Time, h.Log, h.Condition = l.spot.String(), l.when, g.log.Name, g.condition(l.key).ID
		hits = append(hits, h)
	}
	return hits, counts
}

func (g *gatherer) condition(key dialect.Key) dialect.Condition {
	if int(key) < len(g.log.Conds) {
		return g.log.Conds[key]
	}
	return dialect.Condition{}
}

// hitOf copies a record.
func hitOf(r *dialect.Record, line []byte) Hit {
	return Hit{
		Level: bounded(r.Level), PID: r.PID, TID: r.TID, Conn: r.Conn, Errno: r.Errno, Message: bounded(r.Message),
		Client: bounded(r.Client), Server: bounded(r.Server), Request: bounded(r.Request), Method: bounded(r.Method),
		Path: bounded(r.Path), Sub: bounded(r.Sub), Upstream: bounded(r.Upstream), Endpoint: bounded(r.Endpoint), Host: bounded(r.Host),
		Referrer: bounded(r.Referrer), UserAgent: bounded(r.UserAgent), RequestID: bounded(r.RequestID), Name: bounded(r.Name),
		Status: r.Status, UpStatus: r.UpStatus, UpKnown: r.UpKnown, Masked: r.Masked, Bytes: r.Bytes,
		Seconds: r.Seconds, UpSeconds: r.UpSeconds, Raw: bounded(line),
	}
}

func bounded(b []byte) string { return string(b[:min(len(b), textLimit)]) }
