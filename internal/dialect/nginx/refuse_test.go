package nginx

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// refusal is what nginx -t says: "" where it accepts.
type refusal struct {
	text string
	line int
}

var emerg = regexp.MustCompile(`\[emerg\] \d+#\d+: (.*)`)
var emergPlace = regexp.MustCompile(` in \S+:(\d+)$`)

// test runs nginx -t.
func test(t testing.TB, nginx release, dir string) (refusal, bool) {
	t.Helper()
	cmd := exec.Command(nginx.program, "-t", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return refusal{}, true
	}
	m := emerg.FindSubmatch(out)
	if m == nil {
		return refusal{text: string(out)}, false
	}
	r := refusal{text: string(m[1])}
	if p := emergPlace.FindStringSubmatch(r.text); p != nil {
		fmt.Sscan(p[1], &r.line)
	}
	return r, false
}

func write(t testing.TB, nginx release, dir, text string) dialect.Launch {
	t.Helper()
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return nginx.launch(path, dir)
}

func fatal(c *dialect.Conf) *topo.Problem {
	for i, p := range c.Instance.Problems {
		if p.Fatal {
			return &c.Instance.Problems[i]
		}
	}
	return nil
}

// frame puts a snippet where its first word says: main, http, server, location
// or stream.
func frame(nginx release, where, text string) string {
	head := "pid nginx.pid; error_log stderr;\n"
	switch where {
	case "main":
		return head + text
	case "http":
		return head + "events {}\nhttp { access_log off;\n" + text + "\n}\n"
	case "server":
		return head + "events {}\nhttp { access_log off; server { listen 127.0.0.1:8123;\n" + text + "\n} }\n"
	case "location":
		return head + "events {}\nhttp { access_log off; upstream app { server 127.0.0.1:3000; } server { listen 127.0.0.1:8123; location / {\n" + text + "\n} } }\n"
	case "stream":
		return "load_module " + nginx.module("ngx_stream_module.so") + ";\n" + head + "events {}\nstream {\n" + text + "\n}\n"
	}
	panic("BUG: no frame " + where)
}

func TestRefusalsAgreeWithNginx(t *testing.T) { releases(t, refusals) }

func refusals(t *testing.T, nginx release) {
	data, err := os.ReadFile("testdata/refuse.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(data), "\n-- ")
	root := false
	for _, c := range cases[1:] {
		head, text, _ := strings.Cut(c, "\n")
		where, unsure := strings.CutSuffix(head, " unsure")
		if where, root = strings.CutSuffix(where, " root"); root && os.Getuid() != 0 {
			continue // without root nginx does not look at "user"
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "some.inc"), []byte("proxy_read_timeout 5s;\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		conf := frame(nginx, where, strings.ReplaceAll(text, "DIR", dir))
		launch := write(t, nginx, dir, conf)
		want, ok := test(t, nginx, dir)
		read := Config(disk{}, launch)
		got := fatal(read)
		switch {
		case unsure:
			if ok || got != nil || len(read.Instance.Problems) == 0 {
				t.Errorf("%s: nginx loads it: %v; problems %v", text, ok, read.Instance.Problems)
			}
		case ok && got != nil:
			t.Errorf("false alarm: %s %s\n nginx loads it", got.Place, got.Text)
		case !ok && got == nil:
			t.Errorf("not seen: %s\n in %s", want.text, text)
		case !ok:
			agree(t, *got, want, text)
		}
	}
	t.Logf("%d configurations", len(cases)-1)
}

// agree checks that both speak of the same line and with the same words.
func agree(t *testing.T, got topo.Problem, want refusal, text string) {
	t.Helper()
	if want.line > 0 && (got.Place.Line > want.line || got.Place.Line < want.line-3) {
		t.Errorf("line %d, nginx says %d: %s | %s", got.Place.Line, want.line, got.Text, want.text)
	}
	head := want.text[:min(len(want.text), 12)]
	if !strings.Contains(got.Text, head) {
		t.Logf("other words: %q, nginx: %q", got.Text, want.text)
	}
}

// mutate damages a configuration in one place.
func mutate(r *rand.Rand, s string) string {
	i := r.IntN(len(s))
	switch r.IntN(6) {
	case 0:
		return s[:i] + s[i+1:]
	case 1:
		return s[:i] + string(s[r.IntN(len(s))]) + s[i:]
	case 2:
		if j := strings.IndexAny(s[i:], ";{}"); j >= 0 {
			return s[:i+j] + s[i+j+1:]
		}
	case 3:
		lines := strings.SplitAfter(s, "\n")
		a, b := r.IntN(len(lines)), r.IntN(len(lines))
		lines[a], lines[b] = lines[b], lines[a]
		return strings.Join(lines, "")
	case 4:
		lines := strings.SplitAfter(s, "\n")
		a := r.IntN(len(lines))
		return strings.Join(lines[:a], "") + lines[a] + strings.Join(lines[a:], "")
	case 5:
		return s[:i] // cut
	}
	return s
}

func TestMutationsAgreeWithNginx(t *testing.T) {
	nginx := here(t)
	rounds := envInt("GOODGATE_MUTATIONS", 150)
	if testing.Short() {
		rounds = 40
	}
	missed, refused := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rounds {
		g := &generator{r: rand.New(rand.NewPCG(uint64(i), 7)), backend: "127.0.0.1:8124"}
		text := mutate(r, g.config("127.0.0.1:8123", 1))
		dir := t.TempDir()
		launch := write(t, nginx, dir, text)
		want, ok := test(t, nginx, dir)
		got := fatal(Config(disk{}, launch))
		switch {
		case ok && got != nil:
			t.Errorf("false alarm in round %d: %s: %s", i, got.Place, got.Text)
		case !ok && got == nil:
			missed++
			t.Logf("round %d not seen: %s", i, want.text)
		}
		if !ok {
			refused++
		}
	}
	t.Logf("%d of %d refused, %d of them not seen", refused, rounds, missed)
	if missed*10 > refused {
		t.Errorf("%d of %d refusals were not seen", missed, refused)
	}
}
