package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// caddySite is one site behind a scene's Caddy.
type caddySite struct {
	place
	inside string // its directives
	option string // further lines of the site
}

// The ways in which a scene's Caddy writes what goes wrong.
const (
	caddyStderr  = "stderr"  // standard error leads into a file, as a service manager does it
	caddyFile    = "file"    // the default logger has a file
	caddyConsole = "console" // standard error, as lines for people
)

// Caddy is the gateway of a scene.
type Caddy struct {
	*Gateway
	exe     string // the program
	errors  string // where errors go
	access  string // where requests to the target go; empty: nowhere
	way     string // one of those above
	admin   string // of the global options: an address, "unix//…", "off"
	json    bool   // it is started with JSON
	target  *caddySite
	others  []*caddySite
	globals string
	limit   int // of open files; 0: as many as the lab has
}

// site draws the outside of a site.
func (b *Bench) caddySite(app, inside string) *caddySite {
	return &caddySite{place: b.place(app, b.local, zones...), inside: inside}
}

// proxied is a site that hands its requests to an upstream in one of the ways
// people write it. Extra are lines of reverse_proxy.
func (b *Bench) caddyProxy(app, upstream string, extra ...string) *caddySite {
	s := b.caddySite(app, "")
	block := ""
	if len(extra) > 0 {
		block = " {\n" + indent(lines(extra), 4) + "}"
	}
	upstream = strings.ReplaceAll(upstream, "unix:", "unix/")
	switch b.Rand.IntN(6) {
	case 0:
		s.inside = "reverse_proxy * " + upstream + block + "\n"
	case 1:
		s.inside = "handle {\n" + indent("reverse_proxy "+upstream+block, 4) + "}\n"
	case 2:
		s.inside = "@files path /favicon.ico /robots.txt\nrespond @files 404\n@dynamic not path /favicon.ico\nreverse_proxy @dynamic " + upstream + block + "\n"
	case 3:
		s.inside = "route {\n" + indent("header X-Served-By edge\nreverse_proxy "+upstream+block, 4) + "}\n"
	case 4:
		s.inside = "encode gzip\nheader -Server\nreverse_proxy " + upstream + block + "\n"
	default:
		s.inside = "reverse_proxy " + upstream + block + "\n"
	}
	return s
}

// caddy lays out a Caddy; extra are further lines of reverse_proxy.
func caddy(extra ...string) layout { return caddyThat(func(*Caddy) {}, extra...) }

// caddyThat is caddy with something set.
func caddyThat(set func(*Caddy), extra ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		c := b.Caddy(b.caddyProxy(app, strings.Join(servers, " "), extra...))
		set(c)
		return c.Gateway
	}
}

// Caddy lays out a Caddy with target among its decoys. It is not running yet.
func (b *Bench) Caddy(target *caddySite) *Caddy {
	c := &Caddy{exe: program(b.release("caddy")), target: target}
	c.Gateway = b.layOut(c, "caddy", pick(b, "caddy", "etc/caddy", "edge"))
	c.way, c.json = pick(b, caddyStderr, caddyFile, caddyConsole), b.Chance(20)
	c.conf = filepath.Join(c.dir, "Caddyfile")
	c.errors = filepath.Join(c.dir, "log", "caddy.log")
	if b.Chance(60) {
		c.access = filepath.Join(c.dir, "log", target.app+"-access.log")
	}
	switch b.Rand.IntN(5) {
	case 0:
		c.admin = "off"
	case 1:
		c.admin = "unix/" + filepath.Join(c.dir, "run", "admin.sock")
	default:
		c.admin = "127.0.0.1:" + fmt.Sprint(b.Port())
	}
	if target.scheme == "http" && target.host != "127.0.0.1" && b.Chance(25) {
		p := b.certificate(certificate{name: target.host})
		target.scheme, target.option = "https", fmt.Sprintf("tls %s %s\n", p.file, p.key)
	}
	healthy, alive, dead := b.bystanders()
	c.others = []*caddySite{b.caddyProxy(healthy, alive), b.caddyProxy(dead, b.local())}
	for _, s := range c.others {
		b.neighbours(&target.place, &s.place)
	}
	c.serves(target, c.others[0], c.others[1])
	return c
}

// told makes the scene one whose Caddy can be asked and reloaded, and is started
// with a Caddyfile.
func (c *Caddy) told() {
	if c.admin == "off" {
		c.admin = "127.0.0.1:" + fmt.Sprint(c.b.Port())
	}
	c.json = false
}

// remembers makes the scene one whose log shows how long requests took.
func (c *Caddy) remembers() {
	c.access = filepath.Join(c.dir, "log", c.target.app+"-access.log")
}

// text is the Caddyfile.
func (c *Caddy) text() string {
	var t strings.Builder
	fmt.Fprintf(&t, "{\n    admin %s\n    auto_https disable_redirects\n    skip_install_trust\n", c.admin)
	switch c.way {
	case caddyFile:
		fmt.Fprintf(&t, "    log {\n        output file %s\n    }\n", c.errors)
	case caddyConsole:
		t.WriteString("    log {\n        format console\n    }\n")
	}
	t.WriteString(indent(c.globals, 4) + "}\n")
	for _, s := range append([]*caddySite{c.target}, c.others...) {
		t.WriteString(c.block(s))
	}
	return t.String()
}

func (c *Caddy) block(s *caddySite) string {
	var t strings.Builder
	address := fmt.Sprintf("%s://%s:%d", s.scheme, s.host, port(s.listen))
	if s.host == "127.0.0.1" && s.scheme == "http" && c.b.Chance(50) {
		address = fmt.Sprintf(":%d", port(s.listen))
	}
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		host = "127.0.0.1"
	}
	fmt.Fprintf(&t, "\n%s {\n    bind %s\n", address, host)
	if s == c.target && c.access != "" {
		fmt.Fprintf(&t, "    log {\n        output file %s\n        format json\n    }\n", c.access)
	}
	t.WriteString(indent(s.option, 4) + indent(s.inside, 4) + "}\n")
	return t.String()
}

func (c *Caddy) write() {
	b := c.b
	for _, dir := range []string{c.dir, filepath.Join(c.dir, "log"), filepath.Join(c.dir, "run")} {
		if b.err != nil {
			return
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.fail("cannot lay out Caddy: %w", err)
		} else if os.Geteuid() == 0 {
			if err := os.Chown(dir, webUser, webUser); err != nil {
				b.fail("cannot lay out Caddy: %w", err)
			}
		}
	}
	b.Write(c.conf, c.text())
	if c.json && b.err == nil {
		text, err := exec.CommandContext(b.ctx, c.exe, "adapt", "--config", c.conf).Output()
		if err != nil {
			b.fail("cannot adapt %s: %w: %s", c.conf, err, c.text())
			return
		}
		os.Remove(c.conf)
		c.conf = b.Write(filepath.Join(c.dir, "caddy.json"), string(text))
	}
	c.file = c.conf
	b.age(c.conf, time.Duration(24+b.Rand.IntN(600))*time.Hour)
}

func (c *Caddy) command() command {
	cmd := c.run("run")
	if c.way == caddyFile {
		cmd.log = filepath.Join(c.dir, "startup.log")
	}
	if c.limit > 0 {
		cmd.path, cmd.args = program("prlimit"), append([]string{fmt.Sprintf("--nofile=%d:%d", c.limit, c.limit), cmd.path}, cmd.args...)
	}
	return cmd
}

// run is a subcommand with the configuration.
func (c *Caddy) run(word string) command {
	data := filepath.Join(c.dir, "run")
	return command{name: "caddy", path: c.exe, dir: c.dir, args: []string{word, "--config", c.conf}, user: true, env: []string{"HOME=" + data, "XDG_DATA_HOME=" + data, "XDG_CONFIG_HOME=" + data}, log: c.errors}
}

// reload makes Caddy load the file. It reports whether Caddy has taken it.
func (c *Caddy) reload() bool {
	if c.b.err != nil {
		return false
	}
	all := append(append([]string{}, c.b.enter...), c.exe, "reload", "--config", c.conf, "--address", c.admin)
	cmd := exec.CommandContext(c.b.ctx, all[0], all[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "rror") {
		c.b.fail("cannot reload: %w: %s", err, out)
	}
	return err == nil
}

func (c *Caddy) logs(s *Scene) {
	s.Logs = append(s.Logs, c.errors)
	if c.access != "" {
		s.Logs = append(s.Logs, c.access)
	}
}

// past writes the log of yesterday and of the last hour.
func (c *Caddy) past() {
	yesterday := c.b.yesterday()
	var old strings.Builder
	for i := range 6 + c.b.Rand.IntN(12) {
		at := yesterday.Add(time.Duration(i*17) * time.Second)
		what := pick(c.b, "dial tcp 10.0.9.17:8080: connect: connection refused", "EOF", "no upstreams available", "net/http: timeout awaiting response headers", "dial tcp 10.0.9.17:8080: i/o timeout")
		old.WriteString(c.line(at, "error", "http.log.error", what, "legacy.shop.test", "/shop/checkout", 502, 0.003))
	}
	c.put(c.errors, old.String())
	if c.access == "" {
		return
	}
	c.put(c.access, c.good)
	if c.good == "" {
		c.put(c.access, c.line(yesterday, "info", "http.log.access.log0", "handled request", c.target.host, "/wp-login.php", 404, 0.001))
	}
}

func (c *Caddy) put(path, text string) {
	if c.b.err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		f.Close()
	}
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(path, webUser, webUser)
	}
	if err != nil {
		c.b.fail("cannot write %s: %w", path, err)
	}
}

// line is a line of the past, as Caddy writes it.
func (c *Caddy) line(at time.Time, level, logger, msg, host, uri string, status int, took float64) string {
	request := fmt.Sprintf(`{"remote_ip":"198.51.100.23","remote_port":"%d","proto":"HTTP/1.1","method":"GET","host":%q,"uri":%q,"headers":{"User-Agent":["Mozilla/5.0"]}}`, 40000+at.Second()*100, host, uri)
	if c.way == caddyConsole && logger == "http.log.error" {
		return fmt.Sprintf("%s\t%s\t%s\t%s\t{\"request\": %s, \"duration\": %f, \"status\": %d}\n", at.UTC().Format("2006/01/02 15:04:05.000"), strings.ToUpper(level), logger, msg, request, took, status)
	}
	return fmt.Sprintf(`{"level":%q,"ts":%.6f,"logger":%q,"msg":%q,"request":%s,"duration":%f,"size":12,"status":%d}`+"\n", level, float64(at.UnixMicro())/1e6, logger, msg, request, took, status)
}

func (c *Caddy) record(at time.Time, took float64) string {
	host := fmt.Sprintf("%s:%d", c.target.host, port(c.target.listen)) // as clients name it
	return c.line(at, "info", "http.log.access.log0", "handled request", host, c.target.path, 200, took)
}
