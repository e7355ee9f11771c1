package lab

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// place is what clients know of a site, whatever product serves it.
type place struct {
	app    string // what the application behind it is called
	host   string // a host that it answers to
	path   string // what clients ask for
	listen string // its listener, "127.0.0.1:8080"
	scheme string // http or https; empty: http, or not decided yet
}

// zones are where the sites of scenes live.
var zones = []string{"shop.test", "example.test", "corp.internal", "acme.test"}

// place draws one of the zones, a listener and a path. Some sites have no name.
func (b *Bench) place(app string, listen func() string, zones ...string) place {
	p := place{app: app, host: app + "." + pick(b, zones...), scheme: "http", listen: listen()}
	p.path = pick(b, "/", "/api/", "/v1/") + pick(b, "list", "item/4711", "today")
	if b.Chance(40) {
		p.host = "127.0.0.1"
	}
	return p
}

// nowhere is the listener of a site that gets that of its gateway.
func nowhere() string { return "" }

func (p *place) at() *place { return p }

// named says that the site is asked for by a name, not by an address.
func (p *place) named() bool { return net.ParseIP(strings.Trim(p.host, "[]")) == nil }

// url is what clients ask for.
func (p *place) url() string {
	scheme := p.scheme
	if scheme == "" {
		scheme = "http"
	}
	return fmt.Sprintf("%s://%s:%d%s", scheme, p.host, port(p.listen), p.path)
}

// below returns the site's URL with another path.
func (p place) below(path string) string {
	p.path = path
	return p.url()
}

// Gateway is what a scene does with the product in front of it, whichever that is:
// each product's own type embeds one. Its methods remember the first error, as
// those of a Bench do.
type Gateway struct {
	*Proc
	product
	b     *Bench
	dir   string            // its folder
	conf  string            // its main configuration file; empty: it has none
	file  string            // the file with the target's configuration
	sites []*place          // the site under examination, then its decoys
	hosts map[string]string // names of sites to their listeners
	good  string            // lines of the target's log from before the start

	clients int // so many at most meet the fault
	watched int // percent of the scenes in which somebody goes on asking for the target
}

// product is what a gateway's software has of its own.
type product interface {
	// write writes its configuration, dated back, and past the logs of before.
	write()
	past()
	command() command
	// record is a good request to the target as its log has it.
	record(at time.Time, took float64) string
	// logs adds its logs to a scene, as an operator finds them.
	logs(s *Scene)
}

// layout lays out a gateway in front of the application called app, which is to be
// found at servers. It is not running yet.
type layout func(b *Bench, app string, servers ...string) *Gateway

// layOut lays out what products have in common. The process is called name.
func (b *Bench) layOut(p product, name, dir string) *Gateway {
	return &Gateway{
		Proc: &Proc{b: b, name: name, ended: make(chan struct{})}, product: p, b: b, dir: b.path(dir),
		hosts: map[string]string{}, clients: 3,
	}
}

// bystanders starts what stands beside a target: an application that is well and
// one that no configuration mentions. It returns the names of two sites, and where
// the application of the first is; that of the second is dead.
func (b *Bench) bystanders() (healthy, alive, dead string) {
	healthy, dead = b.Name(), b.Name()
	alive = b.Backend(healthy, good(b.local())).Addr
	b.Backend(pick(b, "metrics-exporter", "sidecar", "cron-agent"), good(b.local()))
	return healthy, alive, dead
}

// serves takes the sites, the target first, and makes their names known to the
// scene's clients.
func (g *Gateway) serves(sites ...interface{ at() *place }) {
	for _, s := range sites {
		p := s.at()
		g.sites = append(g.sites, p)
		if p.named() {
			g.hosts[p.host] = p.listen
		}
	}
}

// neighbours puts a decoy on the target's listener in half of the scenes where their
// hosts tell them apart.
func (b *Bench) neighbours(target, decoy *place) {
	if target.host != "127.0.0.1" && decoy.host != "127.0.0.1" && target.scheme == "http" && b.Chance(50) {
		decoy.listen = target.listen
	}
}

// together puts sites on one listener, where their hosts tell them apart: decoys
// have names.
func (b *Bench) together(listen string, target *place, decoys ...*place) {
	target.listen = listen
	for _, s := range decoys {
		s.listen, s.host = listen, s.app+".shop.test"
	}
}

// url is what clients of the target ask for.
func (g *Gateway) url() string { return g.sites[0].url() }

// Run writes configuration and past, starts the gateway and waits until it
// listens. From then on clients ask for the decoys.
func (g *Gateway) Run() *Gateway {
	g.write()
	g.past()
	return g.begin()
}

// begin starts the gateway, and clients of the decoys.
func (g *Gateway) begin() *Gateway {
	g.start()
	for _, s := range g.sites[1:] {
		g.b.poll(g.hosts, s.url(), time.Duration(200+g.b.Rand.IntN(200))*time.Millisecond)
	}
	return g
}

// start starts the gateway itself.
func (g *Gateway) start() {
	if g.b.err != nil {
		return
	}
	g.Proc = g.b.Start(g.command())
	g.Proc.Addr = g.sites[0].listen
	g.listening()
	if p, ok := g.product.(interface{ ready() }); ok {
		p.ready()
	}
}

// Get makes count requests to the target, one after the other, and returns the
// last answer.
func (g *Gateway) Get(count int) Answer {
	var last Answer
	for range count {
		if g.b.err != nil {
			return Answer{}
		}
		last = g.b.ask(g.b.ctx, g.hosts, "GET", g.url(), 0)
	}
	return last
}

// Served makes some requests that must succeed: the site's history.
func (g *Gateway) Served(count int) *Gateway {
	if p, ok := g.product.(interface{ warm() }); ok {
		p.warm()
	}
	for range count {
		if a := g.Get(1); g.b.err == nil && (a.Status != 200 || a.Err != nil) {
			g.b.fail("cannot give the site a history: status %d, %v: %s", a.Status, a.Err, g.said())
		}
	}
	return g
}

// said is the end of the gateway's log, for error messages.
func (g *Gateway) said() string {
	var s Scene
	if g.logs(&s); len(s.Logs) == 0 {
		return ""
	}
	return tail(s.Logs[0])
}

// down waits until the gateway knows that the target has no server left.
func (g *Gateway) down() *Gateway {
	g.b.until("the checks have failed", func() bool { return g.Get(1).Status == 503 })
	return g
}

// Remember gives the target count good requests of the past fifty minutes, each as
// slow as took says. It must be called before Run, which writes them.
func (g *Gateway) Remember(count int, took func() float64) *Gateway {
	now := time.Now()
	for i := range count {
		g.good += g.record(now.Add(-fifty+time.Duration(i)*(fifty-time.Minute)/time.Duration(count)), took())
	}
	return g
}

// quick is how long an application takes that is well.
func (b *Bench) quick() float64 { return 0.004 + b.Rand.Float64()/30 }

// Edit writes the target's configuration anew, with edit applied to its text, as a
// person does now.
func (g *Gateway) Edit(edit func(text string) string) { g.b.edit(g.file, edit) }

func (b *Bench) edit(file string, edit func(text string) string) {
	if b.err != nil {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		b.fail("cannot edit %s: %w", file, err)
		return
	}
	changed := edit(string(text))
	if changed == string(text) {
		b.fail("cannot edit %s: the edit changes nothing:\n%s", file, text)
	}
	b.Write(file, changed)
}

// Scene describes what has been built, after clients have met the fault.
func (g *Gateway) Scene(notes ...string) (Scene, error) {
	g.Get(1 + g.b.Rand.IntN(g.clients))
	if g.watched > 0 && g.b.Chance(g.watched) {
		g.b.poll(g.hosts, g.url(), 700*time.Millisecond)
	}
	return g.Quiet(notes...)
}

// Quiet describes what has been built.
func (g *Gateway) Quiet(notes ...string) (Scene, error) {
	s := Scene{URL: g.url(), Hosts: g.hosts, Config: g.conf, Notes: notes, Enter: g.b.enter, bench: g.b}
	g.logs(&s)
	return s, g.b.err
}

// age dates a file back.
func (b *Bench) age(file string, by time.Duration) {
	if b.err != nil {
		return
	}
	at := time.Now().Add(-by)
	if err := os.Chtimes(file, at, at); err != nil {
		b.fail("cannot date %s back: %w", file, err)
	}
}

// date makes a file some days old.
func (b *Bench) date(path string) {
	if path != "" {
		b.age(path, time.Duration(2+b.Rand.IntN(60))*24*time.Hour)
	}
}

// yesterday is some time of the day before.
func (b *Bench) yesterday() time.Time {
	return time.Now().Add(-time.Duration(20*60+b.Rand.IntN(8*60)) * time.Minute)
}
