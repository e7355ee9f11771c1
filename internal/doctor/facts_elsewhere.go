package doctor

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// elsewhereFacts looks, for every local endpoint without a listener, for an
// application that listens somewhere else: at the same port of another address,
// or anywhere that no gateway refers to. It sends nothing: what no configuration
// names is not dialled.
func (x *examination) elsewhereFacts(now picture) {
	if !now.ok {
		return
	}
	for _, u := range x.upstreams {
		if !u.Local || len(u.After) > 0 {
			continue
		}
		if u.unix() {
			x.otherSockets(u, now)
			continue
		}
		x.otherPorts(u, now)
	}
}

func (x *examination) otherPorts(u *upstream, now picture) {
	want, err := netip.ParseAddrPort(u.Addr)
	if err != nil {
		return
	}
	if u.Name != "" && !x.has(vocab.NameSame, u.Addr) {
		return // a name that has moved, or may have, explains another address better
	}
	for _, l := range now.Listeners.List {
		if l.Network == "tcp" && l.Port == int(want.Port()) && x.gatewayOf(l) == nil && !x.stoodBeside(u, l, now) {
			x.add(u.about(vocab.ListenerOtherAddress, evidence.Socket, "socket "+l.Address, l.Address+" by "+listenerWords(l, now.Processes)))
			return
		}
	}
	x.orphanFacts(u, now, int(want.Port()))
}

// orphanFacts tells of the listener to which no gateway refers that is most
// likely meant: one that belongs to the site, one close to the wanted port, a
// server of the wanted protocol, any other.
func (x *examination) orphanFacts(u *upstream, now picture, port int) {
	near := func(l host.Listener) bool {
		return port > 0 && l.Network == "tcp" && l.Port >= port-nearPort && l.Port <= port+nearPort
	}
	orphans := x.orphans(now)
	stood := slices.IndexFunc(orphans, func(l host.Listener) bool {
		p, ok := now.Processes.Find(l.PIDs[0])
		return ok && (x.related(p) || near(l) || x.speaks(p)) && x.stoodBeside(u, l, now)
	})
	if stood >= 0 {
		l := orphans[stood]
		x.add(u.about(vocab.ListenerBeside, evidence.Socket, "socket "+l.Address, listensAtWords(l)+" by "+listenerWords(l, now.Processes)))
		orphans = slices.DeleteFunc(orphans, func(l host.Listener) bool { return x.stoodBeside(u, l, now) })
	}
	say := func(fact vocab.Fact, fits func(host.Listener, host.Process) bool) bool {
		for _, l := range orphans {
			if p, ok := now.Processes.Find(l.PIDs[0]); ok && fits(l, p) {
				x.add(u.about(fact, evidence.Socket, "socket "+l.Address, listensAtWords(l)+" by "+processWords(p)))
				return true
			}
		}
		return false
	}
	switch {
	case say(vocab.ListenerRelated, func(_ host.Listener, p host.Process) bool { return x.related(p) }):
	case say(vocab.ListenerNear, func(l host.Listener, _ host.Process) bool { return near(l) }):
	case say(vocab.ListenerSameKind, func(_ host.Listener, p host.Process) bool { return x.speaks(p) }):
	case say(vocab.ListenerElsewhere, func(l host.Listener, _ host.Process) bool { return l.Network == "tcp" }):
	case len(now.Listeners.Gaps) == 0 && stood < 0:
		x.add(u.about(vocab.ListenerNowhereElse, evidence.Socket, "socket table", ""))
	}
}

// stoodBeside reports whether the processes of a listener ran already while the
// endpoint still answered: then it is not the application that moved there, but
// another one, or what a gateway between them forwarded to.
func (x *examination) stoodBeside(u *upstream, l host.Listener, now picture) bool {
	served := x.lastServed(u.Addr)
	if served.IsZero() || len(l.PIDs) == 0 {
		return false
	}
	return !slices.ContainsFunc(l.PIDs, func(pid int) bool {
		p, ok := now.Processes.Find(pid)
		return !ok || p.Started.IsZero() || p.Started.After(served)
	})
}

// lastServed is when an endpoint last answered well, by the access logs; zero
// where they do not show that it did.
func (x *examination) lastServed(endpoint string) (last time.Time) {
	for _, l := range x.logs {
		if l.Kind != "access" || !l.OK {
			continue
		}
		for _, r := range l.Extract.Routes {
			if r.OK > 0 && (r.Endpoint == endpoint || r.Endpoint == "" && len(x.configuredEndpoints()) == 1 && x.configuredEndpoints()[0] == endpoint && x.attributable(l, "") && x.sameWay(r)) {
				last = later(last, r.LastOK)
			}
		}
	}
	return last
}

// nearPort is how far two ports lie apart that people take for one another.
const nearPort = 2

// otherSockets looks for a listening unix socket that is evidently meant: in
// the same folder, or of the same name.
func (x *examination) otherSockets(u *upstream, now picture) {
	_, want := u.network()
	for _, l := range now.Listeners.List {
		if l.Network != "unix" || l.Address == "" || l.Address == want || x.referredTo("unix:"+l.Address) {
			continue
		}
		sameFolder := path.Dir(l.Address) == path.Dir(want) && path.Dir(want) != "/run" && path.Dir(want) != "/tmp" && path.Dir(want) != "/var/run"
		if sameFolder || path.Base(l.Address) == path.Base(want) {
			x.add(u.about(vocab.ListenerOtherAddress, evidence.Socket, "socket "+l.Address, "unix:"+l.Address+" by "+listenerWords(l, now.Processes)))
			return
		}
	}
	x.orphanFacts(u, now, 0)
}

// gatewayOf returns the gateway that a listener belongs to, or nil.
func (x *examination) gatewayOf(l host.Listener) *survey.Gateway {
	for _, g := range x.survey.Gateways {
		if g.Holds(l) {
			return g
		}
	}
	return nil
}

// speaks reports whether a process is the server of the protocol that the
// gateway speaks: php-fpm for FastCGI, uwsgi for uwsgi. Hosts rarely have two.
func (x *examination) speaks(p host.Process) bool {
	switch x.decision.Forward.Protocol {
	case vocab.FastCGI:
		return strings.HasPrefix(p.Comm, "php-fpm")
	case vocab.UWSGI:
		return strings.HasPrefix(p.Comm, "uwsgi")
	}
	return false
}

func listensAtWords(l host.Listener) string {
	if l.Network == "unix" {
		return "unix:" + l.Address
	}
	return l.Address
}

// orphans returns the applications' listeners that no gateway refers to: TCP,
// and unix sockets outside the system's own folders.
func (x *examination) orphans(now picture) []host.Listener {
	var found []host.Listener
	for _, l := range now.Listeners.List {
		if len(l.PIDs) == 0 || x.gatewayOf(l) != nil {
			continue
		}
		switch {
		case l.Network == "unix" && (!strings.HasPrefix(l.Address, "/") || strings.HasPrefix(l.Address, "/run/systemd/") || x.referredTo("unix:"+l.Address)):
			continue
		case l.Network == "tcp" && (l.Port == 0 || infrastructure[l.Port] || x.referredToPort(l)):
			continue
		}
		if p, ok := now.Processes.Find(l.PIDs[0]); !ok || daemons[p.Comm] {
			continue
		}
		found = append(found, l)
	}
	return found
}

// infrastructure are ports that belong to services which no gateway speaks HTTP
// to (IANA's registry).
var infrastructure = map[int]bool{
	21: true, 22: true, 25: true, 53: true, 110: true, 111: true, 143: true, 465: true, 587: true, 631: true, 853: true, 993: true, 995: true,
	1433: true, 1521: true, 2375: true, 2376: true, 2379: true, 2380: true, 3306: true, 5432: true, 5672: true, 6379: true, 9042: true, 9092: true, 11211: true, 27017: true,
}

// daemons are programs of the system that are no one's web application.
var daemons = map[string]bool{
	"sshd": true, "systemd": true, "systemd-resolve": true, "dockerd": true, "containerd": true, "postgres": true, "mysqld": true, "mariadbd": true,
	"redis-server": true, "memcached": true, "chronyd": true, "rpcbind": true, "cupsd": true, "master": true, "dnsmasq": true, "named": true,
}

func (x *examination) referredToPort(l host.Listener) bool {
	return x.refers(func(endpoint string) bool { return l.Takes(endpoint) })
}

func (x *examination) referredTo(endpoint string) bool {
	return x.refers(func(e string) bool { return e == endpoint })
}

// refers reports whether a configuration names an endpoint that fits.
func (x *examination) refers(fits func(endpoint string) bool) bool {
	for _, g := range x.survey.Gateways {
		var all []topo.Endpoint
		for _, s := range g.Conf.Instance.Sites {
			for _, f := range s.Forwards {
				all = append(all, f.Endpoints...)
			}
		}
		for _, p := range g.Conf.Instance.Pools {
			all = append(all, p.Endpoints...) // one that is chosen by a variable stands in no site
		}
		if slices.ContainsFunc(all, func(e topo.Endpoint) bool {
			return fits(e.String()) || e.Host == "localhost" && (fits("127.0.0.1:"+strconv.Itoa(e.Port)) || fits("[::1]:"+strconv.Itoa(e.Port)))
		}) {
			return true
		}
	}
	return false
}

// related reports whether a process evidently belongs to the site: a part of
// its folder or arguments is the site's, the pool's or the route's own name, or
// it runs in a folder that the site's configuration names.
func (x *examination) related(p host.Process) bool {
	marks := x.siteMarks()
	if p.Cwd != "" && p.Cwd != "/" {
		for _, folder := range x.siteFolders() {
			if p.Cwd == folder || strings.HasPrefix(folder, p.Cwd+"/") || strings.HasPrefix(p.Cwd, folder+"/") {
				return true
			}
		}
	}
	for _, word := range append(strings.FieldsFunc(p.Cwd, separator), strings.FieldsFunc(strings.Join(p.Args, " "), separator)...) {
		if slices.Contains(marks, strings.ToLower(word)) {
			return true
		}
	}
	return false
}

func separator(r rune) bool { return strings.ContainsRune("/ =,:._-@", r) }

// siteMarks are the words by which an operator names what belongs to the site.
func (x *examination) siteMarks() []string {
	common := []string{"www", "com", "net", "org", "example", "test", "local", "localhost", "http", "https", "backend", "upstream", "server", "app", "api", "web", "site", "default", "internal", "static", "127", "proxy", "node", "python", "python3",
		// what products put into the names of pools and routes
		"file", "docker", "swarm", "kubernetes", "consul", "service", "services", "svc", "router", "pool", "cluster", "group", "main", "prod", "host", "port", "srv", "handler", "route"}
	var marks []string
	add := func(text string) {
		for _, w := range strings.FieldsFunc(strings.ToLower(text), separator) {
			if len(w) >= 3 && !slices.Contains(common, w) && !slices.Contains(marks, w) {
				if _, err := strconv.Atoi(w); err != nil {
					marks = append(marks, w)
				}
			}
		}
	}
	add(x.match.Request.Host)
	add(x.decision.Site.Name)
	add(x.pool())
	return marks
}

// siteFolders are the folders that the site's configuration names for its
// files.
func (x *examination) siteFolders() []string {
	var folders []string
	for _, s := range x.decision.Steps {
		words := strings.Fields(strings.TrimSuffix(s.Text, ";"))
		if len(words) < 2 {
			continue
		}
		last := strings.Trim(words[len(words)-1], "\"'")
		switch strings.ToLower(words[0]) {
		case "root", "alias", "documentroot":
			if len(last) > 1 {
				folders = append(folders, strings.TrimSuffix(last, "/"))
			}
		}
	}
	return folders
}
