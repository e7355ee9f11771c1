package evidence

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/pattern"
)

// shapeSpans hides what is secret by its shape, wherever it stands.
func (r *Redactor) shapeSpans(b []byte) []span {
	out := r.mailSpans(b)
	out = append(out, r.schemeSpans(b)...)
	out = append(out, r.prefixSpans(b)...)
	out = append(out, r.keySpans(b)...)
	out = append(out, r.frameSpans(b)...)
	return append(out, r.wordSpans(b)...)
}

// each calls found with every position of word in b.
func each(b []byte, word string, found func(at int)) {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(word))
		if i < 0 {
			return
		}
		found(at + i)
		at += i + len(word)
	}
}

// run returns the end of the bytes from at on that are of a class, of limit at
// most.
func run(b []byte, at, limit int, class func(byte) bool) int {
	end := at
	for end < len(b) && end-at < limit && class(b[end]) {
		end++
	}
	return end
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// unitShape is the end of the name of a systemd unit, "app@2.service": no mail
// address.
var unitShape = pattern.New(`\.(?:service|socket|timer|scope|slice|mount|target|path|device|swap)$`)

// mailSpans hides mail addresses.
func (r *Redactor) mailSpans(b []byte) []span {
	var out []span
	each(b, "@", func(at int) {
		start := at
		for start > 0 && at-start < 64 && (isWord(b[start-1]) && b[start-1] != '$' || b[start-1] == '%' || b[start-1] == '+') {
			start--
		}
		end := domainEnd(b, at+1)
		if start == at || end == 0 || unitShape().Match(b[start:end]) || inAuthority(b, start) {
			return
		}
		out = append(out, span{start, end, Hidden})
	})
	return out
}

// domainEnd returns the end of the domain name at b[at], which begins with a
// letter and whose last label is letters, or 0.
func domainEnd(b []byte, at int) int {
	if at >= len(b) || !isAlnum(b[at]) || b[at] <= '9' {
		return 0
	}
	end := run(b, at, 253, func(c byte) bool { return isAlnum(c) || c == '-' || c == '.' })
	for end > at {
		name := b[at:end]
		dot := bytes.LastIndexByte(name, '.')
		if dot <= 0 {
			return 0
		}
		last := name[dot+1:]
		letters := run(last, 0, 24, func(c byte) bool { return isAlnum(c) && c > '9' })
		if letters >= 2 && name[dot-1] != '.' {
			return at + dot + 1 + letters
		}
		end = at + dot
	}
	return 0
}

// schemes are the words of Authorization headers, in lower case.
var schemes = []string{"bearer", "basic", "digest", "negotiate", "ntlm", "apikey", "token"}

// schemeSpans hides what follows an authentication scheme; "no-digest" is none.
func (r *Redactor) schemeSpans(b []byte) []span {
	var out []span
	low := lower(b)
	for _, word := range schemes {
		each(low, word, func(at int) {
			v := at + len(word)
			if at > 0 && isAlnum(b[at-1]) || bytes.HasSuffix(low[:at], []byte("no-")) || v >= len(b) || b[v] != ' ' && b[v] != '\t' {
				return
			}
			v = run(b, v, 8, func(c byte) bool { return c == ' ' || c == '\t' })
			if v < len(b) && (b[v] == '"' || b[v] == '\'') {
				v++
			}
			end := run(b, v, 16<<10, func(c byte) bool { return isTokenByte(c) || c == '/' || c == '=' || c == '.' })
			if value := b[v:end]; len(value) >= 6 && looksDrawn(value) && !r.keeps(value) {
				out = append(out, span{v, end, Hidden})
			}
		})
	}
	return out
}

// lower is b with the letters of ASCII in lower case, of the same length.
func lower(b []byte) []byte {
	low := bytes.Clone(b)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}

// prefixes are how known tokens begin, with the least length of what follows.
var prefixes = []struct {
	text  string
	least int
}{
	{"eyJ", 8},                 // JWT: base64 of {"
	{"AKIA", 16}, {"ASIA", 16}, // AWS
	{"ghp_", 10}, {"gho_", 10}, {"ghu_", 10}, {"ghs_", 10}, {"ghr_", 10}, {"github_pat_", 10}, {"glpat-", 10}, // GitHub, GitLab
	{"xoxa-", 10}, {"xoxb-", 10}, {"xoxe-", 10}, {"xoxp-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, // Slack
	{"sk_live_", 10}, {"sk_test_", 10}, {"rk_live_", 10}, {"pk_live_", 10}, {"whsec_", 10}, {"sk-", 20}, // Stripe, OpenAI
	{"AIza", 30}, {"SG.", 20}, {"npm_", 20}, {"hf_", 20}, {"shpat_", 10}, {"dop_v1_", 10}, // Google, SendGrid, npm, Hugging Face, Shopify, DigitalOcean
	{"$apr1$", 4}, {"$2a$", 4}, {"$2b$", 4}, {"$2x$", 4}, {"$2y$", 4}, {"$argon2", 4}, {"$1$", 4}, {"$5$", 4}, {"$6$", 4}, {"$y$", 4}, // crypt(5)
	{"{SSHA", 8}, {"{SHA", 8}, {"{SMD5", 8}, // LDAP
}

// prefixSpans hides tokens that are known by their beginning.
func (r *Redactor) prefixSpans(b []byte) []span {
	var out []span
	for _, p := range prefixes {
		each(b, p.text, func(at int) {
			if at > 0 && isAlnum(b[at-1]) {
				return
			}
			end := run(b, at+len(p.text), 16<<10, func(c byte) bool {
				return isTokenByte(c) || c == '.' || c == '/' || c == '=' || (c == '$' || c == '}' || c == ',') && p.text[0] < 'A' || c == '}' && p.text[0] == '{'
			})
			if end-at-len(p.text) >= p.least && !r.keeps(b[at:end]) {
				out = append(out, span{at, end, Hidden})
			}
		})
	}
	return out
}

// pemShape is a private key with its lines of begin and end.
var pemShape = pattern.New(`(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)(.*?)(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)

func (r *Redactor) keySpans(b []byte) []span {
	if !bytes.Contains(b, []byte("PRIVATE KEY")) {
		return nil
	}
	var out []span
	for _, m := range pemShape().FindAllSubmatchIndex(b, -1) {
		out = append(out, span{m[4], m[5], Hidden})
	}
	return out
}

// frameSpans hides the texts among the arguments in PHP's stack traces:
// "#0 /app/db.php(3): PDO->__construct('mysql:host=db', 'app', 'secret')".
func (r *Redactor) frameSpans(b []byte) []span {
	var out []span
	each(b, "#", func(at int) {
		digits := run(b, at+1, 4, func(c byte) bool { return '0' <= c && c <= '9' })
		if digits == at+1 || digits >= len(b) || b[digits] != ' ' {
			return
		}
		eol := digits + indexAny(b[digits:min(len(b), digits+4096)], "\n")
		call := bytes.Index(b[digits:eol], []byte("): "))
		if call < 0 {
			return
		}
		open := bytes.IndexByte(b[digits+call+3:eol], '(')
		if open < 0 {
			return
		}
		for i := digits + call + 3 + open; i < eol; i++ {
			if b[i] != '\'' {
				continue
			}
			end := i + 1 + indexAny(b[i+1:eol], "'")
			out = append(out, span{i + 1, end, Hidden})
			i = end
		}
	})
	return out
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
