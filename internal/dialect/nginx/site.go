package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/regex"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// server is one server block.
type server struct {
	s       *scope
	stream  bool
	listens []listen
	names   []serverName
	root    *location // holds the locations of the server
}

// serverName is one word of server_name.
type serverName struct {
	topo.SiteName
	it    *item
	match string // exact: the name; wildcard: what the host ends or begins with
	tail  bool   // "example.*"
	bare  bool   // ".example.com": the name itself as well
	re    *regex.Regexp
	err   error
}

// serverNames reads the names of a server.
func serverNames(s *scope) []serverName {
	var names []serverName
	for _, it := range s.own("server_name") {
		for _, w := range it.Args() {
			names = append(names, nameOf(it, w.Text))
		}
	}
	return names
}

func nameOf(it *item, text string) serverName {
	n := serverName{it: it}
	n.Name, n.Kind = text, "exact"
	if pattern, ok := strings.CutPrefix(text, "~"); ok {
		n.Kind = "regex"
		// ngx_http_core_server_name ignores case where the pattern has an upper
		// case letter; a Host is lower case by then, so it does for all.
		n.re, n.err = regex.Compile(pattern, true)
		return n
	}
	low := strings.ToLower(text)
	n.Name = low
	switch {
	case strings.HasPrefix(low, "*."):
		n.Kind, n.match = "wildcard", low[1:]
	case strings.HasPrefix(low, ".") && len(low) > 1:
		n.Kind, n.match, n.bare = "wildcard", low, true
	case strings.HasSuffix(low, ".*"):
		n.Kind, n.match, n.tail = "wildcard", low[:len(low)-1], true
	default:
		n.match = low
	}
	return n
}

// fits reports how well the name fits a host: 0 not at all, else the larger the
// better, as ngx_hash_find_combined and ngx_http_find_virtual_server look.
func (n *serverName) fits(host string) int {
	const exact, head, tail = 1 << 20, 1 << 18, 1 << 16
	switch {
	case n.Kind == "exact":
		if host == n.match {
			return exact
		}
	case n.Kind != "wildcard":
	case n.bare && host == n.match[1:]:
		return exact
	case n.tail:
		if strings.HasPrefix(host, n.match) && len(host) > len(n.match) {
			return tail + len(n.match)
		}
	case strings.HasSuffix(host, n.match) && len(host) > len(n.match):
		return head + len(n.match)
	}
	return 0
}

// primary returns the first name, which $server_name and redirects use.
func (v *server) primary() string {
	if len(v.names) == 0 {
		return ""
	}
	n := v.names[0]
	if n.Kind == "wildcard" && n.bare {
		return n.Name[1:]
	}
	return n.Name
}

// find returns the server that answers for host on a socket, and the name that
// matched.
func (k *socket) find(host string) (v *server, name *serverName, groups []string, err error) {
	best := 0
	for _, s := range k.servers {
		if host == "" && len(s.names) == 0 {
			return s, nil, nil, nil // its name is ""
		}
		for i := range s.names {
			if fit := s.names[i].fits(host); fit > best {
				best, v, name = fit, s, &s.names[i]
			}
		}
	}
	if v != nil {
		return v, name, nil, nil
	}
	for _, s := range k.servers {
		for i := range s.names {
			n := &s.names[i]
			if n.Kind != "regex" {
				continue
			}
			if n.err != nil {
				err = n.err
				continue
			}
			if host == "" {
				continue
			}
			if m, merr := n.re.Match(host); merr != nil {
				err = merr
			} else if m != nil {
				return s, n, m, err
			}
		}
	}
	return k.byDefault, nil, nil, err
}
