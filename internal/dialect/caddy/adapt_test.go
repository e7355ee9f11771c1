package caddy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

// disk reads real files.
type disk struct{ suite.Disk }

func (disk) Ask(dialect.Question) ([]byte, error) { return nil, dialect.ErrNotAsked }

// files are those of a test, by path.
type files = suite.Files

// programs are the Caddys here: the installed one, and the newer one that
// scripts/build-caddy makes.
func programs(t *testing.T) []string {
	t.Helper()
	var all []string
	if path, err := exec.LookPath("caddy"); err == nil {
		all = append(all, path)
	}
	dirs := []string{"/usr/local/lib"}
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, cache)
	}
	for _, dir := range dirs {
		if found, err := filepath.Glob(dir + "/goodgate/caddy-*/caddy"); err == nil {
			all = append(all, found...)
		}
	}
	if len(all) == 0 {
		if os.Getenv("GOODGATE_TEST_ALL") != "" {
			t.Fatal("needs caddy: scripts/install-peers caddy caddy-new")
		}
		t.Skip("needs caddy: scripts/install-peers caddy caddy-new")
	}
	return all
}

// TestAdapt compares what is read off a Caddyfile with what Caddy itself makes of
// it.
func TestAdapt(t *testing.T) {
	list, err := filepath.Glob("testdata/adapt/*.caddyfile")
	if err != nil || len(list) == 0 {
		t.Fatal("there are no Caddyfiles", err)
	}
	for _, program := range programs(t) {
		version, err := exec.Command(program, "version").Output()
		if err != nil {
			t.Fatal(err)
		}
		old := strings.HasPrefix(string(version), "2.6") || strings.HasPrefix(string(version), "v2.6")
		for _, file := range list {
			t.Run(filepath.Base(filepath.Dir(program))+"/"+filepath.Base(file), func(t *testing.T) {
				if old && strings.Contains(file, "heredoc") {
					t.Skip("2.6 knows neither heredocs nor handle_errors with a status")
				}
				compare(t, program, file, old)
			})
		}
	}
}

func compare(t *testing.T, program, file string, old bool) {
	t.Helper()
	out, err := exec.Command(program, "adapt", "--adapter", "caddyfile", "--config", file).Output()
	if err != nil {
		t.Fatalf("cannot adapt %s: %v", file, err)
	}
	root, err := readJSON("adapted", out)
	if err != nil {
		t.Fatal(err)
	}
	want := &config{root: root}
	want.read()
	mine := load(disk{}, dialect.Launch{Config: file}, old)
	for _, p := range mine.problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	a, b := strings.Split(mine.signature(), "\n"), strings.Split(want.signature(), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Errorf("server %d\nhave %s\nwant %s", i, at(a, i), at(b, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
