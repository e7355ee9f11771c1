package scan

import (
	"bytes"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

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
