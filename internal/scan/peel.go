package scan

import (
	"bytes"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect/line"
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

// peelJSON knows docker's json-file ({"log":…,"stream":…,"time":…}) and the
// journal's export ({"MESSAGE":…}).
func (p *peeler) peelJSON(line []byte) (inner, bool) {
	var in inner
	text, ok := jsonString(line, `"log":`)
	var numbers []byte
	if ok {
		if _, stream := jsonString(line, `"stream":`); !stream {
			return inner{}, false
		}
		if t, ok := jsonString(line, `"time":`); ok {
			in.when, _ = time.Parse(time.RFC3339Nano, string(t))
		}
	} else {
		value := jsonValue(line, `"MESSAGE":`)
		if text, ok = stringOf(value); !ok {
			if numbers, ok = bytes.CutPrefix(value, []byte{'['}); !ok {
				return inner{}, false
			}
		}
		if t, ok := jsonString(line, `"__REALTIME_TIMESTAMP":`); ok {
			if us, err := strconv.ParseInt(string(t), 10, 64); err == nil {
				in.when = time.UnixMicro(us).UTC()
			}
		}
		if in.ident, ok = jsonString(line, `"SYSLOG_IDENTIFIER":`); !ok {
			in.ident, _ = jsonString(line, `"_COMM":`)
		}
	}
	p.buf = appendNumbers(appendUnescaped(p.buf[:0], text), numbers)
	in.text = bytes.TrimRight(p.buf, "\r\n")
	return in, true
}

// jsonString returns the raw bytes of the string that jsonValue finds.
func jsonString(line []byte, key string) ([]byte, bool) {
	value := jsonValue(line, key)
	return stringOf(value)
}

// jsonValue returns what follows the first occurrence of key outside of any
// string, as far as a search without a parser can tell: the key must follow "{" or
// ",", spaces aside.
func jsonValue(line []byte, key string) []byte {
	for from := 0; ; {
		i := bytes.Index(line[from:], []byte(key))
		if i < 0 {
			return nil
		}
		i += from
		from = i + len(key)
		before := bytes.TrimRight(line[:i], " \t")
		if len(before) == 0 || (before[len(before)-1] != '{' && before[len(before)-1] != ',') {
			continue
		}
		return bytes.TrimLeft(line[from:], " \t")
	}
}

// stringOf returns the raw bytes of the string that b begins with.
func stringOf(b []byte) ([]byte, bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, false
	}
	if end := stringEnd(b[1:]); end >= 0 {
		return b[1 : 1+end], true
	}
	return nil, false
}

// appendNumbers appends the bytes of an array of numbers, up to its end: journalctl
// writes a message so that is not printable or no UTF-8.
func appendNumbers(dst, array []byte) []byte {
	for len(array) > 0 {
		n, rest, ok := line.Number(bytes.TrimLeft(array, " ,"))
		if !ok || n > 255 {
			break
		}
		dst, array = append(dst, byte(n)), rest
	}
	return dst
}

// stringEnd returns the position of the quote that ends a JSON string.
func stringEnd(s []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(s[at:], '"')
		if i < 0 {
			return -1
		}
		i += at
		slashes := 0
		for j := i - 1; j >= 0 && s[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		at = i + 1
	}
}

// appendUnescaped appends a JSON string without its escapes.
func appendUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			if len(s) >= 4 {
				if v, err := strconv.ParseUint(string(s[:4]), 16, 32); err == nil {
					dst = append(dst, string(rune(v))...)
					s = s[4:]
					continue
				}
			}
			dst = append(dst, '\\', 'u')
		default:
			dst = append(dst, c)
		}
	}
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
