package scan

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// take is the full way of one line.
func (w *worker) take(line []byte) {
	// Slow path.
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	log := w.src.log
	w.rec.Reset()
	key := w.logs[log].log.Line(line, &w.rec)
	if key == dialect.Unparsed {
		if log, key = w.other(line); key == dialect.Unparsed {
			w.unparsed(line)
			return
		}
	}
	when, ok := w.time(log)
	if !ok {
		return
	}
	l := &w.logs[log].log
	if l.Kind == "access" && requested(&w.rec) {
		w.request(line, l, int32(log), key, when)
		return
	}
	if key <= dialect.Plain || int(key) >= len(l.Conds) {
		return
	}
	c := &l.Conds[key]
	if when == 0 && (c.Fails || c.Fact != "") {
		w.sums.undated++
	}
	if c.Fails {
		w.failure(line, int32(log), key, c, when)
	}
	if c.Fact != "" && eventful(c.Fact) {
		w.sums.events.add(int32(log), key, &w.rec, when, line, w.place())
		if w.live != nil && !c.Fails {
			e := event{eventKey: eventKey{log: int32(log), cond: key}, name: bounded(w.rec.Name), text: string(line[:min(len(line), 400)])}
			w.live(0, &e, line, when)
		}
	}
}

// requested reports whether a line of an access log stands for a request. Some
// products write other things into the same file.
func requested(r *dialect.Record) bool {
	return !r.Aside && (r.Status != 0 || len(r.Request) > 0 || len(r.Method) > 0 || len(r.Path) > 0 || len(r.Client) > 0)
}

// time returns the line's time and whether it is asked for.
func (w *worker) time(log int) (unix int64, ok bool) {
	t, dated := w.clocks[log].read(w.rec.Stamp)
	if year := t.Year(); year < 1971 || year > 2199 {
		dated = false // no log is that old, and nanoseconds end in 2262
	}
	switch {
	case dated:
		unix = t.UnixNano()
		w.last = unix
	case !w.wrapped.IsZero():
		unix = w.wrapped.UnixNano()
		w.last = unix
	case w.logs[log].log.Kind != "access":
		unix = w.last // belongs to the line before
	}
	if unix != 0 && (w.since != 0 && unix < w.since || w.until != 0 && unix > w.until) {
		w.sums.outside++
		return unix, false
	}
	if unix != 0 {
		if w.sums.first == 0 || unix < w.sums.first {
			w.sums.first = unix
		}
		w.sums.last = max(w.sums.last, unix)
	}
	return unix, true
}

// request takes one line of an access log.
func (w *worker) request(line []byte, l *dialect.Log, log int32, key dialect.Key, when int64) {
	s, r := w.sums, &w.rec
	status := r.Status
	if status < 0 || status >= len(w.tally.Status) {
		status = 0
	}
	w.tally.Status[status]++
	var c *dialect.Condition
	if key > dialect.Plain && int(key) < len(l.Conds) {
		c = &l.Conds[key]
	}
	fails := status >= 500 || c != nil && c.Fails
	if when != 0 {
		m := w.minute(when)
		m.Requests++
		if fails {
			m.Failures++
			failedAt(m, when/1e9)
		}
	}
	if r.Masked > 0 {
		s.masked += uint64(r.Masked)
	}
	if !fails && r.Masked == 0 {
		return
	}
	made := madeMasked
	if fails {
		s.failed++
		made = makerOf(r, c)
		if when == 0 {
			s.undated++
		}
	}
	g := w.group(log, key, status, made)
	w.sums.groups.groups[g].add(when, line, w.place())
	if w.joins {
		s.access.add(r, when/1e9, g)
	}
	if w.live != nil && fails {
		w.live(g, nil, line, when)
	}
}

// makerOf says who made the status of a failed request.
func makerOf(r *dialect.Record, c *dialect.Condition) maker {
	if c != nil {
		switch c.Fact {
		case vocab.GatewayStatusMade:
			return madeGateway
		case vocab.GatewayStatusPassed:
			return madeApp
		case vocab.GatewayStatusUnknown:
			return madeUnknown
		}
		if c.Symptom != "" {
			return madeGateway
		}
	}
	switch {
	case !r.UpKnown:
		return madeUnknown
	case r.UpStatus == r.Status:
		return madeApp
	}
	return madeGateway
}

// failure takes a line of another log that tells of a failed request.
func (w *worker) failure(line []byte, log int32, key dialect.Key, c *dialect.Condition, when int64) {
	kind := w.logs[log].log.Kind
	program := kind != "error" && kind != "access"
	if program && len(w.rec.Endpoint) == 0 {
		w.rec.Endpoint = w.rec.Name // what died stands where a request has its upstream
	}
	if !program {
		w.sums.errors++
	}
	if when != 0 && !program {
		m := w.minute(when)
		m.Errors++
		failedAt(m, when/1e9)
	}
	status := c.Status
	if status == 0 {
		status = w.rec.Status
	}
	g := w.group(log, key, status, madeError)
	w.sums.groups.groups[g].add(when, line, w.place())
	w.joins = w.joins || kind == "access"
	if w.joins && !program {
		w.sums.failures.add(&w.rec, when/1e9, g)
	}
	if w.live != nil {
		w.live(g, nil, line, when)
	}
}

// minute returns the bucket of a time. Lines come mostly in order of time, so
// that it is mostly that of the line before.
func (w *worker) minute(when int64) *dialect.Minute {
	if at := floor(when, 60e9); w.bucket == nil || at != w.bucketAt {
		w.bucket, w.bucketAt = w.sums.minutes.at(at/1e9), at
	}
	return w.bucket
}

func (w *worker) group(log int32, key dialect.Key, status int, made maker) int32 {
	r := &w.rec
	site := r.Server
	if len(site) == 0 {
		site = r.Host
	}
	w.sums.groups.names(r.Endpoint, site, r.Path)
	return w.sums.groups.find(log, key, int16(status), made)
}

func (w *worker) place() where {
	p := w.at
	p.line = w.lines()
	return p
}

// other looks for another log that writes such a line: files are mixed where
// several programs share a terminal or a container.
func (w *worker) other(line []byte) (int, dialect.Key) {
	if len(line) == 0 || w.src.why == "named" {
		return 0, dialect.Unparsed // the operator knows what the file is
	}
	// A long stretch of lines that nobody reads is looked at in samples.
	if w.lost++; w.lost > 1<<12 && w.lost&63 != 0 {
		return 0, dialect.Unparsed
	}
	for _, i := range w.also {
		if log, key := w.by(i, line); key != dialect.Unparsed {
			return log, key
		}
	}
	best, sure := -1, 0
	for i := range w.logs {
		if i == w.src.log || w.logs[i].log.Sniff == nil {
			continue
		}
		if s := w.logs[i].log.Sniff(line); s > sure {
			best, sure = i, s
		}
	}
	if best < 0 || sure < 40 {
		return 0, dialect.Unparsed
	}
	log, key := w.by(best, line)
	if key != dialect.Unparsed && len(w.also) < 4 {
		w.also = append(w.also, log)
	}
	return log, key
}

func (w *worker) by(log int, line []byte) (int, dialect.Key) {
	w.rec.Reset()
	key := w.logs[log].log.Line(line, &w.rec)
	if key != dialect.Unparsed {
		w.lost = 0
		w.joins = true
	}
	return log, key
}

func (w *worker) unparsed(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	w.sums.unparsed++
	w.bad++
	if len(w.samples) < sampleLines {
		w.samples = append(w.samples, Sample{Text: string(line[:min(len(line), 300)]), at: w.place()})
	}
}
