package evidence

import "bytes"

// pairSpans hides the values of names that are secret: KEY=value, "key": "value",
// Key: value, 'key' => 'value', in any text.
func (r *Redactor) pairSpans(b []byte) []span {
	var out []span
	for i := 0; i < len(b); i++ {
		if b[i] != '=' && b[i] != ':' {
			continue
		}
		name := nameBefore(b, i)
		if name == "" || !secretName(name) || bytes.HasPrefix(b[i:], []byte("://")) {
			continue
		}
		for _, p := range valueSpans(b, i, name) {
			if v := string(b[p.start:p.end]); !harmless(v) && !r.keeps([]byte(v)) {
				out = append(out, p)
			}
			i = max(i, p.end-1)
		}
	}
	return out
}

// nameBefore returns the name that stands before the separator b[i], quoted or
// not.
func nameBefore(b []byte, i int) string {
	end := i
	for end > 0 && i-end < 2 && (b[end-1] == ' ' || b[end-1] == '\t' || (b[end-1] == ':' || b[end-1] == '!') && b[i] == '=') {
		end--
	}
	if end > 0 && b[end-1] == ']' { // env[KEY] = value
		end--
	}
	if end > 0 && (b[end-1] == '"' || b[end-1] == '\'') {
		end--
		if end > 0 && b[end-1] == '\\' {
			end--
		}
	}
	start := end
	for start > 0 && end-start < 128 && isWord(b[start-1]) {
		start--
	}
	return string(b[start:end])
}

// valueSpans returns the values after the separator b[i].
func valueSpans(b []byte, i int, name string) []span {
	at := i + 1
	for at < len(b) && (b[at] == '>' || b[at] == '=' || b[at] == '~') { // =>, ==, :=, =~
		at++
	}
	for at < len(b) && (b[at] == ' ' || b[at] == '\t') {
		at++
	}
	switch {
	case at >= len(b):
		return nil
	case b[at] == '[':
		return listSpans(b, at)
	case b[at] == '"' || b[at] == '\'':
		return []span{{at + 1, quoteEnd(b, at), Hidden}}
	case bytes.HasPrefix(b[at:], []byte(`\"`)):
		end := bytes.Index(b[at+2:], []byte(`\"`))
		if end < 0 {
			end = indexAny(b[at+2:], "\n")
		}
		return []span{{at + 2, at + 2 + end, Hidden}}
	}
	return []span{{at, bareEnd(b, at, b[i] == ':' && isHeader(name)), Hidden}}
}

// isHeader reports whether the value of a header of that name goes on to the end
// of its line.
func isHeader(name string) bool {
	switch plainName(name) {
	case "authorization", "proxy_authorization", "cookie", "set_cookie":
		return true
	}
	return false
}

// quoteEnd returns where the text ends that the quote b[at] opens: before the
// next quote of its kind that is not escaped, at the end of the line, at the end.
func quoteEnd(b []byte, at int) int {
	for i := at + 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '\n', b[at]:
			return i
		}
	}
	return len(b)
}

// listSpans returns the quoted texts of the list that b[at] opens.
func listSpans(b []byte, at int) []span {
	var out []span
	for i := at + 1; i < min(len(b), at+4096) && b[i] != ']' && b[i] != '\n'; i++ {
		if b[i] == '"' || b[i] == '\'' {
			end := quoteEnd(b, i)
			out = append(out, span{i + 1, end, Hidden})
			i = end
		}
	}
	return out
}

// bareEnd returns where an unquoted value ends that begins at b[at].
func bareEnd(b []byte, at int, line bool) int {
	end := at
	for ; end < len(b); end++ {
		c := b[end]
		if c == '\n' || c == '\r' || c == 0 || (c == '"' || c == '\'') && closes(b, end) {
			break
		}
		if !line && (isSpace(c) || c == '&') {
			// "Bearer abc": the scheme is not the whole value.
			if c == ' ' && isScheme(b[at:end]) {
				continue
			}
			break
		}
	}
	for !line && end > at && bytes.IndexByte([]byte(",;)]}"), b[end-1]) >= 0 {
		end--
	}
	return end
}

func isScheme(word []byte) bool {
	switch string(bytes.ToLower(word)) {
	case "bearer", "basic", "digest", "negotiate", "ntlm", "token", "apikey":
		return true
	}
	return false
}
