package apache

import (
	"os"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/apache/syntax"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// FuzzConfig reads anything as a configuration and asks how it treats requests:
// nothing may panic, and every place lies in its file.
func FuzzConfig(f *testing.F) {
	f.Add("Listen 80\n"+decisions, "a.test", "/x")
	if data, err := os.ReadFile("testdata/refuse.txt"); err == nil {
		for _, c := range strings.Split(string(data), "\n-- ") {
			f.Add(c, "first.test", "/api/x.php")
		}
	}
	f.Add("<Macro a $x>\nUse a $x$x\n</Macro>\nUse a b\nListen 80\n<Location />\nProxyPass balancer://x\n</Location>\nRewriteEngine on\nRewriteRule (.*) %{REQUEST_URI}$1 [P]", "", "")
	f.Fuzz(func(t *testing.T, text, host, path string) {
		if len(text) > 1<<14 {
			return
		}
		src := archive{"/etc/apache2/apache2.conf": text, "/etc/apache2/envvars": text}
		c := Config(src, dialect.Launch{Exe: "/usr/sbin/apache2", Version: "2.4.62"})
		check := func(p topo.Place) {
			if p.File == "/etc/apache2/apache2.conf" && (p.Start < 0 || p.End < p.Start || p.End > len(text)) {
				t.Errorf("place %+v of %d bytes", p, len(text))
			}
		}
		for _, p := range c.Instance.Problems {
			check(p.Place)
		}
		for _, l := range append(c.Instance.Listeners, topo.Listener{}) {
			d := c.Resolve(topo.Request{Listener: l.Address, Port: 80, Host: host, Method: "GET", Path: path})
			for _, s := range d.Steps {
				check(s.Place)
			}
			for _, s := range d.Settings {
				check(s.Place)
				check(s.Insert)
			}
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add("a \\\nb \"c\\\"d\"\r\n# x \\\n y\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := &syntax.File{Data: []byte(text)}
		last := 0
		for _, l := range syntax.Lines(file) {
			if l.Start < last || l.End < l.Start || l.End > len(text) || l.Number < 1 || l.Column < 1 {
				t.Fatalf("%+v after %d", l, last)
			}
			if want := 1 + strings.Count(text[:l.Start], "\n"); l.Number != want {
				t.Fatalf("line %d is called %d", want, l.Number)
			}
			last = l.End
			syntax.Words(l.Text)
		}
	})
}

// TestPlaces checks that what is said about a configuration points at it, and
// where a fix would be put.
func TestPlaces(t *testing.T) {
	text := "Listen 8080\n<VirtualHost *:8080>\n    ServerName a.test\n    ProxyPass / \\\n        http://127.0.0.1:3000/ timeout=7 # no comment\n    ErrorLog /a\n    <Location /x>\n    </Location>\n</VirtualHost>\n"
	c := Config(archive{"/etc/apache2/apache2.conf": text}, dialect.Launch{Exe: "/usr/sbin/apache2"})
	d := c.Resolve(topo.Request{Port: 8080, Host: "a.test", Path: "/y"})
	if d.Outcome != topo.Forwards {
		t.Fatalf("%+v", d)
	}
	for _, p := range []struct {
		at   topo.Place
		want string
		line int
	}{
		{d.Steps[0].Place, "<VirtualHost *:8080>", 2},
		{d.Settings["read_timeout"].Place, "timeout=7", 5},
		{topo.Place{File: "/etc/apache2/apache2.conf", Line: d.Settings["bind_address"].Insert.Line, Start: d.Settings["bind_address"].Insert.Start - 2, End: d.Settings["bind_address"].Insert.End}, "/a", 6},
	} {
		if got := text[p.at.Start:p.at.End]; got != p.want || p.at.Line != p.line {
			t.Errorf("%q in line %d, want %q in line %d", got, p.at.Line, p.want, p.line)
		}
	}
	if d.Settings["read_timeout"].Number != 7 || d.Upstream.URI != "/y" {
		t.Errorf("%+v %+v", d.Settings["read_timeout"], d.Upstream)
	}
}
