package scan

import (
	"bytes"
	"time"
)

// peeler takes off what a log driver, the journal or syslog wrapped around a
// line. It keeps a buffer for texts that were escaped. loc and now settle the
// zone and the year of stamps that name none.
type peeler struct {
	buf []byte
	loc *time.Location
	now time.Time
}

// inner is a line without its wrapper. Its slices are valid until the next peel.
type inner struct {
	text  []byte
	when  time.Time // zero: the wrapper has none, or none with a year
	ident []byte    // name of the program, where the wrapper has it
}

// peel takes one wrapper off: docker's json-file, CRI, journalctl -o json and
// -o short, syslog by RFC 3164 and RFC 5424, docker compose.
func (p *peeler) peel(line []byte) (inner, bool) {
	if len(line) < 4 {
		return inner{}, false
	}
	switch c := line[0]; {
	case c == '{':
		return p.peelJSON(line)
	case c == '<':
		return p.peelSyslog(line)
	case c >= '0' && c <= '9':
		if in, ok := peelCRI(line); ok {
			return in, true
		}
		return peelISOHost(line)
	case c >= 'A' && c <= 'Z':
		if in, ok := p.peelShort(line); ok {
			return in, true
		}
	}
	return peelCompose(line)
}

// peelCRI knows the format of Kubernetes' container runtimes:
// "2026-08-21T10:15:30.123456789Z stderr F text".
func peelCRI(line []byte) (inner, bool) {
	stamp, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(stamp) < 20 || stamp[10] != 'T' {
		return inner{}, false
	}
	stream, rest, ok := bytes.Cut(rest, []byte{' '})
	if !ok || (string(stream) != "stdout" && string(stream) != "stderr") {
		return inner{}, false
	}
	tag, text, ok := bytes.Cut(rest, []byte{' '})
	if !ok || len(tag) == 0 || (tag[0] != 'F' && tag[0] != 'P') {
		return inner{}, false
	}
	when, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return inner{}, false
	}
	return inner{text: text, when: when}, true
}

// peelISOHost knows journalctl -o short-iso and rsyslog's default since version
// 8: "2026-08-21T10:15:30+02:00 host program[pid]: text".
func peelISOHost(line []byte) (inner, bool) {
	stamp, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(stamp) < 19 || stamp[4] != '-' || stamp[10] != 'T' {
		return inner{}, false
	}
	var in inner
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999999-0700"} {
		if t, err := time.Parse(layout, string(stamp)); err == nil {
			in.when = t
			break
		}
	}
	if in.when.IsZero() {
		return inner{}, false
	}
	return tagged(in, rest)
}

// peelShort knows journalctl -o short and a syslog file:
// "Nov 20 06:28:24 host program[pid]: text".
func (p *peeler) peelShort(line []byte) (inner, bool) {
	if len(line) < 17 || line[3] != ' ' || line[6] != ' ' || line[9] != ':' || line[12] != ':' || line[15] != ' ' {
		return inner{}, false
	}
	var in inner
	if t, err := time.ParseInLocation(time.Stamp, string(line[:15]), p.zone()); err == nil && !p.now.IsZero() {
		in.when = withYear(t, p.now)
	}
	return tagged(in, line[16:])
}

func (p *peeler) zone() *time.Location {
	if p.loc == nil {
		return time.UTC
	}
	return p.loc
}

// withYear gives t, which has none, the last year in which it is not after now;
// a day of clock difference is allowed.
func withYear(t, now time.Time) time.Time {
	year := now.In(t.Location()).Year()
	with := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	if with.After(now.Add(24 * time.Hour)) {
		with = time.Date(year-1, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	return with
}

// tagged splits "host program[pid]: text".
func tagged(in inner, rest []byte) (inner, bool) {
	i := bytes.Index(rest, []byte(": "))
	if i < 0 || i > 200 {
		return inner{}, false
	}
	head := rest[:i]
	if bytes.Count(head, []byte{' '}) > 1 {
		return inner{}, false
	}
	if j := bytes.LastIndexByte(head, ' '); j >= 0 {
		head = head[j+1:]
	}
	if j := bytes.IndexByte(head, '['); j >= 0 {
		head = head[:j]
	}
	in.ident, in.text = head, rest[i+2:]
	return in, true
}

// peelSyslog knows both syslog formats on the wire.
func (p *peeler) peelSyslog(line []byte) (inner, bool) {
	i := bytes.IndexByte(line, '>')
	if i < 2 || i > 4 {
		return inner{}, false
	}
	for _, c := range line[1:i] {
		if c < '0' || c > '9' {
			return inner{}, false
		}
	}
	rest := line[i+1:]
	if bytes.HasPrefix(rest, []byte("1 ")) {
		return peel5424(rest[2:])
	}
	if in, ok := p.peelShort(rest); ok {
		return in, true
	}
	if in, ok := peelISOHost(rest); ok {
		return in, true
	}
	return inner{text: rest}, true
}

// peel5424 knows RFC 5424 after its version:
// "TIMESTAMP HOST APP PROCID MSGID SD MSG".
func peel5424(rest []byte) (inner, bool) {
	f := bytes.SplitN(rest, []byte{' '}, 6)
	if len(f) < 6 {
		return inner{}, false
	}
	in := inner{ident: f[2], text: f[5]}
	in.when, _ = time.Parse(time.RFC3339Nano, string(f[0]))
	switch {
	case bytes.HasPrefix(in.text, []byte("- ")):
		in.text = in.text[2:]
	case len(in.text) > 0 && in.text[0] == '[':
		if i := bytes.Index(in.text, []byte("] ")); i >= 0 {
			in.text = in.text[i+2:]
		}
	}
	in.text = bytes.TrimPrefix(in.text, []byte("\xef\xbb\xbf"))
	return in, true
}

// peelCompose knows "service-1  | text".
func peelCompose(line []byte) (inner, bool) {
	i := bytes.Index(line, []byte(" | "))
	if i < 1 || i > 60 {
		return inner{}, false
	}
	name := bytes.TrimRight(line[:i], " ")
	if bytes.IndexByte(name, ' ') >= 0 {
		return inner{}, false
	}
	return inner{text: line[i+3:], ident: name}, true
}
