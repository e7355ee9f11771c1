package line

import "bytes"

// Fields walks over the members of one JSON object without building anything.
// Strings stay escaped as they are written. It reads what loggers write and
// checks no more than it needs: what is no JSON ends the walk.
type Fields struct {
	b []byte
	// Key and Value are the member that Next found: the key without quotes, the
	// value without quotes where it is a string, as written elsewhere.
	Key, Value []byte
	// Kind is '"' for a string, '{', '[', or 'v' for a number, true, false, null.
	Kind byte
}

// Object returns the members of the object that b begins with, and false where
// b is no object.
func Object(b []byte) (Fields, bool) {
	b = space(b)
	if len(b) < 2 || b[0] != '{' {
		return Fields{}, false
	}
	return Fields{b: b[1:]}, true
}

// Next goes to the next member. It reports false after the last one, and where
// the text breaks off.
func (f *Fields) Next() bool {
	b := space(f.b)
	if len(b) > 0 && b[0] == ',' {
		b = space(b[1:])
	}
	if len(b) == 0 || b[0] != '"' {
		return false
	}
	n := stringEnd(b)
	if n < 0 {
		return false
	}
	f.Key, b = b[1:n], space(b[n+1:])
	if len(b) == 0 || b[0] != ':' {
		return false
	}
	return f.value(space(b[1:]))
}

func (f *Fields) value(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch b[0] {
	case '"':
		n := stringEnd(b)
		if n < 0 {
			return false
		}
		f.Kind, f.Value, f.b = '"', b[1:n], b[n+1:]
	case '{', '[':
		n := nestEnd(b)
		if n < 0 {
			return false
		}
		f.Kind, f.Value, f.b = b[0], b[:n], b[n:]
	default:
		n := 0
		for n < len(b) && b[n] != ',' && b[n] != '}' && b[n] != ']' && !blank(b[n]) {
			n++
		}
		f.Kind, f.Value, f.b = 'v', b[:n], b[n:]
	}
	return true
}

// stringEnd returns the position of the quote that closes the string at b[0].
func stringEnd(b []byte) int {
	// Fast path: most strings hold no escape.
	n := bytes.IndexByte(b[1:], '"') + 1
	if n == 0 || b[n-1] != '\\' {
		if n == 0 {
			return -1
		}
		return n
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// nestEnd returns the length of the object or array at b[0].
func nestEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := stringEnd(b[i:])
			if n < 0 {
				return -1
			}
			i += n
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func space(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	return b
}
