package survey

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

func TestFindVersion(t *testing.T) {
	marks := []string{"nginx version: nginx/", "Angie version: Angie/"}
	pad := bytes.Repeat([]byte("nginx version: nginx/\x00"), 20_000)
	for text, want := range map[string]string{
		"nginx version: nginx/1.22.1\x00":                     "1.22.1",
		"Angie version: Angie/1.5.0-beta1\x00":                "1.5.0-beta1",
		"nginx version: nginx/\x00nginx version: nginx/9.9\n": "9.9",
		"nothing": "",
	} {
		for _, before := range []int{0, 1, len(pad) - 7, 256<<10 - 10, 256<<10 - 22, 256<<10 - 30} {
			b := append(bytes.Clone(pad[:before]), text...)
			got, err := findVersion(bytes.NewReader(b), marks)
			if err != nil || got != want {
				t.Errorf("%q after %d bytes: %q, %v", text, before, got, err)
			}
			if got, _ := findVersion(iotest.HalfReader(bytes.NewReader(b)), marks); got != want {
				t.Errorf("%q after %d bytes, read in pieces: %q", text, before, got)
			}
		}
	}
	if _, err := findVersion(iotest.ErrReader(os.ErrPermission), marks); err == nil {
		t.Error("a program that cannot be read has a version")
	}
}

func FuzzFindVersion(f *testing.F) {
	f.Add([]byte("nginx version: nginx/1.22.1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := findVersion(bytes.NewReader(b), []string{"nginx/"})
		if err != nil || len(v) > 32 {
			t.Errorf("%q, %v", v, err)
		}
	})
}

// What looks like a secret and is the name of a file stays readable; a secret
// beside it does not.
func TestKeepPaths(t *testing.T) {
	dir := t.TempDir() + "/5f4dcc3b5aa765d61d8327deb882cf99"
	must(t, os.Mkdir(dir, 0o755))
	conf := "proxy_pass http://unix:" + dir + "/app.sock:/x; location /9e107d9d372bb6826bd81d3542a419d6/ { } proxy_set_header X 9e107d9d372bb6826bd81d3542a419d6;"
	r := evidence.NewRedactor(nil)
	keepPaths(context.Background(), r, host.Self(), []byte(conf))
	got := string(r.Config([]byte(conf)))
	if !strings.Contains(got, "unix:"+dir+"/app.sock") || strings.Contains(got, "9e107d9d372bb6826bd81d3542a419d6") {
		t.Errorf("%s", got)
	}
}

// Where a gateway logs to stderr, the file behind it is found.
func TestOutput(t *testing.T) {
	g := serve(t, `http { access_log /dev/stdout; server { listen 127.0.0.1:PORT; server_name gg-out.test; return 200 "x\n"; } }`, nil, func(args []string) (string, []string, *syscall.SysProcAttr) {
		return "sh", append([]string{"-c", `exec "$@" > out.log`, "sh"}, args...), nil
	})
	s, _ := find(t, g.fill("http://gg-out.test:PORT/", 0), Options{})
	m := first(t, s, g)
	if len(m.Gateway.Output) != 1 || m.Gateway.Output[0] != g.dir+"/out.log" {
		t.Errorf("output %q", m.Gateway.Output)
	}
}
