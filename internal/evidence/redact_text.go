package evidence

import "bytes"

// textSpans finds what is secret in text that a program wrote.
func (r *Redactor) textSpans(b []byte) []span {
	out := r.linkSpans(b)
	out = append(out, r.pairSpans(b)...)
	out = append(out, r.shapeSpans(b)...)
	return out
}

// linkSpans hides the secret parts of the URLs, paths and queries in a text.
func (r *Redactor) linkSpans(b []byte) []span {
	var out []span
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case ':':
			if bytes.HasPrefix(b[i:], []byte("://")) {
				end := linkEnd(b, i)
				out = append(out, r.urlSpans(b, i, end)...)
				i = max(i+2, end-1)
			}
		case '/':
			if beginsPath(b, i) {
				end := linkEnd(b, i)
				out = append(out, r.targetSpans(b, i, end)...)
				i = max(i, end-1)
			}
		case '?':
			if i > 0 && !isSpace(b[i-1]) && namesValue(b[i+1:]) {
				end := linkEnd(b, i)
				out = append(out, r.targetSpans(b, i, end)...)
				i = max(i, end-1)
			}
		}
	}
	return out
}

// beginsPath reports whether a path begins at b[i]: not in the middle of a word,
// and not a unix socket.
func beginsPath(b []byte, i int) bool {
	if i == 0 {
		return true
	}
	switch b[i-1] {
	case ' ', '\t', '\n', '\r', '"', '\'', '`', '(', '[', '{', '=', ',', '<', '>', '|', ';':
		return true
	case ':':
		return !bytes.HasSuffix(b[:i], []byte("unix:"))
	}
	return false
}

// namesValue reports whether b begins with "name=".
func namesValue(b []byte) bool {
	for i, c := range b[:min(len(b), 64)] {
		if c == '=' {
			return i > 0
		}
		if !isWord(c) && c != '%' && c != '[' && c != ']' {
			return false
		}
	}
	return false
}

// linkEnd returns where the URL or path ends that begins at b[i]. A quote ends it
// only where a text could go on after it, because clients may send quotes, and a
// space does not where the rest of a request line follows.
func linkEnd(b []byte, i int) int {
	end, single := i, openedBySingle(b, i)
	for ; end < len(b); end++ {
		c := b[end]
		if c == '\n' || c == '\r' || c == 0 || c == '<' || c == '>' || c == '`' {
			break
		}
		if isSpace(c) {
			if next := requestEnd(b, end); next > end {
				end = next - 1
				continue
			}
			break
		}
		if (c == '"' || c == '\'' && single) && closes(b, end) {
			break
		}
		if c == '\\' && end+1 < len(b) && b[end+1] == '"' {
			break
		}
	}
	for end > i+1 && bytes.IndexByte([]byte(".,;:)]}"), b[end-1]) >= 0 {
		end--
	}
	return end
}

// openedBySingle reports whether the URL or path at b[i] begins behind a single
// quote: only then does another one end it.
func openedBySingle(b []byte, i int) bool {
	for start := i; start > 0 && i-start < 16; start-- {
		if c := b[start-1]; c == '\'' {
			return true
		} else if !isWord(c) && c != '+' && c != ':' && c != '/' {
			return false
		}
	}
	return false
}

// requestEnd returns where " HTTP/1.1" begins if b[i:] is the rest of a request
// target that holds raw spaces, else i.
func requestEnd(b []byte, i int) int {
	rest := b[i:min(len(b), i+8192)]
	if eol := bytes.IndexByte(rest, '\n'); eol >= 0 {
		rest = rest[:eol]
	}
	at := bytes.Index(rest, []byte(" HTTP/"))
	if at <= 0 {
		return i
	}
	for j, c := range rest[:at] {
		if c == '"' && closes(rest, j) {
			return i
		}
	}
	return i + at
}

// closes reports whether the quote at b[i] can be the end of a quoted text.
func closes(b []byte, i int) bool {
	if i+1 >= len(b) {
		return true
	}
	return isSpace(b[i+1]) || bytes.IndexByte([]byte(",;:)]}>.\"'\\|"), b[i+1]) >= 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' || c == '$'
}
