package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// webUser is Debian's www-data, which nginx's workers and php-fpm's children run
// as when the lab runs as root.
const webUser = 33

// Site is one server block of a scene.
type Site struct {
	App     string // what the application behind it is called
	Host    string // a host that it answers to
	Names   string // its server_name
	Listen  string // "127.0.0.1:8080"
	Options string // parameters of listen
	Route   string // location, "/api/"
	Path    string // path below Route that clients ask for
	Pass    string // lines in the location
	Inside  string // further lines in the server block
	Outside string // lines beside the server block
	Format  string // of its access log: "combined", "timed" or "json"
	Scheme  string // http or https; empty: not decided
	Errors  string // its own error log; empty: the gateway's
}

// URL is what clients of the site ask for.
func (s *Site) URL() string {
	scheme := s.Scheme
	if scheme == "" {
		scheme = "http"
	}
	return fmt.Sprintf("%s://%s:%d%s", scheme, s.Host, port(s.Listen), s.Path)
}

// Nginx is the gateway of a scene.
type Nginx struct {
	*Proc
	b        *Bench
	Dir      string // its prefix
	Conf     string // its main configuration file
	Errors   string // its error log
	Target   *Site  // the site under examination
	Others   []*Site
	hosts    map[string]string
	files    map[*Site]string // where each site is written
	level    string
	oneLog   bool // one access log for all sites
	limit    int  // worker_connections
	workers  int
	folder   string // for the sites' files
	upstream string // where the application listens, for faults that ask it themselves
	memory   string // lines of the target's access log from before the start
}

// Gateway lays out an nginx with target among its decoys. It is not running yet.
func (b *Bench) Gateway(target *Site) *Nginx {
	return b.gateway(pick(b, "nginx", "etc/nginx", "edge"), target)
}

// gateway is Gateway in a chosen folder.
func (b *Bench) gateway(dir string, target *Site) *Nginx {
	n := &Nginx{
		Proc: &Proc{b: b, name: "nginx", ended: make(chan struct{})},
		b:    b, Dir: b.path(dir), Target: target,
		hosts: map[string]string{}, files: map[*Site]string{},
		level: pick(b, "error", "error", "warn", "info"), oneLog: b.Chance(40), limit: 512, workers: pick(b, 1, 1, 2),
		folder: pick(b, "conf.d", "sites-enabled", "sites"),
	}
	n.Conf = filepath.Join(n.Dir, pick(b, "nginx.conf", "conf/nginx.conf"))
	n.Errors = filepath.Join(n.Dir, "logs", "error.log")
	b.vary(n, target)
	n.Others = b.decoySites(target)
	for _, s := range n.sites() {
		n.name(s)
	}
	return n
}

// name makes the host of s known to the scene's clients.
func (n *Nginx) name(s *Site) {
	if net.ParseIP(strings.Trim(s.Host, "[]")) == nil {
		n.hosts[s.Host] = s.Listen
	}
}

func (n *Nginx) sites() []*Site { return append([]*Site{n.Target}, n.Others...) }

// Run writes the configuration, starts nginx and its decoys, and waits until
// they listen.
func (n *Nginx) Run() *Nginx {
	n.write()
	n.past()
	n.start()
	for _, s := range n.Others {
		n.b.poll(n.hosts, s.URL(), time.Duration(150+n.b.Rand.IntN(200))*time.Millisecond)
	}
	return n
}

// start starts nginx itself.
func (n *Nginx) start() {
	if n.b.err != nil {
		return
	}
	relative, err := filepath.Rel(n.Dir, n.Conf)
	if err != nil {
		n.b.fail("cannot name the configuration: %w", err)
		return
	}
	args := []string{"-p", n.Dir + "/", "-c", pick(n.b, n.Conf, relative), "-g", "daemon off;"}
	n.Proc = n.b.Start(command{name: "nginx", path: program("nginx"), argv: "nginx", dir: n.Dir, args: args, log: filepath.Join(n.Dir, "logs", "startup.log")})
	n.Proc.Addr = n.Target.Listen
	n.listening()
}

// accessLog is where requests to s are logged.
func (n *Nginx) accessLog(s *Site) string {
	if n.oneLog && s.Format == n.Target.Format {
		return filepath.Join(n.Dir, "logs", "access.log")
	}
	return filepath.Join(n.Dir, "logs", s.App+".access.log")
}

// write writes all configuration files, dated as if they had been there for
// days: whoever compares them with the start of the process must find them older.
func (n *Nginx) write() {
	b := n.b
	for _, dir := range []string{"logs", "run", "tmp"} {
		if err := os.MkdirAll(filepath.Join(n.Dir, dir), 0o755); err != nil {
			b.fail("cannot lay out nginx: %w", err)
			return
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(n.Dir, "tmp"), webUser, webUser); err != nil {
			b.fail("cannot lay out nginx: %w", err)
		}
	}
	b.Write(n.Conf, n.main())
	days := time.Duration(24+b.Rand.IntN(300)) * time.Hour
	n.age(n.Conf, days)
	for i, s := range n.sites() {
		file := filepath.Join(filepath.Dir(n.Conf), n.folder, fmt.Sprintf("%02d-%s.conf", (i*37+10)%90, s.App))
		n.files[s] = file
		b.Write(file, n.server(s))
		n.age(file, days)
	}
}

// age dates a file back.
func (n *Nginx) age(file string, by time.Duration) {
	if n.b.err != nil {
		return
	}
	at := time.Now().Add(-by)
	if err := os.Chtimes(file, at, at); err != nil {
		n.b.fail("cannot date %s back: %w", file, err)
	}
}

// Formats of access logs beside nginx's own "combined".
const (
	timedFormat = `'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
                      'rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"'`
	jsonFormat = `escape=json '{"time":"$time_iso8601","remote_addr":"$remote_addr","host":"$host","request":"$request","status":"$status","body_bytes_sent":"$body_bytes_sent",'
                      '"request_time":"$request_time","upstream_addr":"$upstream_addr","upstream_status":"$upstream_status","upstream_response_time":"$upstream_response_time",'
                      '"http_referrer":"$http_referer","http_user_agent":"$http_user_agent"}'`
)

func (n *Nginx) main() string {
	var c strings.Builder
	if os.Geteuid() == 0 {
		c.WriteString("user www-data;\n")
	}
	fmt.Fprintf(&c, "worker_processes %d;\npid %s;\nerror_log logs/error.log %s;\n\nevents {\n    worker_connections %d;\n}\n\nhttp {\n", n.workers, filepath.Join(n.Dir, "run", "nginx.pid"), n.level, n.limit)
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&c, "    %s_temp_path %s;\n", kind, filepath.Join(n.Dir, "tmp", kind))
	}
	fmt.Fprintf(&c, "    log_format timed %s;\n    log_format json_lines %s;\n", timedFormat, jsonFormat)
	c.WriteString("    default_type text/html;\n    client_max_body_size 20m;\n    server_names_hash_bucket_size 128;\n\n")
	// Includes are relative to the folder of the main file.
	fmt.Fprintf(&c, "    include %s/*.conf;\n}\n", n.folder)
	return c.String()
}

func (n *Nginx) server(s *Site) string {
	format := s.Format
	if format == "json" {
		format = "json_lines"
	}
	var c strings.Builder
	c.WriteString(s.Outside)
	fmt.Fprintf(&c, "server {\n    listen %s%s;\n    server_name %s;\n    access_log %s %s;\n", s.Listen, s.Options, s.Names, n.accessLog(s), format)
	if s.Errors != "" {
		fmt.Fprintf(&c, "    error_log %s %s;\n", s.Errors, n.level)
	}
	c.WriteString(indent(s.Inside, 4))
	fmt.Fprintf(&c, "\n    location %s {\n%s    }\n}\n", s.Route, indent(s.Pass, 8))
	return c.String()
}

func indent(text string, by int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		out.WriteString(strings.Repeat(" ", by) + line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// Get makes count requests to the target, one after the other, and returns the
// last answer.
func (n *Nginx) Get(count int) Answer {
	var last Answer
	for range count {
		if n.b.err != nil {
			return Answer{}
		}
		last = n.b.ask(n.b.ctx, n.hosts, "GET", n.Target.URL(), 0)
	}
	return last
}

// Served makes some requests that must succeed: the site's history.
func (n *Nginx) Served(count int) *Nginx {
	for range count {
		if a := n.Get(1); n.b.err == nil && (a.Status != 200 || a.Err != nil) {
			n.b.fail("cannot give the site a history: status %d, %v: %s", a.Status, a.Err, tail(n.Errors))
		}
	}
	return n
}

// Scene describes what has been built, after clients have met the fault.
func (n *Nginx) Scene(notes ...string) (Scene, error) {
	n.Get(1 + n.b.Rand.IntN(3))
	if n.b.Chance(30) {
		n.b.poll(n.hosts, n.Target.URL(), 700*time.Millisecond)
	}
	return n.Quiet(notes...)
}

// Quiet describes what has been built.
func (n *Nginx) Quiet(notes ...string) (Scene, error) {
	errors := n.Errors
	if n.Target.Errors != "" {
		errors = n.Target.Errors
	}
	logs := []string{errors, n.accessLog(n.Target)}
	return Scene{URL: n.Target.URL(), Hosts: n.hosts, Config: n.Conf, Logs: logs, Notes: notes, Enter: n.b.enter, bench: n.b}, n.b.err
}
