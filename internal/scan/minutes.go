package scan

import (
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// minutes counts per minute, and where a log spans too many of them per hour or
// per day.
type minutes struct {
	since, until int64 // Unix seconds, both inclusive; 0: open
	width        int64 // seconds of a bucket
	index        map[int64]*dialect.Minute
	slab         []dialect.Minute
	outside      dialect.Minute // of all buckets outside the window
	grew         func()         // told when buckets were put together: pointers to them are stale
}

const minuteLimit = 50_000 // more than a month

func newMinutes(since, until time.Time) *minutes {
	m := &minutes{width: 60, index: map[int64]*dialect.Minute{}, outside: dialect.Minute{Mode: dialect.Skipped}}
	if !since.IsZero() {
		m.since = since.Unix()
		if since.Nanosecond() > 0 {
			m.since++
		}
	}
	if !until.IsZero() {
		m.until = until.Unix()
	}
	return m
}

// at returns the bucket of a time.
func (m *minutes) at(unix int64) *dialect.Minute {
	start := floor(unix, m.width)
	if b := m.index[start]; b != nil {
		return b
	}
	if m.since != 0 && start+m.width <= m.since || m.until != 0 && start > m.until {
		return &m.outside
	}
	if len(m.index) >= minuteLimit {
		m.widen()
		return m.at(unix)
	}
	return m.make(start)
}

func (m *minutes) make(start int64) *dialect.Minute {
	if len(m.slab) == 0 {
		m.slab = make([]dialect.Minute, 256)
	}
	b := &m.slab[0]
	m.slab = m.slab[1:]
	if m.since != 0 && start < m.since || m.until != 0 && start+m.width-1 > m.until {
		b.Mode = dialect.Asked
	}
	m.index[start] = b
	return b
}

// widen puts buckets together: 60 s, an hour, a day, then a hundred days.
func (m *minutes) widen() {
	old := m.index
	switch m.width {
	case 60:
		m.width = 3600
	case 3600:
		m.width = 86400
	default:
		m.width *= 100
	}
	m.index, m.slab = map[int64]*dialect.Minute{}, nil
	for start, b := range old {
		m.add(start, b)
	}
	if m.grew != nil {
		m.grew()
	}
}

// add takes over what another bucket counted.
func (m *minutes) add(start int64, o *dialect.Minute) {
	start = floor(start, m.width)
	b := m.index[start]
	if b == nil {
		b = m.make(start)
	}
	b.Requests += o.Requests
	b.Failures += o.Failures
	b.Errors += o.Errors
	failedAt(b, o.First)
}

func (m *minutes) merge(o *minutes) {
	for m.width < o.width {
		m.widen()
	}
	for start, b := range o.index {
		m.add(start, b)
		if len(m.index) > minuteLimit {
			m.widen()
		}
	}
}

func floor(n, width int64) int64 {
	r := n % width
	if r < 0 {
		r += width
	}
	return n - r
}

// failedAt notes the time of a failure.
func failedAt(m *dialect.Minute, unix int64) {
	if unix != 0 && (m.First == 0 || unix < m.First) {
		m.First = unix
	}
}
