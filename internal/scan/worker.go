package scan

import (
	"bytes"
	"hash/maphash"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// worker turns blocks of lines into counts. Each worker has its own, which are
// put together at the end: nothing is shared while lines are read.
type worker struct {
	logs    []namedLog // every log that is known
	clocks  []clock    // one per log
	sums    *sums
	tally   dialect.Tally
	rec     dialect.Record
	peel    peeler
	peeled  []byte
	buf     []byte
	rest    func(line []byte) // w.take, made once
	src     *source
	at      where
	base    uint64 // tally.Lines at the beginning of the chunk
	last    int64  // time of the last dated line, Unix nanoseconds
	wrapped time.Time
	since   int64 // Unix nanoseconds; 0: open
	until   int64
	lost    int    // unparsed lines since one was read by another log
	also    []int  // other logs that read lines of this source, the last one first
	bad     uint64 // unparsed lines of the chunk
	samples []Sample

	bucket   *dialect.Minute // of the last line on the slow path
	bucketAt int64

	joins bool // access and error lines of one request may both be there

	// live is told of each failure (its group) or event as it is read. Nil where
	// nobody follows.
	live func(group int32, e *event, line []byte, when int64)
}

// sums is what was counted.
type sums struct {
	status   [1000]uint64
	lines    uint64
	bytes    uint64
	outside  uint64 // lines that the time asked for leaves out
	failed   uint64 // of requests
	errors   uint64 // lines of other logs that tell of a failed request
	masked   uint64 // attempts that a retry made good
	unparsed uint64
	long     uint64 // lines of which only the beginning was read
	undated  uint64 // lines that failed or carry a fact, without a time
	minutes  *minutes
	groups   *table
	access   *traces
	failures *traces
	events   *events
	first    int64 // of dated lines outside of the fast path
	last     int64
}

func newSums(cfg *Config, seed maphash.Seed) *sums {
	s := &sums{minutes: newMinutes(cfg.Since, cfg.Until), groups: newTable(cfg.Groups, seed)}
	limit := traceLimit
	if cfg.Workers > 2 {
		limit = 2 * traceLimit / cfg.Workers
	}
	s.access = &traces{limit: limit, seed: seed}
	s.failures = &traces{limit: limit, seed: seed}
	s.events = newEvents()
	s.groups.moved = func(to []int32) {
		for _, ts := range []*traces{s.access, s.failures} {
			for i := range ts.list {
				ts.list[i].group = to[ts.list[i].group]
			}
		}
	}
	return s
}

const traceLimit = 60_000 // requests of which access and error lines are joined; of more, a sample

func newWorker(logs []namedLog, cfg *Config, seed maphash.Seed) *worker {
	w := &worker{sums: newSums(cfg, seed)}
	w.grow(logs, cfg)
	w.peel = peeler{loc: cfg.Location, now: cfg.Now}
	w.rest = w.take
	w.tally.Minute = w.sums.minutes.at
	w.sums.minutes.grew = func() { w.tally.Current, w.bucket = nil, nil }
	if !cfg.Since.IsZero() {
		w.since = cfg.Since.UnixNano()
	}
	if !cfg.Until.IsZero() {
		w.until = cfg.Until.UnixNano()
	}
	return w
}

// grow takes note of logs that became known since.
func (w *worker) grow(logs []namedLog, cfg *Config) {
	w.logs = logs
	for i := len(w.clocks); i < len(logs); i++ {
		w.clocks = append(w.clocks, clock{log: logs[i].log, loc: cfg.Location, now: cfg.Now})
	}
}

// begin says that the blocks which follow are of a chunk of src.
func (w *worker) begin(src *source, chunk int32) {
	w.src, w.at = src, where{file: src.index, chunk: chunk}
	w.base, w.last = w.tally.Lines, 0
	w.tally.Current = nil // another log may write the zone in another way
	w.bad, w.samples, w.also, w.lost = 0, nil, w.also[:0], 0
}

// end hands what was said about the chunk to its source.
func (w *worker) end() {
	w.src.done(w.at.chunk, w.lines(), w.bad, w.samples)
}

// finish returns everything that was counted.
func (w *worker) finish() *sums {
	w.sums.lines = w.tally.Lines
	w.sums.status = w.tally.Status
	return w.sums
}

// lines returns how many lines the chunk had so far.
func (w *worker) lines() int64 { return int64(w.tally.Lines - w.base) }

// block takes whole lines, each with its newline but for the last of a file.
func (w *worker) block(b []byte) {
	w.sums.bytes += uint64(len(b))
	if w.src.wrapped {
		b = w.unwrap(b)
		if b == nil {
			return
		}
	}
	if access := w.logs[w.src.log].log.Access; access != nil {
		access(b, &w.tally, w.rest) // Fast path.
		return
	}
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		w.tally.Lines++
		w.take(line)
	}
}

// cutLine returns the first line without its newline, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// unwrap takes the wrappers off the lines of a block. For a log with a fast
// path it returns the block that is left; other lines it takes itself, with the
// wrapper's time.
func (w *worker) unwrap(b []byte) []byte {
	fast := w.logs[w.src.log].log.Access != nil
	w.peeled = w.peeled[:0]
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		text := line
		w.wrapped = time.Time{}
		if in, ok := w.peel.peel(line); ok {
			text, w.wrapped = in.text, in.when
		}
		if fast {
			w.peeled = append(append(w.peeled, text...), '\n')
			continue
		}
		w.tally.Lines++
		w.take(text)
		w.wrapped = time.Time{}
	}
	if !fast {
		return nil
	}
	return w.peeled
}
