package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
)

// location is one location block, or, as the root, a server block.
type location struct {
	s       *scope
	kind    string // "", "=", "^~", "~", "~*", "@"
	name    string // path, pattern or name with its "@"
	re      *regex.Regexp
	err     error
	slash   bool // a request without the trailing "/" is redirected to it
	statics []*location
	regexes []*location
	named   []*location
}

// locations reads the locations that stand in s and below it.
func locations(s *scope) *location {
	l := &location{s: s}
	s.loc = l
	for _, it := range s.own("location") {
		if it.sub == nil {
			continue
		}
		in := locations(it.sub)
		in.kind, in.name = locationName(it)
		switch in.kind {
		case "~", "~*":
			in.re, in.err = regex.Compile(in.name, in.kind == "~*")
			l.regexes = append(l.regexes, in)
		case "@":
			l.named = append(l.named, in)
		default:
			in.slash = strings.HasSuffix(in.name, "/") && forwards(it.sub)
			l.statics = append(l.statics, in)
		}
	}
	return l
}

// locationName takes the words of a location apart as ngx_http_core_location
// does: the modifier may stand alone or at the head of the name.
func locationName(it *item) (kind, name string) {
	if len(it.Words) == 3 {
		return it.Arg(1), it.Arg(2)
	}
	text := it.Arg(1)
	for _, k := range []string{"=", "^~", "~*", "~"} {
		if rest, ok := strings.CutPrefix(text, k); ok {
			return k, rest
		}
	}
	if strings.HasPrefix(text, "@") {
		return "@", text
	}
	return "", text
}

// passes are the directives that hand a request to an upstream, with the prefix
// of their module's directives.
var passes = map[string]string{
	"proxy_pass": "proxy", "fastcgi_pass": "fastcgi", "uwsgi_pass": "uwsgi", "scgi_pass": "scgi",
	"grpc_pass": "grpc", "memcached_pass": "memcached",
}

// forwards reports whether a location hands requests to an upstream by itself.
func forwards(s *scope) bool {
	for name := range passes {
		if len(s.own(name)) > 0 {
			return true
		}
	}
	return false
}

// found says how the search for a location ended.
type found int

const (
	foundNone     found = iota // the location given is the innermost prefix, or the server
	foundExact                 // an exact match: no regular expression is asked
	foundRedirect              // the request lacks the trailing slash of the location
)

// find searches below l as ngx_http_core_find_location does. cur is where the
// request stands; the result is where it goes.
func (l *location) find(uri string, cur *location, trace func(*location, []string, error)) (*location, found) {
	hit, end := l.static(uri)
	noregex := false
	if hit != nil {
		cur = hit
	}
	if end != foundNone {
		return cur, end
	}
	if hit != nil {
		noregex = hit.kind == "^~"
		if cur, end = hit.find(uri, cur, trace); end != foundNone {
			return cur, end
		}
	}
	if noregex {
		return cur, foundNone
	}
	for _, r := range l.regexes {
		if r.err != nil {
			trace(r, nil, r.err)
			continue
		}
		m, err := r.re.Match(uri)
		if err != nil {
			trace(r, nil, err)
			continue
		}
		if m != nil {
			trace(r, m, nil)
			cur, _ = r.find(uri, r, trace)
			return cur, foundExact
		}
	}
	return cur, foundNone
}

// static returns the exact location of uri, or the longest prefix, among the
// locations directly in l.
func (l *location) static(uri string) (best *location, end found) {
	for _, s := range l.statics {
		switch {
		case s.kind == "=":
			if uri == s.name {
				return s, foundExact
			}
		case strings.HasPrefix(uri, s.name) && (best == nil || len(s.name) > len(best.name)):
			best = s
		}
	}
	if best != nil && best.name == uri {
		return best, foundNone
	}
	for _, s := range l.statics {
		if s.slash && s.name == uri+"/" {
			return s, foundRedirect
		}
	}
	return best, foundNone
}
