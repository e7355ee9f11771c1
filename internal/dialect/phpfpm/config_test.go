package phpfpm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// files is a Source in memory.
type files = suite.Files

const wwwPool = `; a pool
[www]
user = www-data
listen = /run/php/$pool.sock ; where nginx looks
listen.backlog = 511
pm = dynamic
  pm.max_children = 5
request_terminate_timeout = 2m
pm.status_path = "/status"
slowlog = log/$pool.slow
`

func TestConfig(t *testing.T) {
	src := files{
		"/etc/fpm/php-fpm.conf":    "[global]\npid = /run/fpm.pid\nerror_log = log/fpm.log\ninclude=/etc/fpm/pool.d/*.conf\n[tcp]\nlisten = 9000\npm = static\n",
		"/etc/fpm/pool.d/www.conf": wwwPool,
	}
	c := Config(src, dialect.Launch{Config: "/etc/fpm/php-fpm.conf", Prefix: "/usr"})
	inst := c.Instance
	if len(inst.Problems) > 0 {
		t.Fatalf("problems: %v", inst.Problems)
	}
	if inst.PIDFile != "/run/fpm.pid" || len(inst.Files) != 2 || len(inst.Pools) != 2 || len(inst.Listeners) != 2 {
		t.Fatalf("instance %+v", inst)
	}
	www := inst.Pools[0]
	if www.Name != "www" || www.Method != "dynamic" || www.Endpoints[0].String() != "unix:/run/php/www.sock" {
		t.Errorf("pool %+v", www)
	}
	for knob, want := range map[vocab.Knob]float64{vocab.WorkerProcesses: 5, vocab.WorkerTimeout: 120, vocab.ListenBacklog: 511} {
		if n, ok := www.Settings.Number(knob); !ok || n != want {
			t.Errorf("%s is %v", knob, n)
		}
	}
	if s := www.Settings[vocab.StatusPath]; s.Value != "/status" {
		t.Errorf("status path %q", s.Value)
	}
	// A place is the exact range of the value in its file.
	for _, s := range www.Settings {
		text := src[s.Place.File][s.Place.Start:s.Place.End]
		if strings.Trim(text, `"`) != s.Value {
			t.Errorf("%s: the place holds %q, the value is %q", s.Directive, text, s.Value)
		}
		if line := strings.Split(src[s.Place.File], "\n")[s.Place.Line-1]; !strings.HasPrefix(line[s.Place.Column-1:], text) {
			t.Errorf("%s: line %d, column %d does not hold %q", s.Directive, s.Place.Line, s.Place.Column, text)
		}
	}
	if inst.Pools[1].Endpoints[0].String() != "[::]:9000" {
		t.Errorf("the second pool listens on %s", inst.Pools[1].Endpoints[0])
	}
	var logs []string
	for _, l := range inst.Logs {
		logs = append(logs, l.Path)
	}
	if strings.Join(logs, " ") != "/usr/log/fpm.log /usr/log/www.slow" {
		t.Errorf("logs %v", logs)
	}
}

func TestConfigProblems(t *testing.T) {
	for name, text := range map[string]string{
		"no such file": "",
		"no pool":      "[global]\n",
		"no listen":    "[www]\npm = static\n",
		"bad listen":   "[www]\nlisten = nowhere:x\n",
		"loop":         "include = /c\n[www]\nlisten = 9000\n",
		"lost include": "include = /lost\n[www]\nlisten = 9000\n",
		"no value":     "[www]\nlisten = 9000\npm.max_children\n",
		"open section": "[www\n",
	} {
		src := files{"/c": text}
		if text == "" {
			src = files{}
		}
		if c := Config(src, dialect.Launch{Config: "/c"}); len(c.Instance.Problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(wwwPool))
	f.Add([]byte("[global]\ninclude = /c\n[a]\nlisten=[::1]:1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := Config(files{"/c": string(b)}, dialect.Launch{Config: "/c"})
		for _, p := range c.Instance.Pools {
			for _, s := range p.Settings {
				if s.Place.Start < 0 || s.Place.End > len(b) || s.Place.Start > s.Place.End {
					t.Fatalf("%s: place %+v of %d bytes", s.Directive, s.Place, len(b))
				}
			}
		}
	})
}

type disk = suite.Disk

// TestPackaged reads the configuration that Debian installs, which php-fpm -t
// accepts.
func TestPackaged(t *testing.T) {
	found, _ := filepath.Glob("/etc/php/*/fpm/php-fpm.conf")
	_, err := exec.LookPath("php-fpm8.2")
	if len(found) == 0 || err != nil {
		if os.Getenv("GOODGATE_TEST_ALL") == "1" {
			t.Fatal(errors.Join(err, errors.New("php-fpm is not installed: apt-get install php8.2-fpm")))
		}
		t.Skip("php-fpm is not installed: apt-get install php8.2-fpm")
	}
	c := Config(disk{}, dialect.Launch{Config: found[0]})
	if len(c.Instance.Problems) > 0 || len(c.Instance.Pools) == 0 {
		t.Errorf("%s: %+v", found[0], c.Instance)
	}
}

func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		p      dialect.Process
		ok     bool
		config string
	}{
		{dialect.Process{Args: []string{"php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"}, Exe: "/usr/sbin/php-fpm8.2"}, true, "/etc/php/8.2/fpm/php-fpm.conf"},
		{dialect.Process{Args: []string{"php-fpm: master process (fpm/fpm.conf) "}, Exe: "/usr/sbin/php-fpm8.2", Cwd: "/srv"}, true, "/srv/fpm/fpm.conf"},
		{dialect.Process{Args: []string{"php-fpm: pool www"}, Exe: "/usr/sbin/php-fpm8.2"}, false, ""},
		{dialect.Process{Args: []string{"/usr/sbin/php-fpm8.2", "-F", "-y", "a.conf"}, Exe: "/usr/sbin/php-fpm8.2", Cwd: "/srv"}, true, "/srv/a.conf"},
		{dialect.Process{Args: []string{"/usr/sbin/php-fpm8.2", "-F"}, Exe: "/usr/sbin/php-fpm8.2"}, true, "/etc/php/8.2/fpm/php-fpm.conf"},
		{dialect.Process{Args: []string{"nginx: master process nginx"}}, false, ""},
		{dialect.Process{}, false, ""},
	} {
		l, ok := recognise(test.p)
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%v: %v %+v", test.p.Args, ok, l)
		}
	}
}
