package scan

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// sureEnough is the least that a dialect must be sure of a file to be asked
// about its lines first.
const sureEnough = 30

// recognise tells which log a source is: named by the operator, known from the
// gateway's configuration, or told by its first lines.
func (r *run) recognise(s *source) {
	r.which(s)
	s.wrapped = s.wrapped || s.entries
}

func (r *run) which(s *source) {
	if f := r.cfg.Force; f != nil {
		if r.forced == 0 {
			r.logs = append(r.logs, namedLog{f.Product, f.Log})
			r.forced = len(r.logs)
		}
		s.log, s.sure, s.why = r.forced-1, 100, "named"
		s.wrapped = wrappedHead(s.head, r.logs[s.log].log)
		return
	}
	if r.cfg.Known != nil {
		// A log of the same name may be another one's.
		if product, log, ok := r.cfg.Known(s.path); ok && (len(s.head) == 0 || readable(whole(s.head), log) > 0 || wrappedHead(s.head, log)) {
			s.log, s.sure, s.why = r.named(product, log), 100, "configured"
			s.wrapped = wrappedHead(s.head, log)
			return
		}
	}
	bare := whole(s.head)
	best, also, sure := r.sniff(bare, s.path)
	if inner, ok := unwrapHead(bare); ok {
		// The dialect may know the wrapper too; the fast path does not.
		// What stands in JSON is read by nobody as it stands.
		if b, a, n := r.sniff(inner, s.path); n > sure || n > 0 && bare[0] == '{' || n == sure && n > 0 && r.logs[b].log.Access != nil {
			best, also, sure, s.wrapped = b, a, n, true
		}
	}
	s.log, s.also, s.sure, s.why = best, also, sure, "recognised"
	if sure < sureEnough {
		s.log, s.also, s.sure, s.why = r.named("", noLog), nil, 0, "unrecognised"
	}
}

// named returns the position of a log, which is added: the same name may stand
// for several formats.
func (r *run) named(product string, log dialect.Log) int {
	for i, l := range r.logs {
		if l.product == product && l.log.Name == log.Name && product == "" {
			return i
		}
	}
	r.logs = append(r.logs, namedLog{product, log})
	return len(r.logs) - 1
}

// sniff asks every log. Products that write the same text are all named; which
// of them is meant, the path may tell.
func (r *run) sniff(head []byte, path string) (best int, also []string, sure int) {
	if len(bytes.TrimSpace(head)) == 0 {
		return 0, nil, 0
	}
	var equal []int
	for i, l := range r.logs {
		if l.log.Sniff == nil {
			continue
		}
		switch n := l.log.Sniff(head); {
		case n > sure:
			sure, equal = n, []int{i}
		case n == sure && n > 0:
			equal = append(equal, i)
		}
	}
	if len(equal) == 0 {
		return 0, nil, 0
	}
	best = equal[0]
	for _, i := range equal {
		if pathNames(path, r.logs[i].product) {
			return i, nil, sure
		}
	}
	for _, i := range equal[1:] {
		if p := r.logs[i].product; p != r.logs[best].product && !slices.Contains(also, p) {
			also = append(also, p)
		}
	}
	return best, also, sure
}

// pathNames reports whether a path says which product writes there:
// /var/log/nginx/access.log.
func pathNames(path, product string) bool {
	path = strings.ToLower(path)
	names := []string{product}
	if product == "apache" {
		names = append(names, "httpd")
	}
	for _, n := range names {
		if n != "" && (strings.Contains(filepath.Dir(path), n) || strings.HasPrefix(filepath.Base(path), n)) {
			return true
		}
	}
	return false
}

// whole cuts a head at its last newline, so that no line is judged by half.
func whole(head []byte) []byte {
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 && len(head) >= headSize/2 {
		return head[:i+1]
	}
	return head
}

// unwrapHead takes the wrappers off the first lines, where most have one.
func unwrapHead(head []byte) ([]byte, bool) {
	var p peeler
	var out []byte
	lines, wrapped := 0, 0
	for line := range bytes.Lines(head) {
		if lines++; lines > 50 {
			break
		}
		line = bytes.TrimRight(line, "\r\n")
		if in, ok := p.peel(line); ok {
			wrapped++
			out = append(append(out, in.text...), '\n')
		}
	}
	return out, wrapped*2 > lines
}

// wrappedHead reports whether a log's lines are read only without their wrapper.
func wrappedHead(head []byte, log dialect.Log) bool {
	inner, ok := unwrapHead(whole(head))
	return ok && readable(inner, log) > readable(whole(head), log)
}

func readable(head []byte, log dialect.Log) (n int) {
	var rec dialect.Record
	lines := 0
	for line := range bytes.Lines(head) {
		if lines++; lines > 50 {
			break
		}
		rec.Reset()
		if log.Line(bytes.TrimRight(line, "\r\n"), &rec) != dialect.Unparsed {
			n++
		}
	}
	return n
}

// zone returns the zone of stamps that name none: that of the access logs, where
// they write one and agree, because one host writes both; else the local one.
func (r *run) zone() *time.Location {
	offset, found := 0, false
	for _, s := range r.sources {
		if s.err != nil || r.logs[s.log].log.Kind != "access" {
			continue
		}
		o, ok := zoneOf(s.head, r.logs[s.log].log)
		if !ok {
			continue
		}
		if found && o != offset {
			return time.Local
		}
		offset, found = o, true
	}
	if !found {
		return time.Local
	}
	_, local := r.cfg.Now.In(time.Local).Zone()
	if local == offset {
		return time.Local
	}
	return time.FixedZone(fmt.Sprintf("%+03d%02d", offset/3600, max(offset, -offset)%3600/60), offset)
}

// zoneOf returns the zone that ends the last stamp of a head: "+0200".
func zoneOf(head []byte, log dialect.Log) (offset int, ok bool) {
	var rec dialect.Record
	for line := range bytes.Lines(whole(head)) {
		rec.Reset()
		if log.Line(bytes.TrimRight(line, "\r\n"), &rec) == dialect.Unparsed {
			continue
		}
		if n := len(rec.Stamp); n > 5 {
			if t, err := time.Parse("-0700", string(rec.Stamp[n-5:])); err == nil {
				_, offset = t.Zone()
				ok = true
			}
		}
	}
	return offset, ok
}

// assumed names the zone that stamps without one are taken to be in, and false
// where every stamp names its own.
func (r *run) assumed() (string, bool) {
	for _, s := range r.sources {
		if s.err != nil || s.sure == 0 || !zoneless(s.head, r.logs[s.log].log) {
			continue
		}
		if r.cfg.Location != time.Local {
			return r.cfg.Location.String(), true
		}
		name, _ := r.cfg.Now.In(time.Local).Zone()
		return "this host's zone (" + name + ")", true
	}
	return "", false
}

// zoneless reports whether a head's first stamp means another time in another
// zone.
func zoneless(head []byte, log dialect.Log) bool {
	if log.Time == nil {
		return false
	}
	var rec dialect.Record
	for line := range bytes.Lines(whole(head)) {
		rec.Reset()
		if log.Line(bytes.TrimRight(line, "\r\n"), &rec); len(rec.Stamp) == 0 {
			continue
		}
		a, ok1 := log.Time(rec.Stamp, time.UTC, time.Unix(1<<31, 0))
		b, ok2 := log.Time(rec.Stamp, time.FixedZone("", 3600), time.Unix(1<<31, 0))
		if ok1 && ok2 {
			return !a.Equal(b)
		}
	}
	return false
}
