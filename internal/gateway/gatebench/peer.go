package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one that this run started and ends.
type process struct {
	cmd *exec.Cmd
}

func start(env []string, name string, args ...string) (*process, error) {
	p := &process{exec.Command(name, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Getenv("GATEBENCH_VERBOSE") != "" {
		p.cmd.Stderr = os.Stderr
	}
	return p, p.cmd.Start()
}

func (p *process) signal(s syscall.Signal) { syscall.Kill(-p.cmd.Process.Pid, s) }

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	p.cmd.Wait()
}

// cpu is the processor time of the process group so far, as the scheduler counts
// it for each thread, in nanoseconds. (stat counts in hundredths of a second, which
// is too coarse for a proxy with little to do.) Threads that have ended are missing;
// none of the proxies ends any while it works.
func (p *process) cpu() time.Duration {
	total := int64(0)
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, d := range dirs {
		b, _ := os.ReadFile(d)
		_, rest, ok := strings.Cut(string(b), ") ")
		f := strings.Fields(rest)
		if !ok || len(f) < 3 || f[2] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		threads, _ := filepath.Glob(filepath.Join(filepath.Dir(d), "task/*/schedstat"))
		for _, t := range threads {
			b, _ := os.ReadFile(t)
			ran, _, _ := strings.Cut(string(b), " ")
			n, _ := strconv.ParseInt(ran, 10, 64)
			total += n
		}
	}
	return time.Duration(total)
}

// rss is the resident memory of the process group in bytes.
func (p *process) rss() int64 {
	total := int64(0)
	dirs, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, d := range dirs {
		b, _ := os.ReadFile(d)
		_, rest, ok := strings.Cut(string(b), ") ")
		f := strings.Fields(rest)
		if ok && len(f) > 21 && f[2] == strconv.Itoa(p.cmd.Process.Pid) {
			n, _ := strconv.ParseInt(f[21], 10, 64)
			total += n * int64(os.Getpagesize())
		}
	}
	return total
}

// await returns when address accepts connections.
func await(address string) error {
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("nothing listens at %s", address)
}

// free returns an address that nobody uses.
func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}

// peer starts a proxy in front of servers, on one core, with an access log, as its
// own documentation advises: keep-alive to the servers, retry of what is idempotent,
// 2 s until a server that does not answer is given up. With a resolver the one
// server is a name, which that name server knows.
func (b *bench) peer(name, listen string, servers []string, resolver string) (*process, error) {
	one := []string{"GOMAXPROCS=1"}
	log := filepath.Join(b.dir, name+".log")
	conf := filepath.Join(b.dir, name+".conf")
	var text string
	var cmd []string
	switch name {
	case "goodgate":
		var to strings.Builder
		for _, s := range servers {
			fmt.Fprintf(&to, "      - url: http://%s\n", s)
		}
		if resolver != "" {
			fmt.Fprintf(&to, "    resolvers: [%q]\n", resolver)
		}
		b.admin = free()
		text = fmt.Sprintf("listen:\n  - address: %s\naccess_log:\n  file: %s\nadmin: %s\nupstreams:\n  app:\n    servers:\n%ssites:\n  - name: all\n    routes:\n      - to: app\n", listen, log, b.admin, to.String())
		cmd = []string{b.goodgate, "gateway", "-c", conf}
	case "nginx":
		var to strings.Builder
		for _, s := range servers {
			fmt.Fprintf(&to, "server %s max_fails=1 fail_timeout=1s;", s)
		}
		group, pass := fmt.Sprintf("upstream app { %s keepalive 64; keepalive_requests 100000000; }", to.String()), "proxy_pass http://app;"
		if resolver != "" { // a name is looked up again only where it stands in a variable
			group, pass = fmt.Sprintf("resolver %s valid=1s ipv6=off;", resolver), fmt.Sprintf("set $app %s; proxy_pass http://$app;", servers[0])
		}
		text = fmt.Sprintf(`daemon off; worker_processes 1; pid %s.pid; error_log %s.err; events { worker_connections 4096; }
http { access_log %s; client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s; keepalive_requests 100000000;
%s
server { listen %s backlog=4096; client_max_body_size 0; location / { %s proxy_http_version 1.1; proxy_set_header Connection ""; proxy_connect_timeout 2s; proxy_read_timeout 2s; } } }`,
			conf, log, log, b.dir, b.dir, b.dir, b.dir, b.dir, group, listen, pass)
		cmd = []string{"nginx", "-c", conf, "-p", b.dir}
	case "haproxy", "haproxy-replay":
		var to strings.Builder
		more := ""
		if resolver != "" {
			fmt.Fprintf(&to, "resolvers r\n  nameserver n %s\n  hold valid 1s\n  timeout resolve 1s\n", resolver)
			more = " resolvers r resolve-prefer ipv4 init-addr none"
		}
		names := to.String()
		to.Reset()
		for i, s := range servers {
			fmt.Fprintf(&to, "  server s%d %s check inter 500ms fall 2 rise 1%s\n", i, s, more)
		}
		// Its manual on retry-on: what must not be carried out twice is taken out.
		if name == "haproxy" {
			to.WriteString("  http-request disable-l7-retry if METH_POST\n")
		}
		text = fmt.Sprintf("global\n  nbthread 1\n  log stdout format raw local0\ndefaults\n  mode http\n  log global\n  option httplog\n  timeout connect 2s\n  timeout client 30s\n  timeout server 2s\n  timeout queue 10s\n  retries 3\n  retry-on all-retryable-errors\n  option redispatch 1\n  http-reuse safe\n%sfrontend f\n  bind %s backlog 4096\n  default_backend b\nbackend b\n  balance roundrobin\n%s", names, listen, to.String())
		cmd = []string{"haproxy", "-db", "-f", conf}
	case "caddy":
		_, port, _ := net.SplitHostPort(listen)
		to := "to " + strings.Join(servers, " ")
		if host, port, err := net.SplitHostPort(servers[0]); resolver != "" && err == nil {
			to = fmt.Sprintf("dynamic a {\n      name %s\n      port %s\n      refresh 1s\n      resolvers udp/%s\n    }", host, port, resolver)
		}
		text = fmt.Sprintf("{\n  admin off\n  auto_https off\n  log {\n    output file %s.own\n  }\n}\nhttp://:%s {\n  bind 127.0.0.1\n  log {\n    output file %s\n  }\n  reverse_proxy {\n    %s\n    lb_policy round_robin\n    lb_try_duration 10s\n    lb_try_interval 50ms\n    fail_duration 1s\n    transport http {\n      dial_timeout 2s\n      response_header_timeout 2s\n      keepalive_idle_conns_per_host 64\n    }\n  }\n}\n",
			log, port, log, to)
		cmd = []string{"caddy", "run", "--adapter", "caddyfile", "--config", conf}
		one = append(one, "XDG_DATA_HOME="+b.dir, "XDG_CONFIG_HOME="+b.dir, "HOME="+b.dir)
	default:
		return nil, fmt.Errorf("%s is not known", name)
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := start(one, cmd[0], cmd[1:]...)
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	if err := await(listen); err != nil {
		p.kill()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}
