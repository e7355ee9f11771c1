package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// vclSite is one site behind a scene's Varnish.
type vclSite struct {
	app      string
	host     string
	path     string
	backends []string // the attributes of each backend, without name and braces
	recv     string   // further statements for its requests in vcl_recv
	director string   // kind of the director over the backends; empty: the first backend alone
}

// Varnish is the gateway of a scene.
type Varnish struct {
	*Proc
	b       *Bench
	dir     string
	conf    string // the VCL
	work    string // the working directory
	listen  string
	target  *vclSite
	others  []*vclSite
	hosts   map[string]string
	params  []string // name=value of -p
	top     string   // declarations before the backends
	extra   string   // further subroutines
	version string   // of VCL
	loads   int      // VCL loaded while it runs
}

// backendAt spells an application's address as attributes of a backend.
func backendAt(address string, more ...string) string {
	var c strings.Builder
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		fmt.Fprintf(&c, ".path = \"%s\";\n", path)
	} else {
		host, port, _ := net.SplitHostPort(address)
		fmt.Fprintf(&c, ".host = \"%s\";\n.port = \"%s\";\n", host, port)
	}
	return c.String() + lines(more)
}

// vclSite draws the outside of a site behind Varnish. Each of backends is an
// address or the attributes of a backend.
func (b *Bench) vclSite(app string, backends ...string) *vclSite {
	zone := pick(b, "shop.test", "example.test", "corp.internal", "acme.test")
	s := &vclSite{app: app, host: app + "." + zone}
	s.path = pick(b, "/", "/api/", "/v1/") + pick(b, "list", "item/4711", "today")
	if b.Chance(40) {
		s.host = "127.0.0.1"
	}
	for _, text := range backends {
		if !strings.HasPrefix(text, ".") && text != "none" {
			text = backendAt(text)
		}
		s.backends = append(s.backends, text)
	}
	return s
}

// name is what the VCL calls backend number i of the site.
func (s *vclSite) name(i int) string {
	if i == 0 && s.director == "" {
		return s.app
	}
	return fmt.Sprintf("%s_%d", s.app, i+1)
}

func (v *Varnish) url(s *vclSite) string {
	return fmt.Sprintf("http://%s:%d%s", s.host, port(v.listen), s.path)
}

// Varnish lays out a Varnish with target among its decoys. It is not running yet.
func (b *Bench) Varnish(target *vclSite) *Varnish {
	v := &Varnish{Proc: &Proc{b: b, name: "varnishd", ended: make(chan struct{})}, b: b, dir: b.path(pick(b, "varnish", "etc/varnish", "cache")), target: target, listen: b.local(), hosts: map[string]string{}}
	v.conf = filepath.Join(v.dir, pick(b, "default.vcl", "shop.vcl"))
	v.work = filepath.Join(v.dir, "work")
	v.version = pick(b, "4.0", "4.1", "4.1")
	if strings.Contains(strings.Join(target.backends, ""), ".path") {
		v.version = "4.1" // unix sockets came with it
	}
	healthy, dead := b.Name(), b.Name()
	app := b.Backend(healthy, good(b.local()))
	b.Backend(pick(b, "metrics-exporter", "sidecar", "cron-agent"), does(b.local(), ""))
	v.others = []*vclSite{b.vclSite(healthy, app.Addr), b.vclSite(dead, b.local())}
	for _, s := range v.others {
		s.host = s.app + ".shop.test"
	}
	for _, s := range append([]*vclSite{target}, v.others...) {
		if net.ParseIP(s.host) == nil {
			v.hosts[s.host] = v.listen
		}
	}
	return v
}

// text is the VCL.
func (v *Varnish) text() string {
	var c strings.Builder
	all := append([]*vclSite{v.target}, v.others...)
	fmt.Fprintf(&c, "# sites of %s\nvcl %s;\n\n%s", v.target.app, v.version, v.top)
	directed := false
	for _, s := range all {
		for i, text := range s.backends {
			if text == "none" {
				fmt.Fprintf(&c, "backend %s none;\n", s.name(i))
				continue
			}
			fmt.Fprintf(&c, "backend %s {\n%s}\n\n", s.name(i), indent(text, 4))
		}
		directed = directed || s.director != ""
	}
	if directed {
		c.WriteString(v.directors(all))
	}
	c.WriteString(v.receive(all))
	c.WriteString(v.extra)
	return c.String()
}

func (v *Varnish) directors(all []*vclSite) string {
	var c strings.Builder
	c.WriteString("import directors;\n\nsub vcl_init {\n")
	for _, s := range all {
		if s.director == "" {
			continue
		}
		fmt.Fprintf(&c, "    new %s = directors.%s();\n", s.app, s.director)
		for i := range s.backends {
			weight := ""
			if s.director == "random" {
				weight = ", 1.0"
			}
			fmt.Fprintf(&c, "    %s.add_backend(%s%s);\n", s.app, s.name(i), weight)
		}
	}
	return c.String() + "}\n\n"
}

// receive writes vcl_recv in one of the ways people do.
func (v *Varnish) receive(all []*vclSite) string {
	b := v.b
	var c strings.Builder
	c.WriteString("sub vcl_recv {\n")
	if b.Chance(40) {
		c.WriteString("    # no port in the name\n    set req.http.Host = regsub(req.http.Host, \":[0-9]+$\", \"\");\n")
	}
	if b.Chance(40) {
		c.WriteString("    if (req.method != \"GET\" && req.method != \"HEAD\" && req.method != \"POST\" && req.method != \"PUT\" && req.method != \"DELETE\") {\n        return (synth(405));\n    }\n")
	}
	if b.Chance(30) {
		c.WriteString("    unset req.http.Cookie;\n")
	}
	stripped := strings.Contains(c.String(), "regsub")
	first := "if"
	for _, s := range append(append([]*vclSite{}, all[1:]...), all[0]) {
		cond := fmt.Sprintf("req.http.Host ~ \"^(www\\.)?%s(:[0-9]+)?$\"", strings.ReplaceAll(s.host, ".", "\\."))
		if stripped && b.Chance(60) {
			cond = fmt.Sprintf("req.http.host == \"%s\"", s.host)
		}
		if net.ParseIP(s.host) != nil {
			if s != all[0] {
				continue
			}
			cond = "req.url ~ \"^/\""
		}
		fmt.Fprintf(&c, "    %s (%s) {\n%s%s    }", first, cond, indent(v.choose(s), 8), indent(s.recv, 8))
		first = " else if"
		if b.Chance(30) {
			first = " elseif"
		}
	}
	c.WriteString("\n    return (pass);\n}\n")
	return c.String()
}

// choose is the statement that sends a request to a site's backends.
func (v *Varnish) choose(s *vclSite) string {
	switch {
	case len(s.backends) == 0:
		return ""
	case s.director == "hash":
		return fmt.Sprintf("set req.backend_hint = %s.backend(req.url);\n", s.app)
	case s.director != "":
		return fmt.Sprintf("set req.backend_hint = %s.backend();\n", s.app)
	}
	return fmt.Sprintf("set req.backend_hint = %s;\n", s.name(0))
}

// Run writes the VCL, starts Varnish and waits until it takes requests.
func (v *Varnish) Run() *Varnish {
	v.b.Write(v.conf, v.text())
	if v.b.err != nil {
		return v
	}
	at := time.Now().Add(-time.Duration(2+v.b.Rand.IntN(60)) * 24 * time.Hour)
	if err := os.Chtimes(v.conf, at, at); err != nil {
		v.b.fail("cannot date %s back: %w", v.conf, err)
	}
	args := []string{"-F", "-n", v.work, "-f", v.conf, "-a", v.listen, "-s", "malloc,16m", "-l", "8m"}
	if v.b.Chance(50) {
		args = append(args, "-T", "127.0.0.1:"+fmt.Sprint(v.b.Port()))
	}
	for _, p := range append([]string{"thread_pool_min=10"}, v.params...) {
		args = append(args, "-p", p)
	}
	v.Proc = v.b.Start(command{name: "varnishd", path: program("varnishd"), argv: "varnishd", dir: v.dir, args: args, log: filepath.Join(v.dir, "startup.log")})
	v.Addr = v.listen
	v.listening()
	for _, s := range v.others {
		v.b.poll(v.hosts, v.url(s), time.Duration(300+v.b.Rand.IntN(300))*time.Millisecond)
	}
	return v
}

// Get makes count requests to the target and returns the last answer.
func (v *Varnish) Get(count int) Answer {
	var last Answer
	for range count {
		if v.b.err != nil {
			return Answer{}
		}
		last = v.b.ask(v.b.ctx, v.hosts, "GET", v.url(v.target), 0)
	}
	return last
}

// Served makes some requests that must succeed.
func (v *Varnish) Served(count int) *Varnish {
	for range count {
		if a := v.Get(1); v.b.err == nil && (a.Status != 200 || a.Err != nil) {
			v.b.fail("cannot give the site a history: status %d, %v", a.Status, a.Err)
		}
	}
	return v
}

// admin asks the running Varnish to do something, as an operator does.
func (v *Varnish) admin(words ...string) error {
	_, err := v.say(words...)
	return err
}

// say is admin with what Varnish answers.
func (v *Varnish) say(words ...string) (string, error) {
	if v.b.err != nil {
		return "", v.b.err
	}
	all := append(append([]string{}, v.b.enter...), append([]string{"varnishadm", "-n", v.work}, words...)...)
	out, err := exec.CommandContext(v.b.ctx, all[0], all[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, out)
	}
	return string(out), nil
}

// reload writes the VCL as the site is now, and has it loaded and used.
func (v *Varnish) reload() *Varnish {
	v.edit()
	v.loads++
	name := fmt.Sprintf("reload_%d", v.loads)
	for _, words := range [][]string{{"vcl.load", name, v.conf}, {"vcl.use", name}} {
		if err := v.admin(words...); err != nil {
			v.b.fail("cannot reload: %w", err)
		}
	}
	return v
}

// edit writes the VCL as the site is now, and tells Varnish nothing.
func (v *Varnish) edit() { v.b.Write(v.conf, v.text()) }

// sick waits until Varnish holds every backend of the target to be sick.
func (v *Varnish) sick() *Varnish {
	v.b.until("the backends are sick", func() bool {
		list, err := v.say("backend.list")
		if err != nil {
			v.b.fail("cannot look at the backends: %w", err)
		}
		left := len(v.target.backends)
		for row := range strings.Lines(list) {
			for i := range v.target.backends {
				words := strings.Fields(row)
				if len(words) > 3 && words[0] == "boot."+v.target.name(i) && (words[1] == "sick" || words[3] == "sick") {
					left--
				}
			}
		}
		return left == 0
	})
	return v
}

// Scene describes what has been built, after clients have met the fault.
func (v *Varnish) Scene(notes ...string) (Scene, error) {
	v.Get(1 + v.b.Rand.IntN(3))
	return v.Quiet(notes...)
}

// Quiet describes what has been built. Varnish writes no log.
func (v *Varnish) Quiet(notes ...string) (Scene, error) {
	return Scene{URL: v.url(v.target), Hosts: v.hosts, Config: v.conf, Notes: notes, Enter: v.b.enter, bench: v.b}, v.b.err
}

// onBench makes a step on a bench the start of a fault.
func onBench(build func(b *Bench) (Scene, error)) func(context.Context, *Bench) (Scene, error) {
	return func(_ context.Context, b *Bench) (Scene, error) { return build(b) }
}
