package apache

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/topo"
)

type disk = suite.Disk

// program returns the server, or skips.
func program(t testing.TB) string { return suite.Program(t, "apache2") }

// modules are those that the cases load, as mods-enabled would.
const modules = `mpm_event authz_core authz_host proxy proxy_http proxy_fcgi proxy_balancer lbmethod_byrequests slotmem_shm proxy_uwsgi proxy_ajp rewrite alias headers env dir ssl setenvif socache_shmcb macro status`

func preamble(dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ServerName main.test\nServerRoot %s\nPidFile %s/pid\nErrorLog %s/error.log\nMutex file:%s\n", dir, dir, dir, dir)
	if os.Getuid() == 0 {
		b.WriteString("User www-data\nGroup www-data\n")
	}
	for m := range strings.FieldsSeq(modules) {
		fmt.Fprintf(&b, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	return b.String()
}

func write(t testing.TB, dir, text string) dialect.Launch {
	t.Helper()
	file := filepath.Join(dir, "apache2.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dialect.Launch{Product: "apache", Version: "2.4.62", Exe: "/usr/sbin/apache2", Config: file, Prefix: dir}
}

var errorPlace = regexp.MustCompile(`error on line (\d+) of`)

// test runs apache2 -t, and returns what it says and of which line.
func test(t testing.TB, l dialect.Launch) (text string, line int, ok bool) {
	t.Helper()
	out, err := exec.Command(program(t), "-d", l.Prefix, "-f", l.Config, "-t").CombinedOutput()
	if err == nil {
		return "", 0, true
	}
	if m := errorPlace.FindSubmatch(out); m != nil {
		fmt.Sscan(string(m[1]), &line)
	}
	return strings.TrimSpace(string(out)), line, false
}

func fatal(c *dialect.Conf) *topo.Problem {
	for i, p := range c.Instance.Problems {
		if p.Fatal {
			return &c.Instance.Problems[i]
		}
	}
	return nil
}

// TestRefusalsAgreeWithApache compares what is called fatal with apache2 -t.
func TestRefusalsAgreeWithApache(t *testing.T) {
	program(t)
	data, err := os.ReadFile("testdata/refuse.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(data), "\n-- ")
	for _, text := range cases[1:] {
		head, text, _ := strings.Cut(text, "\n")
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "some.inc"), []byte("ProxyTimeout 5\n"), 0o644)
		os.MkdirAll(filepath.Join(dir, "folder"), 0o755)
		os.WriteFile(filepath.Join(dir, "folder", "a.conf"), []byte("ProxyTimeout 6\n"), 0o644)
		launch := write(t, dir, preamble(dir)+strings.ReplaceAll(text, "DIR", dir)+"\n")
		want, line, ok := test(t, launch)
		conf := Config(disk{}, launch)
		got := fatal(conf)
		switch {
		case head == "unsure" && ok:
			t.Errorf("apache2 loads it: %s", text)
		case head == "unsure" && got != nil:
			t.Errorf("not unsure: %s", text)
		case head == "unsure":
		case ok && got != nil:
			t.Errorf("false alarm: %s %s\napache2 loads it:\n%s", got.Place, got.Text, text)
		case !ok && got == nil:
			t.Errorf("not seen: %s\nin\n%s", want, text)
		case !ok && line > 0 && (got.Place.Line > line || got.Place.Line < line-1):
			t.Errorf("line %d, apache2 says %d: %s | %s", got.Place.Line, line, got.Text, want)
		}
	}
	t.Logf("%d configurations", len(cases)-1)
}
