package gateway

import "strings"

// Servers read one path in several ways: some decode %2f, some take a backslash for a
// slash, drop what follows a semicolon, or leave dot segments as they are. A route that
// is chosen by one reading could be dodged by another. So a path that has more than one
// is taken only where each leads to the same route.

// reading is one way to read a path.
type reading struct {
	all       bool // every escape is decoded, that of a slash too
	backslash bool // stands for a slash
	params    bool // what follows a semicolon in a segment is not part of it
	dots      bool // dot segments are removed (RFC 3986 section 5.2.4)
	early     bool // and that before several slashes become one
}

// usual is what nginx does, but for encoded slashes.
var usual = reading{dots: true}

// plain reports whether there is but one way to read a path.
func plain(path string) bool {
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '%', '\\', ';':
			return false
		case '/':
			if i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
				return false
			}
		}
	}
	return true
}

// route chooses among the routes of a site. clear is false where the path can be read
// in ways that belong to different ones.
func (s *site) route(q *Request, path string) (r *route, clear bool) {
	if s.open || plain(path) { // Fast path
		return s.pick(q, path), true
	}
	r = s.pick(q, usual.of(path))
	slash := strings.IndexByte(path, '\\') >= 0 || strings.Contains(path, "%5c") || strings.Contains(path, "%5C")
	for bits := range 1 << 5 {
		way := reading{all: bits&1 > 0, dots: bits&2 == 0, backslash: bits&4 > 0, params: bits&8 > 0, early: bits&16 > 0}
		if way.backslash && !slash || way.params && strings.IndexByte(path, ';') < 0 || way.all && strings.IndexByte(path, '%') < 0 || way.early && !way.dots {
			continue // as another one
		}
		if s.pick(q, way.of(path)) != r {
			return nil, false
		}
	}
	return r, true
}

func (s *site) pick(q *Request, path string) *route {
	for i := range s.routes {
		if s.routes[i].fits(q, path) {
			return &s.routes[i]
		}
	}
	return nil
}

// of returns the path as it is read.
func (r reading) of(path string) string {
	b := make([]byte, 0, len(path))
	skip := false // a parameter
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '/' {
			skip = false
		}
		if skip || r.params && c == ';' {
			skip = true
			continue
		}
		if c == '%' {
			if v, ok := escape(path[i:]); ok && (r.all || !structure(v)) {
				c = v
				i += 2
			}
		}
		if c == '\\' && r.backslash {
			c = '/'
		}
		b = append(b, c)
	}
	if r.dots && r.early {
		b = withoutDots(b)
	}
	b = oneSlash(b)
	if r.dots {
		b = withoutDots(b)
	}
	return string(b)
}

// structure reports whether a byte may part a path, so that its escape is something
// else for some servers.
func structure(c byte) bool { return c == '/' || c == '\\' || c == '%' || c == 0 }

// escape decodes the %HH at the front of s.
func escape(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	v := 0
	for _, c := range []byte(s[1:3]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		v = v<<4 | int(c)
	}
	return byte(v), true
}

// oneSlash makes several slashes one.
func oneSlash(b []byte) []byte {
	out := b[:0]
	for i, c := range b {
		if c != '/' || i == 0 || b[i-1] != '/' {
			out = append(out, c)
		}
	}
	return out
}

// withoutDots removes dot segments. Nothing climbs above the root.
func withoutDots(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		end := i + 1
		for end < len(b) && b[end] != '/' {
			end++
		}
		switch segment := string(b[i:end]); segment { // begins with its slash
		case "/.", "/..":
			if segment == "/.." {
				for n := len(out); n > 0; {
					n--
					if c := out[n]; c == '/' || n == 0 {
						out = out[:n]
						break
					}
				}
			}
			if end == len(b) {
				out = append(out, '/')
			}
		default:
			out = append(out, segment...)
		}
		i = end
	}
	return out
}

// stripped takes a prefix off a target, however its letters are written; the target
// stays as it is where it does not lie below the prefix.
func stripped(target, prefix string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	i := 0
	for j := 0; j < len(prefix); j++ {
		if i >= len(target) || target[i] == '?' {
			return target
		}
		c, n := target[i], 1
		if v, ok := byte(0), false; c == '%' {
			if v, ok = escape(target[i:]); ok && !structure(v) {
				c, n = v, 3
			}
		}
		if c != prefix[j] {
			return target
		}
		for i += n; c == '/' && i < len(target) && target[i] == '/'; {
			i++
		}
	}
	switch rest := target[i:]; {
	case rest == "" || rest[0] == '?':
		return "/" + rest
	case rest[0] == '/':
		return rest
	}
	return target
}
