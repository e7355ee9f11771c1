package scan

import (
	"cmp"
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// routes tallies the requests of an access log per endpoint, site and route.
type routes struct {
	limit int
	index map[string]*tally
	order []*tally
	key   []byte
}

type tally struct {
	Route
	seconds, up, failed histogram
	early               *histogram // seconds as it stood at the first failure
}

// otherRoute is the name under which routes beyond a bound are counted.
const otherRoute = "other"

func (rs *routes) add(r *dialect.Record, when time.Time) {
	t := rs.tally(r)
	unsafe := !safe(r.Method)
	t.Masked += r.Masked
	switch {
	case r.Status == 499 || r.Status == 0:
		t.Gone++
	case r.Status >= 500:
		t.fail(r, when, unsafe)
	default:
		t.OK++
		if unsafe {
			t.OKUnsafe++
		}
		widen(&t.FirstOK, &t.LastOK, when)
		t.seconds.add(r.Seconds)
		t.up.add(r.UpSeconds)
	}
}

func (t *tally) fail(r *dialect.Record, when time.Time, unsafe bool) {
	if t.Failed == 0 {
		early := t.seconds.clone()
		t.early = &early
	}
	t.Failed++
	if unsafe {
		t.FailedUnsafe++
	}
	if r.UpKnown && r.UpStatus == r.Status {
		t.Passed++
	}
	widen(&t.FirstFailed, &t.LastFailed, when)
	t.failed.add(r.Seconds)
}

func (rs *routes) tally(r *dialect.Record) *tally {
	site := r.Server
	if len(site) == 0 {
		site = r.Host
	}
	endpoint := r.Endpoint[:min(len(r.Endpoint), 256)]
	site = site[:min(len(site), 256)]
	rs.key = append(rs.key[:0], endpoint...)
	rs.key = append(rs.key, 0)
	rs.key = append(rs.key, site...)
	rs.key = append(rs.key, 0)
	cut := len(rs.key)
	rs.key = AppendTemplate(rs.key, r.Path)
	if t, ok := rs.index[string(rs.key)]; ok {
		return t
	}
	route := string(rs.key[cut:])
	if len(rs.order) >= rs.limit {
		rs.key = append(rs.key[:0], otherRoute...)
		if t, ok := rs.index[otherRoute]; ok {
			return t
		}
		endpoint, site, route = nil, nil, otherRoute
	}
	t := &tally{Route: Route{Endpoint: string(endpoint), Site: string(site), Route: route}}
	rs.index[string(rs.key)] = t
	rs.order = append(rs.order, t)
	return t
}

// finish returns the tallies, the most failures first, then the most requests.
func (rs *routes) finish() []Route {
	out := make([]Route, 0, len(rs.order))
	for _, t := range rs.order {
		t.Seconds, t.UpSeconds, t.FailedSeconds = t.seconds.durations(), t.up.durations(), t.failed.durations()
		if t.early != nil {
			t.EarlySeconds = t.early.durations()
		}
		out = append(out, t.Route)
	}
	slices.SortStableFunc(out, func(a, b Route) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.OK, a.OK))
	})
	return out
}

func widen(first, last *time.Time, when time.Time) {
	if when.IsZero() {
		return
	}
	if first.IsZero() || when.Before(*first) {
		*first = when
	}
	if when.After(*last) {
		*last = when
	}
}

// safe reports whether the method promises to change nothing (RFC 9110 section
// 9.2.1). A request whose method is not known counts as safe.
func safe(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "":
		return true
	}
	return false
}
