package lab

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// These scenes stand behind any product: what lies between it and an application
// that is well, on the network and in its own judgement.

// filtered wants a layout that gives up connecting after a second.
func filtered(lay layout) Fault {
	return fault("filtered-drop", "a firewall on this host drops what goes to the server's port", vocab.Filtered, vocab.ConnectionTimeout, 504, func(b *Bench) (Scene, error) {
		b.Machine(nil)
		name := b.Name()
		config := good(b.local())
		config.Idle = 0 // no connection is left from before the rule
		app := b.Backend(name, config)
		g := lay(b, name, app.Addr).Run().Served(2)
		b.drop(app.Addr)
		return g.Scene(fmt.Sprintf("nft: tcp dport %d drop", port(app.Addr)))
	}).needs("netns", "nft")
}

func noRoute(lay layout) Fault {
	return fault("unreachable-no-route", "there is no route to the server's network", vocab.Unreachable, vocab.DestinationIPUnroutable, 502, func(b *Bench) (Scene, error) {
		b.Machine(nil)
		return lay(b, b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port())).Run().Scene()
	}).needs("netns")
}

func staleHosts(lay layout, doc string) Fault {
	return fault("stale-hosts", doc, vocab.StaleDNS, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name, p := b.Name(), b.Port()
		host := name + ".svc.internal"
		b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n127.0.0.2 " + host + "\n"})
		app := b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
		g := lay(b, name, fmt.Sprintf("%s:%d", host, p)).Run().Served(2)
		b.move(app, name, fmt.Sprintf("127.0.0.3:%d", p))
		b.Write("machine/etc/hosts", "127.0.0.1 localhost\n127.0.0.3 "+host+"\n")
		return g.Scene("the application moved from 127.0.0.2 to 127.0.0.3, /etc/hosts says so")
	}).needs("netns")
}

// misnamed is a site whose server is looked up at a name server of the scene, as
// the host does it.
func misnamed(lay layout, server backend.DNS) start {
	return func(b *Bench) (Scene, error) {
		b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n", "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})
		server.Listen = "127.0.0.1:53"
		b.DNS(server)
		name := b.Name()
		return lay(b, name, fmt.Sprintf("%s.svc.internal:%d", name, b.Port())).Run().Scene()
	}
}

// checkedWrong are health checks that the application does not pass. The first
// layout asks for /healthz, the second wants the status 204 of /up.
func checkedWrong(path, status layout) []Fault {
	return []Fault{
		checked(path, "path", "the check asks for a path that the application does not have", backend.Route{Path: "/healthz", Status: 404}),
		checked(status, "status", "the check wants 204, the application answers 200", backend.Route{Path: "/up"}),
	}
}

func checked(lay layout, what, doc string, r backend.Route) Fault {
	return fault("check-wrong-"+what, doc, vocab.HealthCheckWrong, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 60000, Routes: []backend.Route{r, {Path: "/"}}})
		return lay(b, name, app.Addr).Run().down().Scene()
	}).also(vocab.NoHealthyUpstream)
}

// full wants a layout whose server may have one connection.
func full(lay layout) start {
	return func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/slow", Do: "hang"}, {Path: "/"}}})
		g := lay(b, name, app.Addr)
		g.sites[0].path = "/list"
		g.Run().Served(2)
		b.occupy(g.hosts, g.sites[0].below("/slow"))
		b.until("the connection is taken", func() bool { return g.Get(1).Status == http.StatusServiceUnavailable })
		return g.Scene()
	}
}

// moved is a site whose application has just moved to another port; the gateway
// goes on as it was laid out.
func (b *Bench) moved(lay layout) (g *Gateway, from, to int) {
	name := b.Name()
	from = b.Port()
	to = b.PortNear(from)
	app := b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", from)))
	g = lay(b, name, app.Addr).Run().Served(3)
	b.move(app, name, fmt.Sprintf("127.0.0.1:%d", to))
	return g, from, to
}

// follow is the edit that follows an application to another port.
func follow(text string, from, to int) string {
	return strings.ReplaceAll(text, fmt.Sprint(":", from), fmt.Sprint(":", to))
}

// notApplied wants a layout that does not watch its files.
func notApplied(lay layout, product string) Fault {
	return fault("not-applied-port", "the application moved, the file says so, and nobody has reloaded "+product, vocab.NotApplied, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		g, from, to := b.moved(lay)
		b.later()
		g.Edit(func(text string) string { return follow(text, from, to) })
		return g.Scene("the file on disk has the right port, the running " + product + " the old one")
	})
}

// spoilt is an application that moved, and an edit that follows it and spoils the
// file, so that the gateway refuses it and goes on as it was.
func spoilt(lay layout, spoil func(text string, to int) string, refuse func(*Gateway), note string) start {
	return func(b *Bench) (Scene, error) {
		g, from, to := b.moved(lay)
		g.Edit(func(text string) string { return spoil(follow(text, from, to), to) })
		refuse(g)
		return g.Scene(note)
	}
}
