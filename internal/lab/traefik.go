package lab

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

// traefikSite is one site behind a scene's Traefik. The parts of its
// configuration are YAML.
type traefikSite struct {
	place
	servers     []string // URLs, each with what stands beside it: "http://…\nweight: 0"
	balancer    string   // further lines of the loadBalancer
	transport   string   // lines of a servers transport of its own
	middlewares string   // lines of middlewares, by name
	names       []string // those that the router names
}

// router is what its router and its service are called.
func (s *traefikSite) router() string { return s.app + "-site" }

// Traefik is the gateway of a scene.
type Traefik struct {
	*Gateway
	dynamic string // the file with the routers
	log     string // Traefik's own log
	debug   bool   // it is written at level DEBUG
	access  string // the access log; empty: none
	format  string
	api     string // where the API stands open; empty: nowhere
	watch   bool
	remote  string // where Traefik asks for its routers; empty: it reads a file
	target  *traefikSite
	others  []*traefikSite
	wait    string // responseHeaderTimeout of the default transport; empty: none
	args    []string
}

// traefikSite draws the outside of a site behind Traefik.
func (b *Bench) traefikSite(app string, servers ...string) *traefikSite {
	s := &traefikSite{place: b.place(app, b.local, zones...)}
	for _, a := range servers {
		if !strings.Contains(a, "://") {
			a = "http://" + a
		}
		s.servers = append(s.servers, a)
	}
	return s
}

// Traefik lays out a Traefik with target among its decoys. It is not running yet.
func (b *Bench) Traefik(target *traefikSite) *Traefik {
	g := &Traefik{target: target, watch: true}
	g.Gateway = b.layOut(g, "traefik", pick(b, "traefik", "etc/traefik", "edge"))
	g.clients = 2
	g.debug, g.format = b.Chance(35), pick(b, "common", "json")
	if b.Chance(75) {
		g.conf = filepath.Join(g.dir, "traefik.yml")
	}
	g.dynamic = filepath.Join(g.dir, pick(b, "dynamic.yml", "conf.d/sites.yml"))
	g.log = filepath.Join(g.dir, "log", "traefik.log")
	if b.Chance(60) {
		g.access = filepath.Join(g.dir, "log", "access.log")
	}
	if b.Chance(60) {
		g.api = b.local()
	}
	if target.scheme == "http" && b.Chance(15) {
		target.scheme = "https"
	}
	healthy, alive, dead := b.bystanders()
	g.others = []*traefikSite{b.traefikSite(healthy, alive), b.traefikSite(dead, b.local())}
	for _, s := range g.others {
		b.neighbours(&target.place, &s.place)
	}
	g.serves(target, g.others[0], g.others[1])
	return g
}

// told makes the scene one in which no file says what Traefik does: only its API
// tells it.
func (g *Traefik) told() {
	g.remote = "http"
	if g.api == "" {
		g.api = g.b.local()
	}
}

// provider is what stands behind the names of routers and services.
func (g *Traefik) provider() string {
	if g.remote != "" {
		return "http"
	}
	return "file"
}

// sees makes the scene one in which requests are remembered.
func (g *Traefik) sees() {
	g.access = filepath.Join(g.dir, "log", "access.log")
}

// points are the entry points by address.
func (g *Traefik) points() (addresses []string) {
	for _, s := range g.sites {
		if !slices.Contains(addresses, s.listen) {
			addresses = append(addresses, s.listen)
		}
	}
	return addresses
}

func (g *Traefik) point(listen string) string {
	for i, a := range g.points() {
		if a == listen {
			return fmt.Sprintf("ep%d", i)
		}
	}
	return "ep0"
}

// flags are the static configuration as flags of the command line.
func (g *Traefik) flags() []string {
	f := []string{"--global.checknewversion=false", "--global.sendanonymoususage=false"}
	if g.remote != "" {
		f = append(f, "--providers.http.endpoint="+g.remote)
	} else {
		f = append(f, "--providers.file.filename="+g.dynamic)
	}
	for _, a := range g.points() {
		f = append(f, "--entrypoints."+g.point(a)+".address="+a)
	}
	if !g.watch && g.remote == "" {
		f = append(f, "--providers.file.watch=false")
	}
	if g.api != "" {
		f = append(f, "--api.insecure=true", "--entrypoints.traefik.address="+g.api)
	}
	if g.wait != "" {
		f = append(f, "--serverstransport.forwardingtimeouts.responseheadertimeout="+g.wait)
	}
	if g.access != "" {
		f = append(f, "--accesslog=true", "--accesslog.filepath="+g.access, "--accesslog.format="+g.format)
	}
	f = append(f, "--log.filepath="+g.log)
	if g.debug {
		f = append(f, "--log.level=DEBUG")
	}
	return f
}

// static is the static configuration as a file.
func (g *Traefik) static() string {
	var c strings.Builder
	c.WriteString("global:\n  checkNewVersion: false\n  sendAnonymousUsage: false\nentryPoints:\n")
	for _, a := range g.points() {
		fmt.Fprintf(&c, "  %s:\n    address: \"%s\"\n", g.point(a), a)
	}
	if g.api != "" {
		fmt.Fprintf(&c, "  traefik:\n    address: \"%s\"\napi:\n  insecure: true\n", g.api)
	}
	if folder := filepath.Dir(g.dynamic); g.remote != "" {
		fmt.Fprintf(&c, "providers:\n  http:\n    endpoint: %s\n", g.remote)
	} else if filepath.Base(folder) == "conf.d" {
		fmt.Fprintf(&c, "providers:\n  file:\n    directory: %s\n", folder)
	} else {
		fmt.Fprintf(&c, "providers:\n  file:\n    filename: %s\n", g.dynamic)
	}
	if !g.watch && g.remote == "" {
		c.WriteString("    watch: false\n")
	}
	if g.wait != "" {
		fmt.Fprintf(&c, "serversTransport:\n  forwardingTimeouts:\n    responseHeaderTimeout: %s\n", g.wait)
	}
	if g.access != "" {
		fmt.Fprintf(&c, "accessLog:\n  filePath: %s\n  format: %s\n", g.access, g.format)
	}
	fmt.Fprintf(&c, "log:\n  filePath: %s\n", g.log)
	if g.debug {
		c.WriteString("  level: DEBUG\n")
	}
	return c.String()
}

// text is the dynamic configuration.
func (g *Traefik) text() string {
	var routers, services, middlewares, transports strings.Builder
	for _, s := range append([]*traefikSite{g.target}, g.others...) {
		rule := "Host(`" + s.host + "`)"
		if !s.named() {
			rule = pick(g.b, "PathPrefix(`/`)", rule)
		} else if g.b.Chance(30) {
			rule += " && PathPrefix(`/`)"
		}
		fmt.Fprintf(&routers, "    %s:\n      rule: \"%s\"\n      service: %s\n      entryPoints:\n        - %s\n", s.router(), rule, s.router(), g.point(s.listen))
		if s.scheme == "https" {
			routers.WriteString("      tls: {}\n")
		}
		if len(s.names) > 0 {
			fmt.Fprintf(&routers, "      middlewares: [%s]\n", strings.Join(s.names, ", "))
		}
		fmt.Fprintf(&services, "    %s:\n      loadBalancer:\n", s.router())
		services.WriteString(indent(s.balancer, 8))
		if len(s.servers) == 0 {
			services.WriteString("        servers: []\n")
		} else {
			services.WriteString("        servers:\n")
		}
		for _, server := range s.servers {
			url, more, _ := strings.Cut(server, "\n")
			fmt.Fprintf(&services, "          - url: \"%s\"\n%s", url, indent(more, 12))
		}
		if s.transport != "" {
			fmt.Fprintf(&services, "        serversTransport: %s-transport\n", s.app)
			fmt.Fprintf(&transports, "    %s-transport:\n%s", s.app, indent(s.transport, 6))
		}
		middlewares.WriteString(indent(s.middlewares, 4))
	}
	text := "http:\n  routers:\n" + routers.String() + "  services:\n" + services.String()
	if middlewares.Len() > 0 {
		text += "  middlewares:\n" + middlewares.String()
	}
	if transports.Len() > 0 {
		text += "  serversTransports:\n" + transports.String()
	}
	return text
}

func (g *Traefik) write() {
	if g.remote != "" {
		// A service gives it, as Docker and Kubernetes do: no file says it.
		at := g.b.local()
		g.remote = "http://" + at + "/traefik"
		g.b.Backend("control-plane", backend.Config{Listen: []string{at}, Idle: 30000, Routes: []backend.Route{{Path: "/traefik", Body: g.text()}}})
		g.dynamic = g.b.Write(filepath.Join(g.dir, "README"), "the routers come from the control plane\n")
	} else {
		g.file = g.b.Write(g.dynamic, g.text())
	}
	g.b.Write(filepath.Join(g.dir, "log", "README"), "logs of the edge\n")
	g.args = g.flags()
	if g.conf != "" {
		g.b.Write(g.conf, g.static())
		g.args = []string{pick(g.b, "--configFile=", "--configfile=") + g.conf}
	}
	days := time.Duration(2+g.b.Rand.IntN(60)) * 24 * time.Hour
	for _, f := range []string{g.conf, g.dynamic} {
		if f != "" {
			g.b.age(f, days)
		}
	}
}

func (g *Traefik) command() command {
	return command{name: "traefik", path: program("traefik"), argv: "traefik", dir: g.dir, args: g.args, log: filepath.Join(g.dir, "startup.log")}
}

// ready waits until Traefik has read its routers: it listens before that.
func (g *Traefik) ready() {
	g.b.until("Traefik has read its routers", func() bool { return g.b.ask(g.b.ctx, g.hosts, "GET", g.others[0].url(), 0).Status == 200 })
}

// past writes the access log of yesterday and of the last hour.
func (g *Traefik) past() {
	if g.access == "" || g.b.err != nil {
		return
	}
	yesterday := g.b.yesterday()
	var old strings.Builder
	for i := range 6 + g.b.Rand.IntN(12) {
		at := yesterday.Add(time.Duration(i*17) * time.Second)
		old.WriteString(g.line(at, "legacy@file", "http://127.0.0.1:3999", pick(g.b, 502, 504, 503, 500), "/shop/checkout", 3))
		old.WriteString(g.line(at.Add(time.Second), g.target.router()+"@"+g.provider(), g.first(), 404, "/wp-login.php", 2))
	}
	old.WriteString(g.good)
	g.b.Write(g.access, old.String())
}

// first is the URL of the target's first server.
func (g *Traefik) first() string {
	if len(g.target.servers) == 0 {
		return "-"
	}
	url, _, _ := strings.Cut(g.target.servers[0], "\n")
	return url
}

// line is a request of the past as Traefik logs it (pkg/middlewares/accesslog).
func (g *Traefik) line(at time.Time, router, server string, status int, path string, ms int) string {
	at = at.UTC()
	if g.format == "json" {
		return fmt.Sprintf(`{"ClientAddr":"198.51.100.23:40211","ClientHost":"198.51.100.23","ClientPort":"40211","ClientUsername":"-","DownstreamContentSize":212,"DownstreamStatus":%d,"Duration":%d,"OriginContentSize":212,"OriginDuration":%d,"OriginStatus":%d,"Overhead":40000,"RequestAddr":"%s","RequestContentSize":0,"RequestCount":7,"RequestHost":"%s","RequestMethod":"GET","RequestPath":"%s","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"%s","ServiceAddr":"%s","ServiceName":"%s","ServiceURL":"%s","StartLocal":"%s","StartUTC":"%[13]s","entryPointName":"ep0","level":"info","msg":"","time":"%s"}`+"\n",
			status, ms*1e6, ms*1e6, status, g.target.host, g.target.host, path, router, strings.TrimPrefix(server, "http://"), router, server, at.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano), at.Format(time.RFC3339))
	}
	return fmt.Sprintf("198.51.100.23 - - [%s] \"GET %s HTTP/1.1\" %d 212 \"-\" \"-\" 7 \"%s\" \"%s\" %dms\n", at.Format("02/Jan/2006:15:04:05 -0700"), path, status, router, server, ms)
}

func (g *Traefik) record(at time.Time, took float64) string {
	return g.line(at, g.target.router()+"@"+g.provider(), g.first(), 200, g.target.path, int(took*1000))
}

func (g *Traefik) logs(s *Scene) {
	if g.debug {
		s.Logs = append(s.Logs, g.log)
	}
}
