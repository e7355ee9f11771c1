package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// webUser is Debian's www-data, which nginx's workers and php-fpm's children run
// as when the lab runs as root.
const webUser = 33

// Site is one server block of a scene's nginx, or one virtual host of its Apache.
type Site struct {
	place
	Names   string // its server_name
	Options string // parameters of listen
	Route   string // location, "/api/": path is below it
	Pass    string // lines in the location
	Inside  string // further lines in the server block
	Outside string // lines beside the server block
	Format  string // of its access log: "combined", "timed" or "json"
	Errors  string // its own error log; empty: the gateway's
}

// errorLog is where errors of s are logged, if the gateway's own log is there.
func (s *Site) errorLog(gateway string) string {
	if s.Errors != "" {
		return s.Errors
	}
	return gateway
}

// Nginx is the gateway of a scene.
type Nginx struct {
	*Gateway
	errors   string // its error log
	target   *Site  // the site under examination
	others   []*Site
	level    string
	oneLog   bool // one access log for all sites
	limit    int  // worker_connections
	workers  int
	folder   string // for the sites' files
	upstream string // where the application listens, for faults that ask it themselves
}

// Gateway lays out an nginx with target among its decoys. It is not running yet.
func (b *Bench) Gateway(target *Site) *Nginx {
	return b.gateway(pick(b, "nginx", "etc/nginx", "edge"), target)
}

// nginx lays out an nginx; extra are further lines of the target's location.
func nginx(extra ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		return b.Gateway(b.Site(app).Via(b, "http", servers[0], extra...)).from(servers[0]).Gateway
	}
}

// gateway is Gateway in a chosen folder.
func (b *Bench) gateway(dir string, target *Site) *Nginx {
	n := &Nginx{target: target, limit: 512}
	n.Gateway = b.layOut(n, "nginx", dir)
	n.watched = 30
	n.level, n.oneLog, n.workers = pick(b, "error", "error", "warn", "info"), b.Chance(40), pick(b, 1, 1, 2)
	n.folder = pick(b, "conf.d", "sites-enabled", "sites")
	n.conf = filepath.Join(n.dir, pick(b, "nginx.conf", "conf/nginx.conf"))
	n.errors = filepath.Join(n.dir, "logs", "error.log")
	b.vary(n, target)
	n.others = b.decoySites(target)
	n.serves(target, n.others[0], n.others[1])
	return n
}

// from says which application the lines of the past are of.
func (n *Nginx) from(upstream string) *Nginx {
	n.upstream = upstream
	return n
}

func (n *Nginx) command() command {
	relative, err := filepath.Rel(n.dir, n.conf)
	if err != nil {
		n.b.fail("cannot name the configuration: %w", err)
	}
	args := []string{"-p", n.dir + "/", "-c", pick(n.b, n.conf, relative), "-g", "daemon off;"}
	return command{name: "nginx", path: program(n.b.release("nginx")), argv: "nginx", dir: n.dir, args: args, log: filepath.Join(n.dir, "logs", "startup.log")}
}

// accessLog is where requests to s are logged.
func (n *Nginx) accessLog(s *Site) string {
	if n.oneLog && s.Format == n.target.Format {
		return filepath.Join(n.dir, "logs", "access.log")
	}
	return filepath.Join(n.dir, "logs", s.app+".access.log")
}

// write writes the configuration. All files are dated as if they had been there for
// days: whoever compares them with the start of the process must find them older.
func (n *Nginx) write() {
	b := n.b
	for _, dir := range []string{"logs", "run", "tmp"} {
		if err := os.MkdirAll(filepath.Join(n.dir, dir), 0o755); err != nil {
			b.fail("cannot lay out nginx: %w", err)
			return
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(n.dir, "tmp"), webUser, webUser); err != nil {
			b.fail("cannot lay out nginx: %w", err)
		}
	}
	b.Write(n.conf, n.main())
	days := time.Duration(24+b.Rand.IntN(300)) * time.Hour
	b.age(n.conf, days)
	for i, s := range append([]*Site{n.target}, n.others...) {
		file := b.Write(filepath.Join(filepath.Dir(n.conf), n.folder, fmt.Sprintf("%02d-%s.conf", (i*37+10)%90, s.app)), n.server(s))
		if s == n.target {
			n.file = file
		}
		b.age(file, days)
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
	fmt.Fprintf(&c, "worker_processes %d;\npid %s;\nerror_log logs/error.log %s;\n\nevents {\n    worker_connections %d;\n}\n\nhttp {\n", n.workers, filepath.Join(n.dir, "run", "nginx.pid"), n.level, n.limit)
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&c, "    %s_temp_path %s;\n", kind, filepath.Join(n.dir, "tmp", kind))
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
	fmt.Fprintf(&c, "server {\n    listen %s%s;\n    server_name %s;\n    access_log %s %s;\n", s.listen, s.Options, s.Names, n.accessLog(s), format)
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

func (n *Nginx) logs(s *Scene) {
	s.Logs = append(s.Logs, n.target.errorLog(n.errors), n.accessLog(n.target))
}
