package caddy

import (
	"net"
	"slices"
	"sort"
	"strconv"
)

// siteLog reads a log directive of a site (parseLogHelper in builtins.go).
func (a *adapter) siteLog(b *block, r *row) {
	l := siteLog{name: r.arg(1)}
	for _, s := range r.block {
		switch s.name() {
		case "hostnames":
			l.hosts = append(l.hosts, s.args(1)...)
		case "no_hostname":
			l.hidden = true
		}
	}
	n := a.logger(r)
	if l.name == "" && len(n.keys) > 0 {
		l.name = "log" + strconv.Itoa(a.logCount)
		a.logCount++
	}
	b.logs = append(b.logs, l)
	if len(n.keys) == 0 {
		return
	}
	n.set("include", textsNode([]string{"http.log.access." + l.name}))
	a.logs.set(l.name, n)
	a.excluded = append(a.excluded, "http.log.access."+l.name)
}

// logger reads the block of a log directive or option.
func (a *adapter) logger(r *row, more ...string) *node {
	n := r.node(&node{kind: object})
	for _, s := range r.block {
		switch key := s.name(); key {
		case "output":
			n.set("writer", a.writer(s))
		case "format":
			n.set("encoder", s.node(obj("format", s.arg(1))))
		case "level":
			n.set("level", s.node(textNode(s.arg(1))))
		case "include", "exclude":
			if slices.Contains(more, key) {
				n.set(key, textsNode(s.args(1)))
			}
		case "hostnames", "no_hostname":
		case "core", "sampling":
			n.set(key, s.node(&node{kind: object}))
		default:
			a.problems.Fatal(s.at(0), "unrecognized subdirective: %s", key)
		}
	}
	return n
}

func (a *adapter) writer(r *row) *node {
	w := r.node(obj("output", r.arg(1)))
	switch r.arg(1) {
	case "file":
		w.set("filename", a.word(r, 2))
	case "net":
		w.set("address", a.word(r, 2))
	case "":
		a.problems.Fatal(r.place(), "wrong argument count or unexpected line ending after 'output'")
	}
	return w
}

// logging closes the loggers: what a site logs by itself is not in the default
// log as well.
func (a *adapter) logging() {
	if len(a.excluded) > 0 {
		d := a.logs.make("default")
		exclude := append(d.strs("exclude"), a.excluded...)
		sort.Strings(exclude)
		d.set("exclude", textsNode(exclude))
	}
	if len(a.logs.keys) > 0 {
		a.root.make("logging").set("logs", a.logs)
	}
}

// associate says which hosts of a server are logged, and by which logger.
func (a *adapter) associate(srv *node, p pairing) {
	if !slices.ContainsFunc(p.sites, func(x part) bool { return len(x.logs) > 0 }) {
		return
	}
	logs := srv.make("logs")
	var skip []string
	for _, x := range p.sites {
		hosts, every := x.hostsOf()
		for _, l := range x.logs {
			switch {
			case l.hidden:
			case every && len(l.hosts) == 0:
				if l.name != "" {
					logs.set("default_logger_name", textNode(l.name))
				}
			default:
				list := hosts
				if len(l.hosts) > 0 {
					list = l.hosts
				}
				for _, h := range list {
					names := append(logs.strs("logger_names", bareHost(h)), l.name)
					if len(names) == 1 && names[0] == "" {
						logs.make("logger_names").set(bareHost(h), listOf(textNode("")))
						continue
					}
					logs.make("logger_names").set(bareHost(h), textsNode(names))
				}
			}
		}
		if len(x.logs) == 0 {
			if every {
				logs.set("skip_unmapped_hosts", boolNode(true))
			}
			skip = append(skip, hosts...)
		}
	}
	if sort.Strings(skip); len(skip) > 0 {
		logs.set("skip_hosts", textsNode(skip))
	}
}

// bareHost takes the port off a host.
func bareHost(h string) string {
	if name, _, err := net.SplitHostPort(h); err == nil {
		return name
	}
	return h
}

// hostsOf returns the hosts of a site as loggers know them, and whether the site
// is for every host.
func (x part) hostsOf() (hosts []string, every bool) {
	for _, s := range x.addresses {
		every = every || s.host == ""
		if h := s.host; h != "" {
			if s.port != "" && s.port != "80" && s.port != "443" {
				h = net.JoinHostPort(h, s.port)
			}
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	return hosts, every
}
