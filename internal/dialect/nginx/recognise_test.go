package nginx

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		name string
		p    dialect.Process
		want *dialect.Launch // nil: not nginx's master
	}{
		{"debian", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"}, Cwd: "/"},
			&dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx", Globals: "daemon on; master_process on;"}},
		{"image", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: master process nginx -g daemon off;"}, Cwd: "/"},
			&dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx", Globals: "daemon off;"}},
		{"prefix and file", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: master process nginx -p run/ -c conf/x.conf -g pid /x; -e stderr"}, Cwd: "/srv/app"},
			&dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx", Prefix: "/srv/app/run", Config: "/srv/app/run/conf/x.conf", Globals: "pid /x;"}},
		{"joined options", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: master process nginx -c/etc/a.conf -p/srv"}, Cwd: "/"},
			&dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx", Prefix: "/srv", Config: "/etc/a.conf"}},
		{"title without arguments", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: master process"}}, &dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx"}},
		{"program not readable", dialect.Process{Args: []string{"nginx: master process /opt/nginx/sbin/nginx"}}, &dialect.Launch{Product: "nginx", Exe: "/opt/nginx/sbin/nginx"}},
		{"program replaced", dialect.Process{Exe: "/usr/sbin/nginx (deleted)", Args: []string{"nginx: master process /usr/sbin/nginx"}}, &dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx"}},
		{"openresty", dialect.Process{Exe: "/usr/local/openresty/nginx/sbin/nginx", Args: []string{"nginx: master process /usr/local/openresty/bin/openresty -c conf/o.conf"}},
			&dialect.Launch{Product: "openresty", Exe: "/usr/local/openresty/nginx/sbin/nginx", Prefix: "/usr/local/openresty/nginx", Config: "/usr/local/openresty/nginx/conf/o.conf"}},
		{"single process", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx", "-g", "daemon off; master_process off;", "-c", "/etc/x.conf"}},
			&dialect.Launch{Product: "nginx", Exe: "/usr/sbin/nginx", Config: "/etc/x.conf", Globals: "daemon off; master_process off;"}},
		{"worker", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: worker process"}}, nil},
		{"old worker", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: worker process is shutting down"}}, nil},
		{"cache manager", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx: cache manager process"}}, nil},
		{"config test", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx", "-t"}}, nil},
		{"reload", dialect.Process{Exe: "/usr/sbin/nginx", Args: []string{"nginx", "-s", "reload"}}, nil},
		{"editor", dialect.Process{Exe: "/usr/bin/vim", Args: []string{"vim", "/etc/nginx/nginx.conf"}}, nil},
		{"exporter", dialect.Process{Exe: "/usr/bin/nginx-prometheus-exporter", Args: []string{"nginx-prometheus-exporter"}}, nil},
		{"kernel thread", dialect.Process{Comm: "kthreadd"}, nil},
	} {
		got, ok := recognise(c.p)
		switch {
		case ok != (c.want != nil):
			t.Errorf("%s: recognised %v", c.name, ok)
		case ok && !reflect.DeepEqual(got, *c.want):
			t.Errorf("%s:\n got  %+v\n want %+v", c.name, got, *c.want)
		}
	}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		name           string
		files          archive
		in             dialect.Launch
		config, prefix string
	}{
		{"debian", archive{"/etc/nginx/nginx.conf": "", "/etc/nginx/modules-enabled/x": ""}, dialect.Launch{Exe: "/usr/sbin/nginx"}, "/etc/nginx/nginx.conf", "/usr/share/nginx"},
		{"nginx.org", archive{"/etc/nginx/nginx.conf": "", "/etc/nginx/modules/x.so": ""}, dialect.Launch{Exe: "/usr/sbin/nginx"}, "/etc/nginx/nginx.conf", "/etc/nginx"},
		{"source", archive{"/opt/n/conf/nginx.conf": "", "/etc/nginx/nginx.conf": ""}, dialect.Launch{Exe: "/opt/n/sbin/nginx"}, "/opt/n/conf/nginx.conf", "/opt/n"},
		{"prefix does not move a package's file", archive{"/srv/nginx.conf": "", "/etc/nginx/nginx.conf": ""}, dialect.Launch{Exe: "/usr/sbin/nginx", Prefix: "/srv"}, "/etc/nginx/nginx.conf", "/srv"},
		{"prefix of a build from source", archive{"/srv/conf/nginx.conf": "", "/opt/n/conf/nginx.conf": ""}, dialect.Launch{Exe: "/opt/n/sbin/nginx", Prefix: "/srv"}, "/srv/conf/nginx.conf", "/srv"},
		{"relative file", archive{"/usr/share/nginx/x.conf": ""}, dialect.Launch{Exe: "/usr/sbin/nginx", Config: "x.conf"}, "/usr/share/nginx/x.conf", "/usr/share/nginx"},
		{"nothing there", archive{}, dialect.Launch{Exe: "/usr/sbin/nginx"}, "/etc/nginx/nginx.conf", "/usr/share/nginx"},
	} {
		got := locate(c.files, c.in)
		if got.Config != c.config || got.Prefix != c.prefix {
			t.Errorf("%s: %s with prefix %s, want %s with %s", c.name, got.Config, got.Prefix, c.config, c.prefix)
		}
	}
}

// TestRecogniseReal starts nginx and reads it from /proc.
func TestRecogniseReal(t *testing.T) {
	nginx := program(t)
	dir := t.TempDir()
	address := freeAddresses(t, 1)[0]
	text := "pid nginx.pid; error_log stderr; events {} http { access_log off; server { listen " + address + "; return 200 x; } }"
	if err := os.MkdirAll(filepath.Join(dir, "conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conf/n.conf"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-p", ".", "-c", "conf/n.conf", "-e", "stderr", "-g", "daemon off; worker_processes 1;")
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	proc := "/proc/" + strconv.Itoa(cmd.Process.Pid)
	var line []byte
	for end := time.Now().Add(10 * time.Second); !strings.HasPrefix(string(line), "nginx: master"); line, _ = os.ReadFile(proc + "/cmdline") {
		if time.Now().After(end) {
			t.Fatal("nginx does not become a master process")
		}
		time.Sleep(5 * time.Millisecond)
	}
	exe, _ := os.Readlink(proc + "/exe")
	l, ok := recognise(dialect.Process{PID: cmd.Process.Pid, Exe: exe, Args: strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"), Cwd: dir})
	if !ok || l.Config != filepath.Join(dir, "conf/n.conf") || l.Prefix != dir || l.Globals != "daemon off; worker_processes 1;" {
		t.Fatalf("recognised %v: %+v", ok, l)
	}
	if c := Config(disk{}, l); len(c.Instance.Listeners) != 1 || c.Instance.Listeners[0].Address != address || fatal(c) != nil {
		t.Errorf("configuration: %+v", c.Instance)
	}
	out, err := exec.Command(Dialect.ConfigTest(l)[0], Dialect.ConfigTest(l)[1:]...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "test is successful") {
		t.Errorf("%v: %v %s", Dialect.ConfigTest(l), err, out)
	}
	if out, err := exec.Command(Dialect.Reload(l)[0], Dialect.Reload(l)[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v %s", Dialect.Reload(l), err, out)
	}
}

// TestKnobsAreSpelled: what fixes turn has a spelling, and each spelling is a
// directive. Other products have knobs that nginx knows nothing of.
func TestKnobsAreSpelled(t *testing.T) {
	for _, k := range []vocab.Knob{
		vocab.ConnectTimeout, vocab.SendTimeout, vocab.ReadTimeout, vocab.NextUpstream, vocab.HeaderBuffer, vocab.Buffers, vocab.HTTPVersion,
		vocab.KeepaliveCount, vocab.KeepaliveTimeout, vocab.TLSVerify, vocab.TLSTrusted, vocab.TLSName, vocab.TLSServerName, vocab.TLSProtocols,
		vocab.ResolverServers, vocab.RequestBodyLimit, vocab.WorkerConnections, vocab.WorkerFiles,
	} {
		if Dialect.Knobs[k] == "" {
			t.Errorf("knob %s has no spelling", k)
		}
	}
	for k, name := range Dialect.Knobs {
		if grammar()[name] == nil {
			t.Errorf("knob %s is spelled %q, which is no directive", k, name)
		}
	}
}
