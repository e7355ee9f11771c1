package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ownSite is one site behind a scene's goodgate gateway.
type ownSite struct {
	place
	prefix  string   // of the route
	secure  string   // further lines of the listener
	servers []string // as the configuration spells them
	more    string   // further lines of the upstream
	wait    string   // how long requests wait where no server can be asked
	first   string   // limit for the first byte of an answer
}

// Own is goodgate's own gateway as the gateway of a scene: it needs nothing but
// the program itself.
type Own struct {
	*Gateway
	log    string
	target *ownSite
	others []*ownSite
	admin  string // empty: none
	user   bool   // run as the web user
}

// ownSite draws the outside of a site. Servers are addresses, or as the
// configuration spells them.
func (b *Bench) ownSite(app string, servers ...string) *ownSite {
	s := &ownSite{place: b.place(app, b.local, zones...), prefix: pick(b, "/", "/api", "/v1"), wait: pick(b, "200ms", "400ms"), first: "5s"}
	s.path = strings.TrimSuffix(s.prefix, "/") + "/" + pick(b, "list", "item/4711", "today")
	for _, a := range servers {
		if !strings.Contains(a, "://") && !strings.HasPrefix(a, "unix:") {
			a = "http://" + a
		}
		s.servers = append(s.servers, a)
	}
	return s
}

// Own lays out a gateway with target among its decoys. It is not running yet.
func (b *Bench) Own(target *ownSite) *Own {
	g := &Own{target: target}
	g.Gateway = b.layOut(g, "gateway", pick(b, "gateway", "etc/goodgate"))
	g.clients = 2
	g.conf = filepath.Join(g.dir, "gateway.yaml")
	g.log = filepath.Join(g.dir, "log", "access.log")
	if b.Chance(15) {
		p := b.certificate(certificate{name: target.app + ".front"})
		target.scheme, target.secure = "https", fmt.Sprintf("    cert: %s\n    key: %s\n", p.file, p.key)
	}
	if b.Chance(60) {
		g.admin = pick(b, "unix:"+filepath.Join(g.dir, "admin.sock"), b.local())
	}
	healthy, alive, dead := b.bystanders()
	g.others = []*ownSite{b.ownSite(healthy, alive), b.ownSite(dead, b.local())}
	for _, s := range g.others {
		if target.host != "127.0.0.1" && target.scheme == "http" && b.Chance(50) {
			s.listen, s.host = target.listen, s.app+".intern.test"
		}
	}
	g.serves(target, g.others[0], g.others[1])
	return g
}

// alone makes the target the only site, which the command line describes.
func (g *Own) alone() *Own {
	g.conf, g.others, g.sites = "", nil, g.sites[:1]
	g.target.scheme, g.target.secure, g.target.host, g.hosts = "http", "", "127.0.0.1", nil
	return g
}

// text is the configuration. A listener belongs to every site: those without a
// host of their own answer for what no other fits, so there is one at most.
func (g *Own) text() string {
	var listeners, upstreams, sites strings.Builder
	seen := map[string]bool{}
	all := append(append([]*ownSite{}, g.others...), g.target)
	for _, s := range all {
		if !seen[s.listen] {
			seen[s.listen] = true
			fmt.Fprintf(&listeners, "  - address: %s\n%s", s.listen, s.secure)
		}
		fmt.Fprintf(&upstreams, "  %s:\n    servers:\n", s.app)
		for _, server := range s.servers {
			fmt.Fprintf(&upstreams, "      - url: %s\n", server)
		}
		fmt.Fprintf(&upstreams, "    wait: %s\n    timeouts:\n      connect: 1s\n      first_byte: %s\n%s", s.wait, s.first, indent(s.more, 4))
		fmt.Fprintf(&sites, "  - name: %s\n", s.app)
		if s.host != "127.0.0.1" {
			fmt.Fprintf(&sites, "    hosts: [%s]\n", s.host)
		} else {
			fmt.Fprintf(&sites, "    hosts: [\"127.0.0.1\"]\n")
		}
		fmt.Fprintf(&sites, "    routes:\n      - path: %s\n        to: %s\n", s.prefix, s.app)
	}
	if g.admin != "" {
		fmt.Fprintf(&listeners, "admin: %s\n", g.admin)
	}
	return fmt.Sprintf("# %s\nlisten:\n%saccess_log:\n  file: %s\nupstreams:\n%ssites:\n%s", pick(g.b, "managed by ansible", "the shop's front door", "see the wiki"), &listeners, g.log, &upstreams, &sites)
}

func (g *Own) write() {
	b := g.b
	if b.err == nil && len(b.gate) == 0 {
		b.fail("cannot start the gateway: no command for it")
	}
	g.onlyOneWithoutName()
	b.Write(g.log, g.before())
	if g.conf != "" {
		b.Write(g.conf, g.text())
		b.date(g.conf)
	}
	if g.user {
		b.give(g.dir, filepath.Dir(g.log), g.log) // the admin socket is made in the first
	}
}

func (g *Own) past() {} // its log stands before its configuration

func (g *Own) command() command {
	args := append([]string{}, g.b.gate[1:]...)
	if g.conf != "" {
		args = append(args, "-c", g.conf)
	} else {
		args = append(args, "--listen", g.target.listen, "--access-log", g.log)
		if g.admin != "" {
			args = append(args, "--admin", g.admin)
		}
		for _, s := range g.target.servers {
			args = append(args, "--to", s)
		}
	}
	return command{name: "gateway", dir: g.dir, path: g.b.gate[0], argv: "goodgate", user: g.user, args: args, log: filepath.Join(g.dir, "log", "gateway.log")}
}

func (g *Own) logs(s *Scene) { s.Logs = append(s.Logs, g.log) }

// edit makes servers those of the target in the file, which nobody loads by that.
func (g *Own) edit(servers ...string) {
	g.target.servers = servers
	if g.b.err == nil {
		g.b.Write(g.conf, g.text())
	}
}

// onlyOneWithoutName gives the decoys names where the target has none: the gateway
// chooses a site by its host alone.
func (g *Own) onlyOneWithoutName() {
	for _, s := range g.others {
		if s.host == "127.0.0.1" {
			s.host = s.app + ".intern.test"
			g.hosts[s.host] = s.listen
		}
	}
}

// give makes the web user the owner.
func (b *Bench) give(paths ...string) {
	for _, path := range paths {
		if b.err != nil {
			return
		}
		if err := os.Chown(path, webUser, webUser); err != nil {
			b.fail("cannot give %s away: %w", path, err)
		}
	}
}

// before is the log of yesterday and of the last hour.
func (g *Own) before() string {
	yesterday := g.b.yesterday()
	var old strings.Builder
	for i := range 6 + g.b.Rand.IntN(12) {
		at := yesterday.Add(time.Duration(i*17) * time.Second)
		symptom, phase, detail := "connection_refused", "connect", "dial: connection refused"
		if g.b.Chance(50) {
			symptom, phase, detail = "connection_terminated", "header", "the server closed the connection without an answer"
		}
		fmt.Fprintf(&old, `{"time":"%s","id":"%08x","client":"198.51.100.%d:4711","site":"legacy","route":"/","method":"POST","scheme":"http","host":"legacy.shop.test","uri":"/shop/checkout","proto":"HTTP/1.1","status":502,"made_by":"gateway","symptom":"%s","detail":"%s","received":40,"bytes":120,"seconds":0.002100,"pool":"legacy","attempts":[{"upstream":"10.0.9.17:8080","status":0,"total":0.002000,"sent":300,"symptom":"%s","phase":"%s","detail":"%s"}]}`+"\n",
			stamp(at), g.b.Rand.Uint32(), 10+i, symptom, detail, symptom, phase, detail)
		old.WriteString(g.line(at.Add(time.Second), "/wp-login.php", 404, 0.002))
	}
	return old.String() + g.good
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// line is a request to the target that went well.
func (g *Own) line(at time.Time, path string, status int, took float64) string {
	s, server := g.target, ""
	if len(s.servers) > 0 {
		_, server, _ = strings.Cut(s.servers[0], "://")
	}
	return fmt.Sprintf(`{"time":"%s","id":"%08x","client":"198.51.100.7:52011","site":"%s","route":"%s","method":"GET","scheme":"%s","host":"%s","uri":"%s","proto":"HTTP/1.1","status":%d,"made_by":"upstream","received":0,"bytes":3,"seconds":%.6f,"user_agent":"shop-client/2.4","pool":"%s","attempts":[{"upstream":"%s","status":%d,"won":true,"first":%.6f,"total":%.6f,"sent":240}]}`+"\n",
		stamp(at), g.b.Rand.Uint32(), s.app, s.prefix, s.scheme, s.host, path, status, took, s.app, server, status, took, took)
}

func (g *Own) record(at time.Time, took float64) string { return g.line(at, g.target.path, 200, took) }
