package evidence

import (
	"bytes"
	"net/url"
	"strings"
)

// urlSpans finds what is secret in the URL b[start:end]: with a scheme, without
// one, or only a path.
func (r *Redactor) urlSpans(b []byte, start, end int) []span {
	at := start
	switch i := bytes.Index(b[start:end], []byte("://")); {
	case i >= 0:
		at = start + i + 3
	case bytes.HasPrefix(b[start:end], []byte("//")):
		at = start + 2
	case start < end && b[start] == '/':
		return r.targetSpans(b, start, end)
	}
	if bytes.HasPrefix(b[at:end], []byte("unix:")) {
		return r.targetSpans(b, afterSocket(b, at, end), end)
	}
	host := at + indexAny(b[at:end], "/?#")
	var out []span
	if user := userinfoEnd(b, at, host, end); user > at {
		if string(b[at:user]) != Hidden {
			out = append(out, span{at, user, Hidden})
		}
		host = user + indexAny(b[user:end], "/?#")
	}
	return append(out, r.targetSpans(b, host, end)...)
}

// afterSocket returns where the path begins in "unix:/run/app.sock:/path", as
// nginx writes an upstream on a unix socket.
func afterSocket(b []byte, at, end int) int {
	if i := bytes.Index(b[at+len("unix:"):end], []byte(":/")); i >= 0 {
		return at + len("unix:") + i + 1
	}
	return end
}

// userinfoEnd returns the position of the "@" that ends the userinfo of the
// authority b[at:host], or at where there is none. A password may hold a "/"
// that should have been escaped: then what stands before it is no host and port.
func userinfoEnd(b []byte, at, host, end int) int {
	if i := bytes.LastIndexByte(b[at:host], '@'); i >= 0 {
		return at + i
	}
	_, port, ok := strings.Cut(string(b[at:host]), ":")
	if !ok || strings.Trim(port, "0123456789") == "" || strings.HasPrefix(string(b[at:host]), "[") {
		return at
	}
	if i := bytes.LastIndexByte(b[host:end], '@'); i >= 0 {
		return host + i
	}
	return at
}

// indexAny returns the first position of one of chars, or the length.
func indexAny(b []byte, chars string) int {
	if i := bytes.IndexAny(b, chars); i >= 0 {
		return i
	}
	return len(b)
}

// targetSpans finds what is secret in b[start:end], a path with its query and
// fragment.
func (r *Redactor) targetSpans(b []byte, start, end int) []span {
	path := start + indexAny(b[start:end], "?#")
	out := r.pathSpans(b, start, path)
	query := path
	if path < end && b[path] == '?' {
		query = path + indexAny(b[path:end], "#")
		out = append(out, r.querySpans(b, path+1, query)...)
	}
	switch {
	case query+1 >= end:
	case query > path && !r.keeps(b[query+1:end]): // what follows a query may be the rest of a value
		out = append(out, span{query + 1, end, Hidden})
	default:
		out = append(out, r.querySpans(b, query+1, end)...)
	}
	return out
}

// pathSpans hides the segments of a path that look like tokens, the segment
// after a word such as "reset" that holds a digit, and the values of parameters
// such as ";jsessionid=…".
func (r *Redactor) pathSpans(b []byte, start, end int) []span {
	if isSocketPath(b[start:end]) {
		return nil
	}
	var out []span
	before := ""
	for at := start; at <= end; {
		next := at + indexAny(b[at:end], "/")
		out = append(out, r.segmentSpans(b, at, next, before)...)
		before = string(b[at:next])
		at = next + 1
	}
	return out
}

func isSocketPath(path []byte) bool {
	return bytes.HasSuffix(path, []byte(".sock")) || bytes.HasSuffix(path, []byte(".socket"))
}

func (r *Redactor) segmentSpans(b []byte, start, end int, before string) []span {
	var out []span
	if i := bytes.IndexByte(b[start:end], ';'); i >= 0 {
		out = r.querySpans(b, start+i+1, end)
		end = start + i
	}
	if r.keeps(b[start:end]) || containerFolders[before] {
		return out
	}
	if tokenLike(b[start:end]) || handsOver[strings.ToLower(before)] && end-start >= 6 && bytes.ContainsAny(b[start:end], "0123456789") {
		return append(out, span{start, end, Hidden})
	}
	for at := start; at < end; {
		next := at + indexAny(b[at:end], ".,:~@!$()")
		if tokenLike(b[at:next]) {
			out = append(out, span{at, next, Hidden})
		}
		at = next + 1
	}
	return out
}

// containerFolders are the folders of container engines: the name of what stands
// in them is an identifier that opens nothing, and tells one file from another.
var containerFolders = map[string]bool{
	"overlay2": true, "overlay": true, "containers": true, "docker": true, "overlay-containers": true, "pods": true, "sandboxes": true,
	"snapshots": true, "io.containerd.runtime.v2.task": true, "k8s.io": true, "moby": true,
}

// handsOver are the words in a path after which applications like to put a
// token.
var handsOver = map[string]bool{
	"reset": true, "token": true, "tokens": true, "invite": true, "invites": true, "invitation": true, "verify": true, "confirm": true,
	"activate": true, "unsubscribe": true, "magic": true, "magic-link": true, "share": true, "shared": true, "secret": true,
	"password": true, "webhook": true, "webhooks": true, "hook": true, "hooks": true, "auth": true, "login": true, "session": true, "sessions": true,
}

// querySpans hides the values of a query and keeps the names.
func (r *Redactor) querySpans(b []byte, start, end int) []span {
	var out []span
	for at := start; at < end; {
		next := at + indexAny(b[at:end], "&") // no ";": it may stand in a value
		name, value := next, next
		if i := bytes.IndexByte(b[at:next], '='); i >= 0 {
			name, value = at+i, at+i+1
		}
		if tokenLike(b[at:name]) && !r.keeps(b[at:name]) {
			out = append(out, span{at, name, Hidden})
		}
		if value < next && !r.keeps(b[value:next]) {
			out = append(out, span{value, next, Hidden})
		}
		at = next + 1
	}
	return out
}

// keeps reports whether a word was named to stay, or is hidden already.
func (r *Redactor) keeps(word []byte) bool {
	if string(word) == Hidden || r.kept(string(word)) {
		return true
	}
	plain, err := url.QueryUnescape(string(word))
	return err == nil && r.kept(plain)
}

// tokenLike reports whether word looks as if a machine had drawn it at random:
// hexadecimal of 16 digits and more, a UUID, a JWT, or 20 characters and more
// in which letters and digits alternate more than in words that people write.
func tokenLike(word []byte) bool {
	if len(word) < 16 || len(word) > 8192 || isContainer(word) {
		return false
	}
	if bytes.IndexByte(word, '%') >= 0 {
		plain, err := url.PathUnescape(string(word))
		if err != nil {
			return false
		}
		word = []byte(plain)
	}
	c := classify(word)
	switch {
	case c.other > 0 || len(word) < 16:
		return false
	case c.hex == c.all && c.digits > 0:
		return true
	case bytes.HasPrefix(word, []byte("eyJ")):
		return true
	case len(word) < 20:
		return false
	case c.upper > 0 && c.lower > 0:
		return c.digits >= 2 && c.turns >= 0.3 || c.turns >= 0.45
	}
	return c.digits >= 4 && c.turns >= 0.3
}

type classes struct {
	all, hex, digits, upper, lower, other int
	turns                                 float64 // share of neighbours that are of different classes
}

func classify(word []byte) classes {
	var c classes
	var pairs, turns int
	var last byte
	for _, x := range word {
		var class byte
		switch {
		case '0' <= x && x <= '9':
			class = '0'
			c.digits++
			c.hex++
		case 'a' <= x && x <= 'z':
			class = 'a'
			c.lower++
			if x <= 'f' {
				c.hex++
			}
		case 'A' <= x && x <= 'Z':
			class = 'A'
			c.upper++
			if x <= 'F' {
				c.hex++
			}
		case x == '-' || x == '_' || x == '+' || x == '=' || x == '~':
			last = 0
			if x == '-' { // a UUID is hexadecimal with hyphens
				c.hex++
				c.all++
			}
			continue
		default:
			c.other++
			continue
		}
		c.all++
		if last != 0 {
			pairs++
			if class != last {
				turns++
			}
		}
		last = class
	}
	if len(word)-c.all > 0 && c.hex == c.all {
		c.hex = 0 // "_", "+" and "=" are no hexadecimal
	}
	if pairs > 0 {
		c.turns = float64(turns) / float64(pairs)
	}
	return c
}

// isContainer recognises the name of a container's control group
// ("docker-<64 hex>.scope"): it says where a process lives and opens nothing.
func isContainer(word []byte) bool {
	for _, prefix := range []string{"docker-", "cri-containerd-", "crio-", "libpod-"} {
		if id, ok := bytes.CutPrefix(word, []byte(prefix)); ok {
			id, _, _ = bytes.Cut(id, []byte("."))
			c := classify(id)
			return len(id) == 64 && c.hex == 64
		}
	}
	return false
}
