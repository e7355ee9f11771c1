// Package line reads what log lines of many products have in common: the heads
// that syslog, journald, dmesg and container runtimes put before a line, stamps,
// numbers, flat JSON, errnos. Everything is pure bytes to value, allocates
// nothing and keeps no state. Slices that it returns are parts of its input.
package line

import "bytes"

// Number reads the decimal digits at the start of b. It returns their value and
// what follows, and ok false where there is no digit or more than 18 of them.
func Number(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i == 0 || i > 18 {
		return 0, b, false
	}
	return n, b[i:], true
}

// Int returns the value of b where it is decimal digits and nothing else, with
// an optional minus sign.
func Int(b []byte) (n int64, ok bool) {
	if len(b) > 1 && b[0] == '-' {
		n, rest, ok := Number(b[1:])
		return -n, ok && len(rest) == 0
	}
	n, rest, ok := Number(b)
	return n, ok && len(rest) == 0
}

// Seconds returns the value of b where it is a decimal number such as "12" or
// "0.003", with nothing else.
func Seconds(b []byte) (float64, bool) {
	whole, rest, ok := Number(b)
	if !ok {
		return 0, false
	}
	if len(rest) == 0 {
		return float64(whole), true
	}
	if rest[0] != '.' {
		return 0, false
	}
	rest = rest[1:]
	if len(rest) > 15 {
		rest = rest[:15]
	}
	frac, tail, ok := Number(rest)
	if !ok || len(tail) > 0 {
		return 0, false
	}
	scale := 1.0
	for range rest {
		scale *= 10
	}
	return float64(whole) + float64(frac)/scale, true
}

// Cut is bytes.Cut with a separator that is a string constant: it does not
// allocate.
func Cut(b []byte, sep string) (before, after []byte, found bool) {
	if i := Index(b, sep); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// Has reports whether b begins with s.
func Has(b []byte, s string) bool {
	return len(b) >= len(s) && string(b[:len(s)]) == s
}

// CutPrefix returns b without s, which it begins with, or b and false. It does not
// allocate.
func CutPrefix(b []byte, s string) ([]byte, bool) {
	if Has(b, s) {
		return b[len(s):], true
	}
	return b, false
}

// Chomp cuts the carriage return that may be left at the end of a line.
func Chomp(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

// Ends reports whether b ends with s.
func Ends(b []byte, s string) bool {
	return len(b) >= len(s) && string(b[len(b)-len(s):]) == s
}

// Is reports whether b is s.
func Is(b []byte, s string) bool { return string(b) == s }

// Contains reports whether s is in b.
func Contains(b []byte, s string) bool { return Index(b, s) >= 0 }

// After returns what follows the first s in b, and false where b has no s.
func After(b []byte, s string) ([]byte, bool) {
	i := Index(b, s)
	if i < 0 {
		return nil, false
	}
	return b[i+len(s):], true
}

// Word returns the bytes before the first space, and what follows that space.
func Word(b []byte) (word, rest []byte) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// Trim cuts spaces, tabs and line ends from both sides.
func Trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// Request takes a request line "GET /a?b=c HTTP/1.1" apart: the method, and the
// target without its query. Either is nil where the line does not have it.
func Request(b []byte) (method, path []byte) {
	i := bytes.IndexByte(b, ' ')
	if i <= 0 || !token(b[:i]) {
		return nil, nil
	}
	method, path = b[:i], b[i+1:]
	if j := bytes.LastIndexByte(path, ' '); j >= 0 && Has(path[j+1:], "HTTP/") {
		path = path[:j]
	}
	if j := bytes.IndexByte(path, '?'); j >= 0 {
		path = path[:j]
	}
	if len(path) == 0 {
		path = nil
	}
	return method, path
}

// token reports whether b could be a request method: letters, digits and signs
// without separators (RFC 9110, section 5.6.2).
func token(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '/' || c == ':' || c == '\\' {
			return false
		}
	}
	return true
}
