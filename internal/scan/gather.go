package scan

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// gatherer turns the lines of one log into an Extract.
type gatherer struct {
	opt   Options
	log   dialect.Log
	out   Extract
	rec   dialect.Record
	clock clock
	small [8 << 10]byte // for probes of a bisection

	place     string // path of the file being read
	start     int64  // offset of the first line read
	lines     int    // lines read of this file
	number    int    // lines before start; -1: not counted
	last      time.Time
	dated     bool // a line of the file had a time
	whole     bool // the first line read is the first of the file
	any       bool // From is set
	hits      keeper
	routes    routes
	firstHit  int // index in hits of this file's first, for numbering
	fileIndex int
}

func newGatherer(path string, log dialect.Log, opt Options) *gatherer {
	g := &gatherer{opt: opt, log: log}
	g.out = Extract{Path: path, Log: log.Name, Kind: log.Kind}
	g.clock = clock{log: log, loc: opt.Location, now: opt.Now}
	g.hits = keeper{keep: opt.Keep, groups: map[string]*group{}}
	g.routes = routes{limit: opt.Routes, index: map[string]*tally{}}
	return g
}

func (g *gatherer) why(r Reason) {
	for _, have := range g.out.Why {
		if have == r {
			return
		}
	}
	g.out.Why = append(g.out.Why, r)
}

// begin starts a file that is read from the offset from.
func (g *gatherer) begin(f io.ReaderAt, path string, from int64, cut bool) {
	g.place, g.start, g.lines = path, from, 0
	g.whole = from == 0
	g.fileIndex++
	g.number = 0
	if from > 0 {
		g.number = countLines(f, from)
	}
	if cut {
		g.why(Cut)
	}
	if !g.any && from > 0 && !cut {
		g.out.From, g.any = g.opt.Since, true
	}
}

// end closes a file.
func (g *gatherer) end(io.ReaderAt) {
	if g.lines > 0 && !g.dated {
		g.why(Undated)
	}
}

// countLines counts the lines before the offset to, or returns -1 where that
// would be more than 64 MiB of reading.
func countLines(f io.ReaderAt, to int64) int {
	if to > 64<<20 {
		return -1
	}
	buf := make([]byte, blockSize)
	n := 0
	for at := int64(0); at < to; {
		k, err := f.ReadAt(buf[:min(int64(len(buf)), to-at)], at)
		n += bytes.Count(buf[:k], newline)
		at += int64(k)
		if err != nil && at < to {
			return -1
		}
	}
	return n
}

var newline = []byte{'\n'}

// line takes one line of the file.
func (g *gatherer) line(line []byte, at int64) bool {
	g.lines++
	g.rec.Reset()
	key := g.log.Line(line, &g.rec)
	when, ok := g.clock.read(g.rec.Stamp)
	switch {
	case ok:
		g.last, g.dated = when, true
	default:
		when = g.last // a line without a time belongs to the one before
	}
	if g.outside(when) {
		return true
	}
	if !g.any && !when.IsZero() {
		g.out.From, g.any = when, true
		if g.whole && !g.opt.Since.IsZero() && when.After(g.opt.Since) {
			g.why(RotatedAway)
		}
	}
	g.out.Lines++
	switch {
	case key == dialect.Unparsed:
		g.unparsed(line)
		return true
	case g.log.Kind == "access":
		g.routes.add(&g.rec, when)
	}
	if g.keeps(key) {
		g.hits.add(key, g.rec.Endpoint, spot{file: g.fileIndex, path: g.place, at: at, number: g.numberOf()}, line, when)
	}
	return true
}

func (g *gatherer) numberOf() int {
	if g.number < 0 {
		return 0
	}
	return g.number + g.lines
}

// outside reports whether a line's time lies outside the window.
func (g *gatherer) outside(when time.Time) bool {
	if when.IsZero() {
		return false
	}
	if !g.opt.Since.IsZero() && when.Before(g.opt.Since) {
		g.whole = false
		if !g.any {
			g.out.From, g.any = g.opt.Since, true
		}
		return true
	}
	return !g.opt.Until.IsZero() && when.After(g.opt.Until)
}

// keeps reports whether a line of this key becomes a hit.
func (g *gatherer) keeps(key dialect.Key) bool {
	if g.opt.All || (g.rec.Status >= 500 && g.log.Kind == "access") {
		return true
	}
	if int(key) >= len(g.log.Conds) {
		return false
	}
	c := &g.log.Conds[key]
	return c.Fails || c.Fact != ""
}

const (
	sampleLines = 5
	textLimit   = 4 << 10
)

func (g *gatherer) unparsed(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	g.out.Unparsed++
	if len(g.out.Sample) < sampleLines {
		g.out.Sample = append(g.out.Sample, string(line[:min(len(line), 300)]))
	}
}

func (g *gatherer) stamp(line []byte) (time.Time, bool) {
	g.rec.Reset()
	g.log.Line(line, &g.rec)
	return g.clock.read(g.rec.Stamp)
}

// finish returns what was gathered.
func (g *gatherer) finish() Extract {
	g.out.Hits, g.out.Counts = g.hits.finish(g)
	g.out.Routes = g.routes.finish()
	g.out.To = g.opt.Until
	if g.opt.Buffered {
		g.why(Buffered)
		g.out.To = g.last
	}
	g.out.Complete = len(g.out.Why) == 0
	return g.out
}

// clock reads stamps and remembers the last: most lines of a busy log have the
// time of the line before.
type clock struct {
	log  dialect.Log
	loc  *time.Location
	now  time.Time
	text [64]byte
	n    int
	when time.Time
	ok   bool
}

func (c *clock) read(stamp []byte) (time.Time, bool) {
	if len(stamp) == 0 || c.log.Time == nil {
		return time.Time{}, false
	}
	if len(stamp) == c.n && string(stamp) == string(c.text[:c.n]) {
		return c.when, c.ok
	}
	c.when, c.ok = c.log.Time(stamp, c.loc, c.now)
	c.n = 0
	if len(stamp) <= len(c.text) {
		c.n = copy(c.text[:], stamp)
	}
	return c.when, c.ok
}

// spot is where a line stands.
type spot struct {
	file   int
	path   string
	at     int64
	number int // 0: not known
}

// String returns "path:line", or "path@offset" where the line is not known.
func (s spot) String() string {
	if s.number > 0 {
		return s.path + ":" + strconv.Itoa(s.number)
	}
	return s.path + "@" + strconv.FormatInt(s.at, 10)
}
