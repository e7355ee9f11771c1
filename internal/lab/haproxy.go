package lab

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// haSite is one site behind a scene's HAProxy.
type haSite struct {
	place
	options string   // of bind
	front   string   // further lines of the frontend
	back    string   // further lines of the backend
	servers []string // what stands behind "server sN"
	apart   bool     // frontend and backend are sections of their own
}

// pool is what its backend is called.
func (s *haSite) pool() string { return s.app + "_servers" }

// The ways in which a scene's HAProxy logs.
const (
	toFile   = "file"   // standard output leads into a file
	toSyslog = "syslog" // a syslog service writes a file, which the operator names
	toNobody = "nobody" // to a syslog service whose files are not on this host
)

// HAProxy is the gateway of a scene.
type HAProxy struct {
	*Gateway
	log     string // the file, where there is one
	way     string // it logs in one of the ways above
	socket  string // its runtime socket; empty: none
	target  *haSite
	others  []*haSite
	globals string // further lines of the global section
	wait    string // timeout server
	connect string // timeout connect
	retries int    // -1: as it is by default
	pid     int    // process id in lines of the past
	single  bool   // one process, without a master
}

// haSite draws the outside of a site behind HAProxy.
func (b *Bench) haSite(app string, servers ...string) *haSite {
	return &haSite{place: b.place(app, b.local, zones...), servers: servers}
}

// HAProxy lays out an HAProxy with target among its decoys. It is not running
// yet.
func (b *Bench) HAProxy(target *haSite) *HAProxy {
	h := &HAProxy{target: target, wait: "10s", connect: "2s"}
	h.Gateway = b.layOut(h, "haproxy", pick(b, "haproxy", "etc/haproxy", "lb"))
	h.clients = 2
	h.retries, h.way, h.pid = pick(b, -1, 0, 1, 2), pick(b, toFile, toFile, toSyslog, toNobody), 800+b.Rand.IntN(90)
	if b.netns >= 0 {
		h.way = toFile // the lab's own syslog service is on the other machine
	}
	h.conf = filepath.Join(h.dir, "haproxy.cfg")
	h.log = filepath.Join(h.dir, "log", "haproxy.log")
	if b.Chance(70) {
		h.socket = filepath.Join(h.dir, "admin.sock")
	}
	if target.scheme == "http" && b.Chance(15) {
		p := b.certificate(certificate{name: target.app + ".front"})
		target.scheme, target.options = "https", " ssl crt "+b.bundle(p)
	}
	healthy, alive, dead := b.bystanders()
	h.others = []*haSite{b.haSite(healthy, alive), b.haSite(dead, b.local())}
	for _, s := range h.others {
		b.neighbours(&target.place, &s.place)
	}
	h.serves(target, h.others[0], h.others[1])
	return h
}

// bundle writes a certificate and its key into one file, as HAProxy wants them.
func (b *Bench) bundle(p pair) string {
	var all []byte
	for _, f := range []string{p.file, p.key} {
		text, err := os.ReadFile(f)
		if err != nil {
			b.fail("cannot read %s: %w", f, err)
		}
		all = append(all, text...)
	}
	return b.Write(strings.TrimSuffix(p.file, ".crt")+".pem", string(all))
}

// text is the configuration.
func (h *HAProxy) text() string {
	b := h.b
	var c strings.Builder
	fmt.Fprintf(&c, "global\n    maxconn 400\n    %s\n", h.logTarget())
	if os.Geteuid() == 0 {
		c.WriteString("    user www-data\n    group www-data\n")
	}
	if h.socket != "" {
		fmt.Fprintf(&c, "    stats socket %s mode 660 level admin\n", h.socket)
	}
	c.WriteString(indent(h.globals, 4))
	fmt.Fprintf(&c, "\ndefaults\n    mode http\n    log global\n    option httplog\n    option dontlognull\n    timeout connect %s\n    timeout client 30s\n    timeout server %s\n", h.connect, h.wait)
	if h.retries >= 0 {
		fmt.Fprintf(&c, "    retries %d\n", h.retries)
	}
	if b.Chance(30) {
		c.WriteString("    option forwardfor\n")
	}
	seen := map[string]bool{}
	all := append([]*haSite{h.target}, h.others...)
	for _, s := range all {
		if seen[s.listen] {
			continue
		}
		seen[s.listen] = true
		var here []*haSite
		for _, o := range all {
			if o.listen == s.listen {
				here = append(here, o)
			}
		}
		c.WriteString(h.frontend(s, here))
	}
	return c.String()
}

// frontend writes a listener with the backends behind it, in one of the ways
// people do.
func (h *HAProxy) frontend(s *haSite, here []*haSite) string {
	b := h.b
	var c strings.Builder
	bind := fmt.Sprintf("    bind %s%s\n", s.listen, s.options)
	if len(here) == 1 && !s.named() && !s.apart && b.Chance(60) && len(s.servers) > 0 {
		fmt.Fprintf(&c, "\nlisten %s\n%s%s%s", s.pool(), bind, indent(s.front, 4), h.backend(s))
		return c.String()
	}
	fmt.Fprintf(&c, "\nfrontend %s_in\n%s%s", s.app, bind, indent(s.front, 4))
	for i, o := range here {
		if len(o.servers) == 0 {
			continue
		}
		if i == len(here)-1 && o != h.target || len(here) == 1 && !s.named() {
			fmt.Fprintf(&c, "    default_backend %s\n", o.pool())
			continue
		}
		switch b.Rand.IntN(3) {
		case 0:
			fmt.Fprintf(&c, "    acl is_%s hdr(host),host_only -i %s\n    use_backend %s if is_%s\n", o.app, o.host, o.pool(), o.app)
		case 1:
			fmt.Fprintf(&c, "    use_backend %s if { hdr_beg(host) -i %s }\n", o.pool(), o.host)
		case 2:
			fmt.Fprintf(&c, "    use_backend %s if { req.hdr(host),field(1,:),lower -m str %s }\n", o.pool(), o.host)
		}
	}
	for _, o := range here {
		if len(o.servers) > 0 {
			fmt.Fprintf(&c, "\nbackend %s\n%s", o.pool(), h.backend(o))
		}
	}
	return c.String()
}

func (h *HAProxy) backend(s *haSite) string {
	var c strings.Builder
	c.WriteString(indent(s.back, 4))
	for i, text := range s.servers {
		fmt.Fprintf(&c, "    server %s%d %s\n", "s", i+1, strings.TrimPrefix(text, "unix:"))
	}
	return c.String()
}

func (h *HAProxy) write() {
	h.b.Write(h.conf, h.text())
	h.b.date(h.conf)
}

func (h *HAProxy) command() command {
	args := []string{"-f", h.conf}
	if h.b.Chance(50) && !h.single {
		args = append([]string{"-W"}, args...)
	} else {
		args = append([]string{"-db"}, args...)
	}
	path, argv := program(h.b.release("haproxy")), "haproxy"
	if h.b.release("haproxy") != "haproxy" {
		argv = path // the master becomes what its first word leads to (mworker_reexec, src/haproxy.c)
	}
	if h.way == toFile {
		// The shell makes standard output a file and becomes HAProxy, which takes
		// O_APPEND off it (fcntl in sendlog, src/log.c): the past is written
		// through the same description, so that it ends where HAProxy begins.
		args = append([]string{"-c", `exec >> ` + h.log + ` 2>&1; cat ` + h.log + `.past; rm ` + h.log + `.past; exec "$0" "$@"`, path}, args...)
		path, argv = "/bin/sh", "sh"
	}
	return command{name: "haproxy", path: path, argv: argv, dir: h.dir, args: args, log: filepath.Join(h.dir, "startup.log")}
}

// tell sends a command to the runtime socket, as an operator does.
func (h *HAProxy) tell(command string) {
	if h.b.err != nil {
		return
	}
	c, err := h.b.dial(h.b.ctx, "unix:"+h.socket)
	if err != nil {
		h.b.fail("cannot reach the runtime socket: %w", err)
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "%s\n", command)
	out, err := io.ReadAll(c)
	if text := strings.TrimSpace(string(out)); err != nil || text != "" {
		h.b.fail("cannot %s: %v %s", command, err, text)
	}
}

func (h *HAProxy) logs(s *Scene) {
	if h.way != toNobody {
		s.Logs = append(s.Logs, h.log)
	}
	if h.way == toSyslog {
		s.Args = append(s.Args, "--log", h.log)
	}
}
