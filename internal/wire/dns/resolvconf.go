package dns

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ResolvConf is how the system's library asks name servers (resolv.conf(5)).
type ResolvConf struct {
	Servers  []string      // "127.0.0.53:53", at most 3
	Search   []string      // domains without final dot
	Ndots    int           // dots from which a name is asked as it is first
	Timeout  time.Duration // of one attempt
	Attempts int
	TCP      bool // use-vc
	Rotate   bool
}

// What the library caps (glibc resolv/resolv.h: MAXNS, RES_MAXNDOTS, RES_MAXRETRANS,
// RES_MAXRETRY).
const (
	maxServers = 3
	maxSearch  = 32
)

// ParseResolvConf reads a resolv.conf. What it does not know it ignores, as the
// library does; an empty file means the server on this host.
func ParseResolvConf(file []byte) ResolvConf {
	c := ResolvConf{Ndots: 1, Timeout: 5 * time.Second, Attempts: 2}
	eachLine(dropSemicolons(file), func(words [][]byte) bool {
		args := words[1:]
		switch string(words[0]) {
		case "nameserver":
			if len(args) > 0 && len(c.Servers) < maxServers {
				if a, err := netip.ParseAddr(string(args[0])); err == nil {
					c.Servers = append(c.Servers, net.JoinHostPort(a.String(), "53"))
				}
			}
		case "domain", "search": // the last one counts
			c.Search = nil
			for _, w := range args {
				if d := strings.Trim(string(w), "."); d != "" && len(c.Search) < maxSearch {
					c.Search = append(c.Search, d)
				}
				if string(words[0]) == "domain" {
					break
				}
			}
		case "options":
			for _, w := range args {
				c.option(string(w))
			}
		}
		return true
	})
	if len(c.Servers) == 0 {
		c.Servers = []string{"127.0.0.1:53"}
	}
	return c
}

// dropSemicolons empties the lines that begin with a semicolon, the other comment.
func dropSemicolons(file []byte) []byte {
	if bytes.IndexByte(file, ';') < 0 {
		return file
	}
	lines := bytes.Split(file, []byte("\n"))
	for i, l := range lines {
		if len(l) > 0 && l[0] == ';' {
			lines[i] = nil
		}
	}
	return bytes.Join(lines, []byte("\n"))
}

func (c *ResolvConf) option(word string) {
	key, value, _ := strings.Cut(word, ":")
	n, err := strconv.Atoi(value)
	switch {
	case key == "rotate":
		c.Rotate = true
	case key == "use-vc":
		c.TCP = true
	case err != nil || n < 0:
	case key == "ndots":
		c.Ndots = min(n, 15)
	case key == "timeout":
		c.Timeout = time.Duration(min(max(n, 1), 30)) * time.Second
	case key == "attempts":
		c.Attempts = min(max(n, 1), 5)
	}
}

// Candidates returns the names, fully qualified, that the library asks for in
// order until one exists. A name with a final dot is asked alone.
func (c ResolvConf) Candidates(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	var searched []string
	for _, d := range c.Search {
		searched = append(searched, name+"."+d+".")
	}
	if strings.Count(name, ".") >= c.Ndots {
		return append([]string{name + "."}, searched...)
	}
	return append(searched, name+".")
}
