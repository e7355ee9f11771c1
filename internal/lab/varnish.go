package lab

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// vclSite is one site behind a scene's Varnish.
type vclSite struct {
	place
	backends []string // the attributes of each backend, without name and braces
	recv     string   // further statements for its requests in vcl_recv
	director string   // kind of the director over the backends; empty: the first backend alone
}

// Varnish is the gateway of a scene. It writes no log.
type Varnish struct {
	*Gateway
	work    string // the working directory
	target  *vclSite
	others  []*vclSite
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
	s := &vclSite{place: b.place(app, nowhere, zones...)}
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

// Varnish lays out a Varnish with target among its decoys. It is not running yet.
func (b *Bench) Varnish(target *vclSite) *Varnish {
	v := &Varnish{target: target}
	v.Gateway = b.layOut(v, "varnishd", pick(b, "varnish", "etc/varnish", "cache"))
	listen := b.local()
	v.conf = filepath.Join(v.dir, pick(b, "default.vcl", "shop.vcl"))
	v.work = filepath.Join(v.dir, "work")
	v.version = pick(b, "4.0", "4.1", "4.1")
	if strings.Contains(strings.Join(target.backends, ""), ".path") {
		v.version = "4.1" // unix sockets came with it
	}
	healthy, alive, dead := b.bystanders()
	v.others = []*vclSite{b.vclSite(healthy, alive), b.vclSite(dead, b.local())}
	b.together(listen, &target.place, &v.others[0].place, &v.others[1].place)
	v.serves(target, v.others[0], v.others[1])
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
		if !s.named() {
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

func (v *Varnish) write() {
	v.b.Write(v.conf, v.text())
	v.b.date(v.conf)
}

func (v *Varnish) command() command {
	args := []string{"-F", "-n", v.work, "-f", v.conf, "-a", v.target.listen, "-s", "malloc,16m", "-l", "8m"}
	if v.b.Chance(50) {
		args = append(args, "-T", "127.0.0.1:"+fmt.Sprint(v.b.Port()))
	}
	for _, p := range append([]string{"thread_pool_min=10"}, v.params...) {
		args = append(args, "-p", p)
	}
	return command{name: "varnishd", path: program("varnishd"), argv: "varnishd", dir: v.dir, args: args, log: filepath.Join(v.dir, "startup.log")}
}

func (v *Varnish) past() {}

func (v *Varnish) logs(*Scene) {}

func (v *Varnish) record(time.Time, float64) string { return "" }

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
