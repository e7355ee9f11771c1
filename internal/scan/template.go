package scan

import "bytes"

const (
	templateDepth = 8   // segments of a path that are told apart
	templateLimit = 200 // bytes of a template
)

// Template returns the route to which a path belongs: segments that look like
// identifiers are folded, so that /users/42/posts is /users/{id}/posts. It is
// bounded in depth and length. The query, if there is one, is left out.
func Template(path string) string { return string(AppendTemplate(nil, []byte(path))) }

// AppendTemplate appends the template of path to dst. It allocates only to let
// dst grow.
func AppendTemplate(dst, path []byte) []byte {
	start, depth := len(dst), 0
	from, digit := 0, false
	for i, c := range path {
		switch {
		case c == '/':
			if depth > templateDepth || len(dst)-start > templateLimit {
				return append(dst, "…"...)
			}
			dst = append(appendSegment(dst, path[from:i], digit), '/')
			depth++
			from, digit = i+1, false
		case c == '?':
			path = path[:i]
		case c-'0' <= 9:
			digit = true
		}
		if len(path) == i {
			break
		}
	}
	if from == len(path) {
		return dst
	}
	if depth > templateDepth || len(dst)-start > templateLimit {
		return append(dst, "…"...)
	}
	return appendSegment(dst, path[from:], digit)
}

// appendSegment appends one segment, or what stands for it. A segment without a
// digit is nobody's identifier.
func appendSegment(dst, s []byte, digit bool) []byte {
	if !digit {
		return appendPart(dst, s)
	}
	// The parts of /static/app.8b34f1.js and /avatars/8123.png by themselves.
	if i := bytes.IndexByte(s, '.'); i > 0 && !isNumber(s) {
		for {
			part := s
			if i >= 0 {
				part = s[:i]
			}
			if isID(part) && (len(part) > 3 || i >= 0) || isShortHash(part) {
				dst = append(dst, "{id}"...)
			} else {
				dst = appendPart(dst, part)
			}
			if i < 0 {
				return dst
			}
			dst = append(dst, '.')
			s = s[i+1:]
			i = bytes.IndexByte(s, '.')
		}
	}
	if isID(s) {
		return append(dst, "{id}"...)
	}
	return appendPart(dst, s)
}

func appendPart(dst, s []byte) []byte {
	if len(s) > 64 {
		return append(dst, "{long}"...)
	}
	return append(dst, s...)
}

// isShortHash reports whether a part between points looks like the hash by which
// bundlers name a file's version.
func isShortHash(s []byte) bool {
	digits, letters := 0, 0
	for _, c := range s {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'f':
			letters++
		default:
			return false
		}
	}
	return len(s) >= 5 && digits > 0 && letters > 0
}

// isNumber reports whether s is digits and points: 10.0.0.1, 1.2.
func isNumber(s []byte) bool {
	for _, c := range s {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// isID reports whether a segment looks like the name of one thing among many:
// a number, a UUID, a hash, a token, a date. A word with a number in it (v2,
// http2, utf8) does not.
func isID(s []byte) bool {
	var digits, hex, letters, upper int
	for _, c := range s {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			hex++
		case 'g' <= c|0x20 && c|0x20 <= 'z':
			letters++
		}
		if 'A' <= c && c <= 'Z' {
			upper++
		}
	}
	switch {
	case digits == 0:
		return false
	case hex+letters == 0:
		return true // 42, 2026-08-21, 10.0.0.1, 55,12
	case letters == 0 && digits+hex >= 8:
		return true // a hash, a UUID
	case digits >= 4 && digits*2 >= len(s):
		return true // ord12345, INV-2026-0042
	case len(s) >= 16 && (digits >= 3 || (digits >= 2 && upper >= 2 && upper < hex+letters)):
		return true // a token in base 62 or 64
	}
	return false
}
