package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Apache is an Apache HTTP Server as the gateway of a scene, laid out as Debian
// does it. Its sites are Sites with Apache's words in Names, Pass and Inside.
type Apache struct {
	*Gateway
	errors  string // its error log
	target  *Site  // the site under examination
	others  []*Site
	level   string
	oneLog  bool // one access log for all sites
	mpm     string
	slots   int // MaxRequestWorkers
	modules []string
	star    bool // <VirtualHost *:80>, not <VirtualHost 10.0.0.1:80>: the latter would win over the former
}

// apacheModules are those that every scene loads, as mods-enabled does.
var apacheModules = strings.Fields(`authz_core authz_host alias dir env headers mime setenvif rewrite ssl socache_shmcb slotmem_shm proxy proxy_http proxy_fcgi proxy_uwsgi proxy_balancer lbmethod_byrequests status`)

// apacheModuleDir is where Debian keeps modules.
const apacheModuleDir = "/usr/lib/apache2/modules"

// ApacheSite draws the outside of a site in Apache's words.
func (b *Bench) ApacheSite(app string) *Site {
	s := b.Site(app)
	zone := s.host[strings.IndexByte(s.host+".", '.')+1:]
	s.Options = ""
	s.Format = pick(b, "combined", "timed", "vhost_combined")
	if s.host == "127.0.0.1" { // it answers to any name
		s.Names = "ServerName " + app + ".test"
		return s
	}
	switch b.Rand.IntN(4) {
	case 0:
		s.Names = "ServerName " + s.host
	case 1:
		s.Names = "ServerName " + s.host + "\nServerAlias www." + s.host
	case 2:
		s.Names = "ServerName main." + zone + "\nServerAlias *." + zone
	case 3:
		s.Names = "ServerName www." + s.host + "\nServerAlias " + s.host + " " + app + "-v?." + zone
	}
	return s
}

// proxied makes the site pass its route to a target URL in one of the ways people
// write it. Params are words after the target, extra further lines.
func (s *Site) proxied(b *Bench, url, params string, extra ...string) *Site {
	route, to := s.Route, url
	if b.Chance(50) && strings.HasSuffix(route, "/") && len(route) > 1 {
		route, to = strings.TrimSuffix(route, "/"), strings.TrimSuffix(to, "/")
	}
	if params != "" {
		params = " " + params
	}
	if b.Chance(30) {
		s.Pass = fmt.Sprintf("<Location \"%s\">\n    ProxyPass \"%s\"%s\n    ProxyPassReverse \"%s\"\n</Location>\n", route, to, params, to)
	} else {
		s.Pass = fmt.Sprintf("ProxyPass \"%s\" \"%s\"%s\nProxyPassReverse \"%s\" \"%s\"\n", route, to, params, route, to)
	}
	s.Pass += pick(b, "", "ProxyPreserveHost On\n", "RequestHeader set X-Forwarded-Proto http\n") + lines(extra)
	return s
}

func lines(extra []string) string {
	var c strings.Builder
	for _, l := range extra {
		c.WriteString(l + "\n")
	}
	return c.String()
}

// apacheURL spells an application's address as a target.
func apacheURL(scheme, address string) string {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix:" + path + "|" + scheme + "://localhost/"
	}
	return scheme + "://" + address + "/"
}

// Apache lays out an Apache with target among its decoys. It is not running yet.
func (b *Bench) Apache(target *Site) *Apache {
	return b.apacheIn(pick(b, "apache2", "etc/apache2", "edge"), target)
}

func (b *Bench) apacheIn(dir string, target *Site) *Apache {
	a := &Apache{target: target, slots: 32, modules: apacheModules}
	a.Gateway = b.layOut(a, "apache2", dir)
	a.watched = 30
	a.level, a.oneLog = pick(b, "warn", "warn", "error", "info ssl:warn", "warn ssl:info"), b.Chance(40)
	a.mpm, a.star = pick(b, "event", "event", "worker", "prefork"), b.Chance(60)
	a.conf = filepath.Join(a.dir, "apache2.conf")
	a.errors = filepath.Join(a.dir, "log", "error.log")
	if b.Chance(35) {
		target.Errors = filepath.Join(a.dir, "log", target.app+"-error.log")
	}
	if target.scheme == "" && b.Chance(15) {
		p := b.certificate(certificate{name: target.app + ".front"})
		target.scheme = "https"
		target.Inside += fmt.Sprintf("SSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n", p.file, p.key)
	}
	a.others = a.decoys(target)
	a.serves(target, a.others[0], a.others[1])
	return a
}

// decoys are what stands beside the target: a healthy site, a site whose
// application is dead, and an application that no configuration mentions.
func (a *Apache) decoys(target *Site) []*Site {
	b := a.b
	healthy, alive, dead := b.bystanders()
	h := b.ApacheSite(healthy).proxied(b, apacheURL("http", alive), "")
	d := b.ApacheSite(dead).proxied(b, apacheURL("http", b.local()), pick(b, "", "retry=0"))
	for _, s := range []*Site{h, d} {
		if target.host != "127.0.0.1" && s.host != "127.0.0.1" && target.scheme != "https" && b.Chance(50) {
			s.listen = target.listen
			s.host = s.app + ".intern.test"
			s.Names = "ServerName " + s.host
		}
	}
	h.Inside += pick(b, "", "Redirect permanent /old /\n", "RedirectMatch 404 /favicon\\.ico$\n")
	return []*Site{h, d}
}

func (a *Apache) all() []*Site { return append([]*Site{a.target}, a.others...) }

// accessLog is where requests to s are logged.
func (a *Apache) accessLog(s *Site) string {
	if a.oneLog && s.Format == a.target.Format {
		return filepath.Join(a.dir, "log", "access.log")
	}
	return filepath.Join(a.dir, "log", s.app+"-access.log")
}

// env are the variables of envvars, as apache2ctl sets them.
func (a *Apache) env() []string {
	vars := []string{"APACHE_CONFDIR=" + a.dir, "APACHE_RUN_DIR=" + a.dir + "/run", "APACHE_PID_FILE=" + a.dir + "/run/apache2.pid", "APACHE_LOG_DIR=" + a.dir + "/log", "APACHE_LOCK_DIR=" + a.dir + "/run"}
	if os.Geteuid() == 0 {
		vars = append(vars, "APACHE_RUN_USER=www-data", "APACHE_RUN_GROUP=www-data")
	}
	return vars
}

func (a *Apache) command() command { return a.run("-k", "start", "-DFOREGROUND") }

// run is Apache with its configuration, told to do more.
func (a *Apache) run(more ...string) command {
	args := append([]string{"-d", a.dir, "-f", "apache2.conf"}, more...)
	return command{name: "apache2", path: program("apache2"), dir: a.dir, args: args, env: a.env(), log: filepath.Join(a.dir, "log", "startup.log")}
}

// write writes the configuration. All files are dated as if they had been
// there for days.
func (a *Apache) write() {
	b := a.b
	for _, dir := range []string{"log", "run"} {
		if err := os.MkdirAll(filepath.Join(a.dir, dir), 0o755); err != nil {
			b.fail("cannot lay out Apache: %w", err)
			return
		}
	}
	days := time.Duration(24+b.Rand.IntN(300)) * time.Hour
	put := func(name, text string) string {
		file := b.Write(filepath.Join(a.dir, name), text)
		b.age(file, days)
		return file
	}
	var envvars strings.Builder
	for _, v := range a.env()[1:] {
		envvars.WriteString("export " + v + "\n")
	}
	put("envvars", envvars.String())
	put("apache2.conf", a.main())
	put("mime.types", "text/html html htm\ntext/plain txt\n")
	for _, m := range append([]string{"mpm_" + a.mpm}, a.modules...) {
		put("mods-enabled/"+m+".load", fmt.Sprintf("LoadModule %s_module %s/mod_%s.so\n", m, apacheModuleDir, m))
	}
	ports := map[string]bool{}
	var listen strings.Builder
	for _, s := range a.all() {
		if !ports[s.listen] {
			fmt.Fprintf(&listen, "Listen %s\n", s.listen)
		}
		ports[s.listen] = true
	}
	put("ports.conf", listen.String())
	for i, s := range a.all() {
		file := put(fmt.Sprintf("sites-enabled/%03d-%s.conf", i*10, s.app), a.host(s))
		if s == a.target {
			a.file = file
		}
	}
}

func (a *Apache) main() string {
	var c strings.Builder
	c.WriteString("ServerName localhost\nDefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nMutex file:${APACHE_LOCK_DIR} default\nTimeout 300\nKeepAlive On\nKeepAliveTimeout 5\n")
	if os.Geteuid() == 0 {
		c.WriteString("User ${APACHE_RUN_USER}\nGroup ${APACHE_RUN_GROUP}\n")
	}
	fmt.Fprintf(&c, "HostnameLookups Off\nErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel %s\n\nIncludeOptional mods-enabled/*.load\n\nInclude ports.conf\n\n", a.level)
	switch a.mpm {
	case "prefork":
		fmt.Fprintf(&c, "<IfModule mpm_prefork_module>\n    StartServers 2\n    MinSpareServers 2\n    MaxSpareServers 8\n    MaxRequestWorkers %d\n</IfModule>\n", a.slots)
	default:
		fmt.Fprintf(&c, "<IfModule mpm_%s_module>\n    StartServers 1\n    MinSpareThreads 4\n    MaxSpareThreads 32\n    ThreadsPerChild 16\n    MaxRequestWorkers %d\n</IfModule>\n", a.mpm, a.slots)
	}
	c.WriteString("<Directory />\n    AllowOverride None\n    Require all denied\n</Directory>\n")
	fmt.Fprintf(&c, "<Directory %s>\n    Require all granted\n</Directory>\n\n", a.b.path("srv"))
	if a.b.Chance(60) { // Debian's mods-enabled/status.conf
		c.WriteString("ExtendedStatus On\nProxyStatus On\n<Location \"/server-status\">\n    SetHandler server-status\n    Require local\n</Location>\n\n")
	}
	for name, format := range apacheFormats {
		fmt.Fprintf(&c, "LogFormat \"%s\" %s\n", strings.ReplaceAll(format, `"`, `\"`), name)
	}
	c.WriteString("\nIncludeOptional sites-enabled/*.conf\n")
	return c.String()
}

// apacheFormats are formats of access logs: Debian's, and one with the time that
// a request took.
var apacheFormats = map[string]string{
	"vhost_combined": `%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`,
	"combined":       `%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"`,
	"timed":          `%v %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" %D`,
}

func (a *Apache) host(s *Site) string {
	var c strings.Builder
	c.WriteString(s.Outside)
	address := s.listen
	if a.star {
		address = fmt.Sprint("*:", port(s.listen))
	}
	fmt.Fprintf(&c, "<VirtualHost %s>\n%s", address, indent(s.Names, 4))
	if s.Errors != "" {
		fmt.Fprintf(&c, "    ErrorLog %s\n", s.Errors)
	}
	fmt.Fprintf(&c, "    CustomLog %s %s\n", a.accessLog(s), s.Format)
	c.WriteString(indent(s.Inside, 4))
	c.WriteString(indent(s.Pass, 4))
	c.WriteString("</VirtualHost>\n")
	return c.String()
}

// Reload makes Apache read its configuration again and waits until it says that
// it has.
func (a *Apache) Reload() {
	before := a.resumed()
	a.Signal(syscall.SIGUSR1)
	a.b.until("apache2 has reloaded", func() bool { return a.resumed() > before })
}

// resumed counts how often the error log says that normal operation begins. It is
// written at level notice whatever LogLevel says.
func (a *Apache) resumed() int {
	text, err := os.ReadFile(a.errors)
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "resuming normal operations")
}

func (a *Apache) logs(s *Scene) {
	s.Logs = append(s.Logs, a.target.errorLog(a.errors), a.accessLog(a.target))
}
