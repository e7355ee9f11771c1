package nginx

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// single is a source of one file.
type single struct {
	path string
	data []byte
}

func (s single) ReadFile(path string) ([]byte, error) {
	if path == s.path {
		return s.data, nil
	}
	return nil, fs.ErrNotExist
}

func (s single) Glob(pattern string) ([]string, error) {
	if ok, err := filepath.Match(pattern, s.path); err != nil || !ok {
		return nil, err
	}
	return []string{s.path}, nil
}

// FuzzConfig reads any bytes as a configuration and puts requests to it: nothing
// may panic, loop, or point outside the file.
func FuzzConfig(f *testing.F) {
	g := &generator{r: rand.New(rand.NewPCG(3, 7)), backend: "127.0.0.1:1"}
	f.Add([]byte(g.config("127.0.0.1:2", 1)))
	for _, name := range []string{"testdata/refuse.txt", "syntax/testdata/site.conf"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("events{} http{server{error_page; location{rewrite;return;if{}set;try_files;proxy_pass;listen;} } upstream{server;}map{}}"))
	f.Add([]byte("stream{upstream a{server b;}server{listen 5;proxy_pass $x;set $x a;}} http { map $a $a { default $a; } server { return 200 $a; } }"))
	f.Fuzz(func(t *testing.T, data []byte) {
		conf := Config(single{"/n.conf", data}, dialect.Launch{Config: "/n.conf", Globals: "daemon off"})
		for _, p := range conf.Instance.Problems {
			if p.Place.File == "/n.conf" && (p.Place.Start < 0 || p.Place.End > len(data) || p.Place.Start > p.Place.End) {
				t.Fatalf("problem %q points to %+v of %d bytes", p.Text, p.Place, len(data))
			}
		}
		for _, r := range []topo.Request{{}, {Port: 80, Host: "a", Method: "POST", Path: "/a/b.php", Query: "x=1"}, {Listener: "127.0.0.1:2", Host: "one.test", Path: "/b/c/"}, {TLS: true, Port: 443}} {
			d := conf.Resolve(r)
			if d.Outcome == "" {
				t.Fatalf("no outcome for %+v", r)
			}
			for k, s := range d.Settings {
				if s.Insert.File == "/n.conf" && (s.Insert.Start != s.Insert.End || s.Insert.End > len(data)) {
					t.Fatalf("%s would be inserted at %+v", k, s.Insert)
				}
			}
		}
	})
}
