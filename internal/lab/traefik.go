package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

// traefikSite is one site behind a scene's Traefik. The parts of its
// configuration are YAML.
type traefikSite struct {
	app         string
	host        string
	path        string
	listen      string
	scheme      string
	servers     []string // URLs, each with what stands beside it: "http://…\nweight: 0"
	balancer    string   // further lines of the loadBalancer
	transport   string   // lines of a servers transport of its own
	middlewares string   // lines of middlewares, by name
	names       []string // those that the router names
}

func (s *traefikSite) url() string {
	return fmt.Sprintf("%s://%s:%d%s", s.scheme, s.host, port(s.listen), s.path)
}

// router is what its router and its service are called.
func (s *traefikSite) router() string { return s.app + "-site" }

// Traefik is the gateway of a scene.
type Traefik struct {
	*Proc
	b       *Bench
	dir     string
	conf    string // the static configuration; empty: flags
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
	hosts   map[string]string
	wait    string // responseHeaderTimeout of the default transport; empty: none
	memory  []string
}

// traefikSite draws the outside of a site behind Traefik.
func (b *Bench) traefikSite(app string, servers ...string) *traefikSite {
	zone := pick(b, "shop.test", "example.test", "corp.internal", "acme.test")
	s := &traefikSite{app: app, host: app + "." + zone, listen: b.local(), scheme: "http"}
	for _, a := range servers {
		if !strings.Contains(a, "://") {
			a = "http://" + a
		}
		s.servers = append(s.servers, a)
	}
	s.path = pick(b, "/", "/api/", "/v1/") + pick(b, "list", "item/4711", "today")
	if b.Chance(40) {
		s.host = "127.0.0.1"
	}
	return s
}

// Traefik lays out a Traefik with target among its decoys. It is not running yet.
func (b *Bench) Traefik(target *traefikSite) *Traefik {
	g := &Traefik{Proc: &Proc{b: b, name: "traefik", ended: make(chan struct{})}, b: b, dir: b.path(pick(b, "traefik", "etc/traefik", "edge")), target: target,
		hosts: map[string]string{}, watch: true, debug: b.Chance(35), format: pick(b, "common", "json")}
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
	healthy, dead := b.Name(), b.Name()
	fine := b.Backend(healthy, good(b.local()))
	b.Backend(pick(b, "metrics-exporter", "sidecar", "cron-agent"), does(b.local(), ""))
	g.others = []*traefikSite{b.traefikSite(healthy, fine.Addr), b.traefikSite(dead, b.local())}
	for _, s := range g.others {
		// A shared entry point tells its sites apart by their hosts.
		if target.host != "127.0.0.1" && s.host != "127.0.0.1" && target.scheme == "http" && b.Chance(50) {
			s.listen = target.listen
		}
	}
	for _, s := range append([]*traefikSite{target}, g.others...) {
		if net.ParseIP(s.host) == nil {
			g.hosts[s.host] = s.listen
		}
	}
	return g
}

// told makes the scene one in which no file says what Traefik does: only its API
// tells it.
func (g *Traefik) told() *Traefik {
	g.remote = "http"
	if g.api == "" {
		g.api = g.b.local()
	}
	return g
}

// provider is what stands behind the names of routers and services.
func (g *Traefik) provider() string {
	if g.remote != "" {
		return "http"
	}
	return "file"
}

// sees makes the scene one in which requests are remembered.
func (g *Traefik) sees() *Traefik {
	g.access = filepath.Join(g.dir, "log", "access.log")
	return g
}

// points are the entry points by address.
func (g *Traefik) points() (addresses []string) {
	for _, s := range append([]*traefikSite{g.target}, g.others...) {
		seen := false
		for _, a := range addresses {
			seen = seen || a == s.listen
		}
		if !seen {
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
		if net.ParseIP(s.host) != nil {
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

// Run writes configuration and past, starts Traefik and waits until it listens
// and has read its routers.
func (g *Traefik) Run() *Traefik {
	if g.remote != "" {
		// A service gives it, as Docker and Kubernetes do: no file says it.
		at := g.b.local()
		g.remote = "http://" + at + "/traefik"
		g.b.Backend("control-plane", backend.Config{Listen: []string{at}, Idle: 30000, Routes: []backend.Route{{Path: "/traefik", Body: g.text()}}})
		g.dynamic = g.b.Write(filepath.Join(g.dir, "README"), "the routers come from the control plane\n")
	} else {
		g.b.Write(g.dynamic, g.text())
	}
	g.b.Write(filepath.Join(g.dir, "log", "README"), "logs of the edge\n")
	args := []string{}
	if g.conf != "" {
		g.b.Write(g.conf, g.static())
		args = append(args, pick(g.b, "--configFile=", "--configfile=")+g.conf)
	} else {
		args = g.flags()
	}
	if g.b.err == nil {
		at := time.Now().Add(-time.Duration(2+g.b.Rand.IntN(60)) * 24 * time.Hour)
		for _, f := range []string{g.conf, g.dynamic} {
			if f != "" && os.Chtimes(f, at, at) != nil {
				g.b.fail("cannot date %s back", f)
			}
		}
	}
	g.past()
	g.Proc = g.b.Start(command{name: "traefik", path: program("traefik"), argv: "traefik", dir: g.dir, args: args, log: filepath.Join(g.dir, "startup.log")})
	g.Proc.Addr = g.target.listen
	g.listening()
	fine := g.others[0]
	g.b.until("Traefik has read its routers", func() bool { return g.b.ask(g.b.ctx, g.hosts, "GET", fine.url(), 0).Status == 200 })
	for _, s := range g.others {
		g.b.poll(g.hosts, s.url(), time.Duration(200+g.b.Rand.IntN(200))*time.Millisecond)
	}
	return g
}

// past writes the access log of yesterday and of the last hour.
func (g *Traefik) past() {
	if g.access == "" || g.b.err != nil {
		return
	}
	yesterday := time.Now().Add(-time.Duration(20*60+g.b.Rand.IntN(8*60)) * time.Minute)
	var old strings.Builder
	for i := range 6 + g.b.Rand.IntN(12) {
		at := yesterday.Add(time.Duration(i*17) * time.Second)
		old.WriteString(g.line(at, "legacy@file", "http://127.0.0.1:3999", pick(g.b, 502, 504, 503, 500), "/shop/checkout", 3))
		old.WriteString(g.line(at.Add(time.Second), g.target.router()+"@"+g.provider(), g.first(), 404, "/wp-login.php", 2))
	}
	old.WriteString(strings.Join(g.memory, ""))
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

// Remember gives the target count good requests of the past hour, each as slow as
// took says. It must be called before Run.
func (g *Traefik) Remember(count int, took func() float64) *Traefik {
	g.sees()
	now := time.Now()
	for i := range count {
		at := now.Add(-fifty + time.Duration(i)*(fifty-time.Minute)/time.Duration(count))
		g.memory = append(g.memory, g.line(at, g.target.router()+"@"+g.provider(), g.first(), 200, g.target.path, int(took()*1000)))
	}
	return g
}

// Get makes count requests to the target and returns the last answer.
func (g *Traefik) Get(count int) Answer {
	var last Answer
	for range count {
		if g.b.err != nil {
			return Answer{}
		}
		last = g.b.ask(g.b.ctx, g.hosts, "GET", g.target.url(), 0)
	}
	return last
}

// Served makes some requests that must succeed.
func (g *Traefik) Served(count int) *Traefik {
	for range count {
		if a := g.Get(1); g.b.err == nil && (a.Status != 200 || a.Err != nil) {
			g.b.fail("cannot give the site a history: status %d, %v: %s", a.Status, a.Err, tail(g.log))
		}
	}
	return g
}

// down waits until the target has no server.
func (g *Traefik) down() *Traefik {
	g.b.until("the checks have failed", func() bool { return g.Get(1).Status == 503 })
	return g
}

// Edit changes the dynamic configuration as a person does.
func (g *Traefik) Edit(change func(text string) string) {
	if g.b.err != nil {
		return
	}
	text, err := os.ReadFile(g.dynamic)
	if err != nil {
		g.b.fail("cannot edit: %w", err)
		return
	}
	g.b.Write(g.dynamic, change(string(text)))
}

// Scene describes what has been built, after clients have met the fault.
func (g *Traefik) Scene(notes ...string) (Scene, error) {
	g.Get(1 + g.b.Rand.IntN(2))
	return g.Quiet(notes...)
}

// Quiet describes what has been built.
func (g *Traefik) Quiet(notes ...string) (Scene, error) {
	s := Scene{URL: g.target.url(), Hosts: g.hosts, Config: g.conf, Notes: notes, Enter: g.b.enter, bench: g.b}
	if g.debug {
		s.Logs = []string{g.log}
	}
	return s, g.b.err
}
