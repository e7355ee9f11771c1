package scan

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

const textBound = 16 << 20

// Text recognises each line of a mixed text by itself, as pasted into `explain
// -`: lines of several products, in wrappers (docker json-file, CRI, journalctl
// -o json and short, syslog, compose), with fragments between. A line that the
// dialects do not explain by itself is tried as the continuation of the one
// before, which a mail program may have broken.
func Text(r io.Reader, dialects []dialect.Dialect, opt Options) (Texts, error) {
	opt = opt.withDefaults()
	b, err := io.ReadAll(io.LimitReader(r, textBound+1))
	t := Texts{Cut: len(b) > textBound}
	b = b[:min(len(b), textBound)]
	rd := &reader{opt: opt, logs: flatten(dialects), peel: peeler{loc: opt.Location, now: opt.Now}}
	number := 0
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		number++
		line = bytes.TrimRight(line, "\r")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		t.Lines++
		rd.take(&t, line, number)
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return t, err
	}
	return t, nil
}

// namedLog is one log of one product.
type namedLog struct {
	product string
	log     dialect.Log
}

func flatten(dialects []dialect.Dialect) []namedLog {
	var logs []namedLog
	for _, d := range dialects {
		for _, l := range d.Logs {
			if l.Line != nil {
				logs = append(logs, namedLog{d.Name, l})
			}
		}
	}
	return logs
}

type reader struct {
	opt        Options
	logs       []namedLog
	rec        dialect.Record
	peel       peeler
	before     []byte // the line before, where it may go on
	unread     bool   // the line before was not read
	beforeLine int
}

func (rd *reader) take(t *Texts, line []byte, number int) {
	found, ok := rd.recognise(line)
	if ok && found.Known {
		rd.before, rd.beforeLine, rd.unread = line, number, false
		found.Line, found.Place = number, "line "+strconv.Itoa(number)
		t.Reads = append(t.Reads, found)
		return
	}
	// A line broken in two: the whole says more than its halves.
	if len(rd.before) > 0 && len(rd.before)+len(line) < 8<<10 {
		for _, glue := range []string{" ", ""} {
			whole := slices.Concat(rd.before, []byte(glue), bytes.TrimLeft(line, " \t>"))
			joined, jok := rd.recognise(whole)
			if jok && joined.Known && !ok && rd.replaces(t, joined) {
				rd.before, rd.unread = whole, false
				return
			}
		}
	}
	if ok {
		rd.before, rd.beforeLine, rd.unread = line, number, false
		found.Line, found.Place = number, "line "+strconv.Itoa(number)
		t.Reads = append(t.Reads, found)
		return
	}
	rd.before, rd.beforeLine, rd.unread = line, number, true
	t.Unread++
	if len(t.Sample) < sampleLines {
		t.Sample = append(t.Sample, string(line[:min(len(line), 300)]))
	}
}

// replaces puts joined in the place of the line before, where that line alone
// said less.
func (rd *reader) replaces(t *Texts, joined Read) bool {
	if rd.unread {
		t.Unread--
		t.Sample = t.Sample[:max(0, min(len(t.Sample), t.Unread))]
		joined.Line = rd.beforeLine
		joined.Place = "line " + strconv.Itoa(joined.Line)
		t.Reads = append(t.Reads, joined)
		return true
	}
	last := &t.Reads[len(t.Reads)-1]
	if last.Known && last.Log == joined.Log && last.Condition == joined.Condition && fields(last.Hit) >= fields(joined.Hit) {
		return false
	}
	if last.Known && last.Condition != joined.Condition {
		return false
	}
	joined.Line, joined.Place = last.Line, last.Place
	*last = joined
	return true
}

// fields counts what a hit says about its request.
func fields(h Hit) int {
	n := 0
	for _, s := range []string{h.Client, h.Server, h.Request, h.Upstream, h.Host, h.Referrer} {
		if s != "" {
			n++
		}
	}
	return n
}

// recognise finds the log that explains a line best: bare first, then without
// its wrapper. A log that is hardly sure, because it knows the line by a few
// words only, gives way to one that is sure of what is in the wrapper.
func (rd *reader) recognise(line []byte) (Read, bool) {
	var best Read
	var ok bool
	sure := 0
	if line[0] != '{' { // a message in JSON is not to be read with its wrapper
		if best, ok, sure = rd.bare(line); ok && best.Known && sure >= sureEnough {
			return best, true
		}
	}
	if inner, ok2 := rd.peel.peel(line); ok2 && len(inner.text) > 0 {
		text := slices.Clone(inner.text)
		at := inner.when
		if r, ok2, sure2 := rd.unwrapped(text); ok2 && (r.Known && sure2 >= sure || !ok) {
			if r.Time.IsZero() {
				r.Time = at
			}
			r.Raw = bounded(line)
			return r, true
		}
	}
	if line[0] == '{' {
		best, ok, _ = rd.bare(line)
	}
	return best, ok
}

func (rd *reader) unwrapped(text []byte) (Read, bool, int) {
	best, ok, sure := rd.bare(text)
	if ok && sure >= sureEnough {
		return best, true, sure
	}
	if inner, ok2 := rd.peel.peel(text); ok2 && len(inner.text) > 0 {
		if r, ok2, sure2 := rd.bare(slices.Clone(inner.text)); ok2 && sure2 >= sure {
			return r, true, sure2
		}
	}
	return best, ok, sure
}

// bare tries every log on the line as it stands, and says how sure the one is
// that reads it.
func (rd *reader) bare(line []byte) (Read, bool, int) {
	type candidate struct {
		i, sure int
		key     dialect.Key
	}
	var found []candidate
	for i, l := range rd.logs {
		sure := 50
		if l.log.Sniff != nil {
			sure = l.log.Sniff(line)
		}
		if sure <= 0 {
			continue
		}
		rd.rec.Reset()
		if key := l.log.Line(line, &rd.rec); key != dialect.Unparsed {
			found = append(found, candidate{i, sure, key})
		}
	}
	if len(found) == 0 {
		return Read{}, false, 0
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.sure, a.sure) })
	// Among equally sure ones, and those of one product, a condition says more
	// than news.
	best := found[0]
	for _, c := range found {
		same := c.sure >= best.sure-10 || rd.logs[c.i].product == rd.logs[best.i].product
		if same && c.key > dialect.Plain && best.key == dialect.Plain {
			best = c
		}
	}
	r := rd.read(rd.logs[best.i], line)
	// What a product writes as a mistake and is not known for says, in the words of
	// a library or of a plug-in, what those say.
	if best.key == dialect.Plain && complains(r.Level) {
		for _, c := range found {
			if cond := rd.logs[c.i].log.Conds; int(c.key) < len(cond) && cond[c.key].Fails && cond[c.key].Symptom != "" {
				return rd.lent(r, rd.logs[c.i], line), true, best.sure
			}
		}
	}
	for _, c := range found {
		if c.i != best.i && c.sure == best.sure && rd.logs[c.i].product != r.Product {
			r.Also = append(r.Also, rd.logs[c.i].log.Name)
		}
	}
	return r, true, best.sure
}

// lent reads a line by the words of another log and keeps what its own log says of
// the request.
func (rd *reader) lent(own Read, l namedLog, line []byte) Read {
	r := rd.read(l, line)
	if r.Endpoint == "" {
		r.Endpoint = own.Endpoint
	}
	r.Time, r.Level, r.PID, r.TID, r.Conn = own.Time, own.Level, own.PID, own.TID, own.Conn
	r.Client, r.Server, r.Request, r.Method, r.Path, r.Host, r.Upstream, r.Referrer = own.Client, own.Server, own.Request, own.Method, own.Path, own.Host, own.Upstream, own.Referrer
	return r
}

// complains reports whether a level is one at which mistakes are written.
func complains(level string) bool {
	switch strings.ToLower(strings.Trim(level, "[]")) {
	case "warn", "warning", "wrn", "error", "err", "crit", "critical", "alert", "emerg", "fatal", "ftl", "severe", "panic":
		return true
	}
	return false
}

func (rd *reader) read(l namedLog, line []byte) Read {
	rd.rec.Reset()
	key := l.log.Line(line, &rd.rec)
	r := Read{Hit: hitOf(&rd.rec, line), Product: l.product, Known: key > dialect.Plain}
	r.Log = l.log.Name
	if int(key) < len(l.log.Conds) {
		r.Cond = l.log.Conds[key]
		r.Condition = r.Cond.ID
	}
	c := clock{log: l.log, loc: rd.opt.Location, now: rd.opt.Now}
	r.Time, _ = c.read(rd.rec.Stamp)
	return r
}
