package haproxy

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// check looks for what keeps the configuration from loading, as "haproxy -c"
// would. What a later version than the tables may know is no error here, unless
// it is plainly a slip of a known word.
func (c *config) check() {
	for _, s := range c.sections {
		for _, r := range s.rows {
			switch s.kind {
			case "global":
				c.checkGlobal(r)
			case "defaults", "frontend", "backend", "listen":
				c.checkProxy(s, r)
			}
		}
	}
	c.checkNames()
	for _, x := range c.proxies {
		c.checkReferences(x)
		c.checkServers(x)
	}
}

// judged reports whether the tables know all words of the version: they are
// those of 2.6, 3.0 and 3.2, as they print them, and of what later ones are known
// to have added.
func (c *config) judged() bool { return c.version >= 108 && c.version <= 302 }

// release returns 206 for "2.6.12-1", 0 for what is no version.
func release(version string) int {
	major, rest, _ := strings.Cut(version, ".")
	n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	big, err := strconv.Atoi(major)
	small, err2 := strconv.Atoi(rest[:n])
	if err != nil || err2 != nil || big < 1 || small > 99 {
		return 0
	}
	return big*100 + small
}

// keyword tells of a word that is not known.
func (c *config) keyword(at topo.Place, word, where string, known []string) {
	meant := near(word, known)
	switch {
	case meant != "":
		c.problems.Fatal(at, "unknown keyword '%s' in %s; did you mean '%s'?", word, where, meant)
	case c.judged():
		c.problems.Fatal(at, "unknown keyword '%s' in %s", word, where)
	default:
		c.problems.Warn(at, "the keyword '%s' in %s is not known here", word, where)
	}
}

func (c *config) checkGlobal(r *row) {
	key := r.arg(0)
	if strings.ContainsAny(key, ".") || slices.Contains(globalWords, key) || strings.HasPrefix(key, "expose-") {
		return
	}
	c.keyword(r.at(0), key, "'global' section", globalWords)
}

func (c *config) checkProxy(s *section, r *row) {
	key := r.arg(0)
	if !slices.Contains(proxyWords, key) {
		c.keyword(r.at(0), key, "'"+s.kind+"' section", proxyWords)
		return
	}
	switch key {
	case "timeout":
		c.checkTimeout(r)
	case "mode":
		if m := r.arg(1); !slices.Contains([]string{"tcp", "http", "health", "log", "spop", "haterm"}, m) {
			c.problems.Fatal(r.at(1), "unknown proxy mode '%s'", m)
		}
	case "bind":
		c.checkBind(s, r)
	case "acl":
		if len(r.words) < 3 {
			c.problems.Fatal(r.place(), "'acl' expects a name and an expression")
		}
	case "http-request":
		action, _ := call(r.arg(1))
		if i := strings.IndexAny(action, "0123456789"); i > 0 && strings.HasPrefix(action, "track-sc") {
			action = "track-sc"
		}
		if !slices.Contains(requestActions, action) && !strings.HasPrefix(action, "lua.") {
			c.keyword(r.at(1), action, "'http-request'", requestActions)
		}
	case "http-reuse":
		if !slices.Contains([]string{"never", "safe", "aggressive", "always"}, r.arg(1)) {
			c.problems.Fatal(r.at(1), "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'")
		}
	case "errorfile":
		c.checkFile(r, 2, r.arg(2), "error file")
	}
	if key != "acl" {
		c.checkBraces(r)
	}
}

func (c *config) checkTimeout(r *row) {
	kind := r.arg(1)
	switch {
	case !slices.Contains(timeouts, kind):
		c.problems.Fatal(r.at(1), "'timeout' does not support '%s'; it supports %s", kind, strings.Join(timeouts, ", "))
	case len(r.words) < 3:
		c.problems.Fatal(r.place(), "'timeout %s' expects a value", kind)
	case len(r.words) > 3:
		c.problems.Fatal(r.at(3), "'timeout %s' : unexpected extra argument '%s'", kind, r.arg(3))
	default:
		if _, ok := span(r.arg(2), 1e-3); !ok {
			c.problems.Fatal(r.at(2), "unexpected character in 'timeout %s': '%s'", kind, r.arg(2))
		}
	}
}

func (c *config) checkBind(s *section, r *row) {
	if s.kind == "backend" {
		return // only a warning
	}
	for i := 2; i < len(r.words); i++ {
		key := r.arg(i)
		n, known := bindWords[key]
		if !known {
			c.keyword(r.at(i), key, "'bind "+r.arg(1)+"'", keys(bindWords))
			return
		}
		if key == "crt" && !strings.HasPrefix(r.arg(i+1), "@") { // "@web/site" is one of a crt-store
			c.checkCertificate(r, i+1)
		}
		i += max(n, 0)
	}
}

// checkCertificate is checkFile for a certificate, which may be a bundle: then
// there are only files with the kind of key behind the name
// (SSL_SOCK_KEYTYPE_NAMES, include/haproxy/ssl_sock-t.h).
func (c *config) checkCertificate(r *row, word int) {
	path := c.absolute(r.arg(word), "crt-base")
	for _, kind := range []string{".rsa", ".ecdsa", ".dsa"} {
		if there, err := c.src.Glob(path + kind); err == nil && len(there) > 0 {
			return
		}
	}
	c.checkFile(r, word, path, "SSL certificate")
}

// checkFile tells of a file that is not there, in a folder that can be looked
// into.
func (c *config) checkFile(r *row, word int, path, what string) {
	if !filepath.IsAbs(path) || strings.ContainsAny(path, `*?[\`) {
		return
	}
	if there, err := c.src.Glob(path); err != nil || len(there) > 0 {
		return
	}
	if around, err := c.src.Glob(filepath.Dir(path) + "/*"); err != nil || len(around) == 0 {
		return // nothing of the folder is seen
	}
	c.problems.Fatal(r.at(word), "the %s '%s' does not exist", what, path)
}

// checkBraces tells of a condition that is not closed.
func (c *config) checkBraces(r *row) {
	i := slices.IndexFunc(r.words, func(w word) bool { return w.Text == "if" || w.Text == "unless" })
	if i < 0 || i == 0 {
		return
	}
	open := false
	for _, w := range r.words[i+1:] {
		switch strings.TrimLeft(w.Text, "!") {
		case "{":
			open = true
		case "}":
			open = false
		}
	}
	if open {
		c.problems.Fatal(r.place(), "missing closing '}' in condition")
	}
}

// checkNames tells of proxies of one name that would stand in each other's way.
func (c *config) checkNames() {
	front, back := map[string]*proxy{}, map[string]*proxy{}
	for _, x := range c.proxies {
		other := front[x.name]
		if x.kind == "backend" || other == nil {
			if x.kind != "frontend" {
				other = back[x.name]
			}
		}
		if x.kind == "listen" && other == nil {
			other = front[x.name]
		}
		if other != nil && x.name != "" {
			c.problems.Fatal(x.head.place(), "%s '%s' has the same name as %s '%s' declared at %s", x.kind, x.name, other.kind, other.name, other.head.place())
		}
		if x.kind != "backend" {
			front[x.name] = x
		}
		if x.kind != "frontend" {
			back[x.name] = x
		}
	}
}

// conditional are the lines whose "if" names ACLs.
var conditional = []string{"use_backend", "http-request", "http-response", "redirect", "use-server", "monitor"}

func (c *config) checkReferences(x *proxy) {
	for _, r := range x.all() {
		switch {
		case r.begins("default_backend") && x.kind != "backend", r.begins("use_backend") && x.kind != "backend":
			if name := r.arg(1); c.backend(name) == nil && !strings.Contains(name, "%") {
				c.problems.Fatal(r.at(1), "proxy '%s': unable to find required %s: '%s'", x.name, r.arg(0), name)
			}
		}
		if slices.Contains(conditional, r.arg(0)) {
			c.checkACLs(x, r)
		}
	}
}

// checkACLs tells of ACLs that are used and not defined.
func (c *config) checkACLs(x *proxy, r *row) {
	i := slices.IndexFunc(r.words, func(w word) bool { return w.Text == "if" || w.Text == "unless" })
	if i < 1 {
		return
	}
	inside := false
	for j := i + 1; j < len(r.words); j++ {
		w := strings.TrimLeft(r.arg(j), "!")
		switch {
		case w == "{":
			inside = true
		case w == "}":
			inside = false
		case inside || w == "" || w == "or" || w == "||" || w == "OR" || x.acls[w] != nil || predefined[w] != "":
		case strings.HasPrefix(w, "{") || strings.Contains(w, "}"):
			return // braces without blanks: HAProxy sees names, people other things
		default:
			c.problems.Fatal(r.at(j), "no such ACL: '%s'", w)
			return
		}
	}
}

func (c *config) checkServers(x *proxy) {
	seen := map[string]*row{}
	for _, s := range x.servers {
		if s.Name == "" {
			continue
		}
		if at := seen[s.Name]; at != nil {
			c.problems.Fatal(s.row.at(1), "proxy '%s': another server named '%s' was already defined at line %d", x.name, s.Name, at.line)
		}
		seen[s.Name] = s.row
		if s.resolvers != "" && !slices.ContainsFunc(c.sections, func(o *section) bool { return o.kind == "resolvers" && o.name == s.resolvers }) && s.resolvers != "default" {
			c.problems.Fatal(s.row.place(), "proxy '%s', server '%s': unable to find required resolvers '%s'", x.name, s.Name, s.resolvers)
		}
		if !s.tls {
			continue
		}
		if c.verifies(s) && s.ca == "" && c.judged() {
			c.problems.Fatal(s.row.place(), "'server %s' : verify is enabled by default but no CA file specified", s.Name)
		}
		if s.ca != "" && s.ca != "@system-ca" && !strings.HasPrefix(filepath.Base(s.ca), "@") {
			c.checkFile(s.row, 1, s.ca, "CA file")
		}
	}
}
