package suite

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Program returns the path of a product's program, or skips the test where it is not
// installed.
func Program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if path := "/usr/sbin/" + name; exists(path) {
		return path
	}
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatalf("%s is missing: scripts/install-peers %s", name, name)
	}
	t.Skipf("%s is missing: scripts/install-peers %s", name, name)
	return ""
}

// Releases returns the releases of a product that are here, by version: the one that
// Program finds, and the newer one that scripts/fetch-release brings.
func Releases(t testing.TB, name string) map[string]string {
	t.Helper()
	dirs := []string{"/usr/local/lib"}
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, cache)
	}
	all := map[string]string{}
	add := func(program string) {
		out, err := exec.Command(program, "-v").CombinedOutput()
		if version := versionIn.FindString(string(out)); err == nil && version != "" {
			all[version] = program
		}
	}
	for _, dir := range dirs {
		add(dir + "/goodgate/" + name + "-trixie/" + name)
	}
	if len(all) == 0 && os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatalf("the newer %s is missing: scripts/install-peers %s-new", name, name)
	}
	add(Program(t, name))
	return all
}

var versionIn = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+[^\s,)]*`)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Pieces are configurations, and whether the product loads each.
type Pieces map[string]bool

// Loads holds what a dialect calls fatal to what the product refuses. head stands
// before each piece, in the file that the launch is given.
func Loads(t *testing.T, config func(dialect.Source, dialect.Launch) *dialect.Conf, file, head string, pieces Pieces) {
	t.Helper()
	for text, loads := range pieces {
		why := ""
		for _, problem := range config(Files{file: head + text}, dialect.Launch{Config: file}).Instance.Problems {
			if problem.Fatal {
				why = problem.Text
			}
		}
		if (why == "") != loads {
			t.Errorf("%q: said %q, and it loads: %v", text, why, loads)
		}
	}
}

// Recognises holds a dialect to the processes that it takes for its product's, with
// the configuration that each names, started in /srv, and to others. Arguments are
// divided by "|".
func Recognises(t *testing.T, d dialect.Dialect, own map[string]string, others ...string) {
	t.Helper()
	recognise := func(args string) (dialect.Launch, bool) {
		return d.Recognise(dialect.Process{Args: strings.Split(args, "|"), Cwd: "/srv"})
	}
	for args, config := range own {
		if l, ok := recognise(args); !ok || l.Config != config {
			t.Errorf("%q: %v %+v, want %q", args, ok, l, config)
		}
	}
	for _, args := range others {
		if l, ok := recognise(args); ok {
			t.Errorf("%q is taken for %s: %+v", args, d.Name, l)
		}
	}
	if _, ok := d.Recognise(dialect.Process{}); ok {
		t.Errorf("a process without arguments is taken for %s", d.Name)
	}
}
