package evidence

import (
	"bytes"
	"regexp"
)

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

// Shapes of secrets that are known wherever they stand.
var (
	mailShape   = regexp.MustCompile(`[A-Za-z0-9._%+-]{1,64}@[A-Za-z][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,62})*\.[A-Za-z]{2,24}`)
	unitShape   = regexp.MustCompile(`\.(?:service|socket|timer|scope|slice|mount|target|path|device|swap)$`)
	schemeShape = regexp.MustCompile(`(?i)\b(?:bearer|basic|digest|negotiate|ntlm|apikey|token)[ \t]+["']?([A-Za-z0-9+/=._~-]{6,})`)
	knownShape  = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*` +
		`|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b` +
		`|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|sk_test_|rk_live_|pk_live_|whsec_|npm_|hf_|shpat_|dop_v1_|SG\.)[A-Za-z0-9_.-]{10,}` +
		`|\bsk-[A-Za-z0-9_-]{20,}` +
		`|\bAIza[A-Za-z0-9_-]{30,}` +
		`|\$(?:apr1|2[abxy]|argon2[a-z]*|[156y])\$[^\s:"',]+` +
		`|\{(?:SSHA|SHA|SMD5)[0-9]*\}[A-Za-z0-9+/=]+`)
	pemShape   = regexp.MustCompile(`(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)(.*?)(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)
	frameShape = regexp.MustCompile(`#[0-9]+ [^\n]{0,400}?: [A-Za-z_\\][^\n(]{0,200}\(([^\n]*)`)
	quoteShape = regexp.MustCompile(`'([^'\n]+)'?`)
)

// shapeSpans hides what is secret by its shape.
func (r *Redactor) shapeSpans(b []byte) []span {
	var out []span
	if bytes.IndexByte(b, '@') >= 0 {
		for _, m := range mailShape.FindAllIndex(b, -1) {
			if !unitShape.Match(b[m[0]:m[1]]) && !inAuthority(b, m[0]) {
				out = append(out, span{m[0], m[1], Hidden})
			}
		}
	}
	for _, m := range schemeShape.FindAllSubmatchIndex(b, -1) {
		if v := b[m[2]:m[3]]; looksDrawn(v) && !r.keeps(v) {
			out = append(out, span{m[2], m[3], Hidden})
		}
	}
	for _, m := range knownShape.FindAllIndex(b, -1) {
		out = append(out, span{m[0], m[1], Hidden})
	}
	if bytes.Contains(b, []byte("PRIVATE KEY")) {
		for _, m := range pemShape.FindAllSubmatchIndex(b, -1) {
			out = append(out, span{m[4], m[5], Hidden})
		}
	}
	// PHP prints the arguments of every call in a stack trace.
	for _, m := range frameShape.FindAllSubmatchIndex(b, -1) {
		for _, q := range quoteShape.FindAllSubmatchIndex(b[m[2]:m[3]], -1) {
			out = append(out, span{m[2] + q[2], m[2] + q[3], Hidden})
		}
	}
	return append(out, r.wordSpans(b)...)
}

// inAuthority reports whether b[at] stands between the "//" of a URL and its path:
// what looks like a mail address there is userinfo and a host that stays.
func inAuthority(b []byte, at int) bool {
	start := at
	for start > 0 && at-start < 512 && bytes.IndexByte([]byte("/ \t\n\"'<>"), b[start-1]) < 0 {
		start--
	}
	return bytes.HasSuffix(b[:start], []byte("://"))
}

// looksDrawn reports whether what follows an authentication scheme is a
// credential and not the next word of a sentence.
func looksDrawn(v []byte) bool {
	c := classify(v)
	inner := classify(v[1:])
	return c.digits > 0 || bytes.HasSuffix(v, []byte("=")) || inner.upper > 0 && c.lower > 0 || len(v) >= 32
}

// wordSpans hides words of 32 characters and more that look drawn at random.
func (r *Redactor) wordSpans(b []byte) []span {
	var out []span
	for i := 0; i < len(b); {
		if !isTokenByte(b[i]) {
			i++
			continue
		}
		end := i
		for end < len(b) && isTokenByte(b[end]) {
			end++
		}
		if w := b[i:end]; len(w) >= 32 && tokenLike(w) && !r.keeps(w) && !containerFolders[folderBefore(b, i)] {
			out = append(out, span{i, end, Hidden})
		}
		i = end
	}
	return out
}

// folderBefore returns the name of the folder in which the word at b[i] stands.
func folderBefore(b []byte, i int) string {
	if i == 0 || b[i-1] != '/' {
		return ""
	}
	start := i - 1
	for start > 0 && i-start < 40 && isWord(b[start-1]) {
		start--
	}
	return string(b[start : i-1])
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '+' || c == '~'
}
