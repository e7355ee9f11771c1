package nginx

import (
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

var update = flag.Bool("update", false, "rewrite the expected output of the golden cases")

// archive is a source of the files of a case. Below /srv it knows every file;
// elsewhere it may not look.
type archive map[string]string

func (a archive) ReadFile(path string) ([]byte, error) {
	if s, ok := a[path]; ok {
		return []byte(s), nil
	}
	return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
}

func (a archive) Glob(pattern string) ([]string, error) {
	seen := map[string]bool{}
	var out []string
	pattern = strings.TrimSuffix(pattern, "/")
	for file := range a {
		for path := file; len(path) > 1; path = filepath.Dir(path) {
			dot := path
			if path != file {
				dot = path + "/." // a directory
			}
			if !strings.HasSuffix(pattern, "/.") {
				dot = path
			}
			for _, p := range []string{path, dot} {
				if ok, _ := filepath.Match(pattern, p); ok && !seen[p] {
					seen[p] = true
					out = append(out, p)
				}
			}
		}
	}
	sort.Strings(out)
	return out, nil
}

func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

// golden carries out one case: files, "ask" with a request on each line, "want".
func golden(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	src := archive{}
	ask, want := "", -1
	for i, f := range a.Files {
		switch f.Name {
		case "ask":
			ask = string(f.Data)
		case "want":
			want = i
		default:
			src["/"+f.Name] = string(f.Data)
		}
	}
	conf := Config(src, dialect.Launch{Product: "nginx", Version: "1.22.1", Exe: "/usr/sbin/nginx"})
	var b strings.Builder
	showInstance(&b, conf.Instance)
	for line := range strings.Lines(ask) {
		b.WriteString("\n? " + line)
		showDecision(&b, conf.Resolve(request(t, strings.TrimSpace(line))))
	}
	if *update {
		if want < 0 {
			a.Files = append(a.Files, txtar.File{Name: "want"})
			want = len(a.Files) - 1
		}
		a.Files[want].Data = []byte(b.String())
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want < 0 || string(a.Files[want].Data) != b.String() {
		t.Errorf("got\n%s", b.String())
	}
}

// request reads "METHOD URL" or "LISTENER", for streams.
func request(t *testing.T, line string) topo.Request {
	method, rest, ok := strings.Cut(line, " ")
	if !ok {
		return topo.Request{Listener: line}
	}
	u, err := url.Parse(rest)
	if err != nil {
		t.Fatal(err)
	}
	r := topo.Request{Method: method, TLS: u.Scheme == "https", Host: u.Hostname(), Path: u.Path, Query: u.RawQuery, Port: 80}
	if r.TLS {
		r.Port = 443
	}
	if p := u.Port(); p != "" {
		r.Port, _ = strconv.Atoi(p)
	}
	return r
}

func at(p topo.Place) string {
	if p.File == "" {
		return "default"
	}
	return fmt.Sprintf("%s:%d:%d", strings.TrimPrefix(p.File, "/etc/nginx/"), p.Line, p.Column)
}

func showInstance(b *strings.Builder, in topo.Instance) {
	for _, p := range in.Problems {
		fmt.Fprintf(b, "problem %s %s%s\n", at(p.Place), map[bool]string{true: "fatal: "}[p.Fatal], p.Text)
	}
	for _, s := range in.Sites {
		fmt.Fprintf(b, "site %s", at(s.Place))
		for _, n := range s.Names {
			fmt.Fprintf(b, " %s(%s)", n.Name, n.Kind)
		}
		for _, l := range s.Listeners {
			fmt.Fprintf(b, " @%s%s", l.Address, flags(l))
		}
		if s.Default {
			b.WriteString(" default")
		}
		b.WriteString("\n")
		for _, f := range s.Forwards {
			fmt.Fprintf(b, "  to %s\n", forward(f))
		}
	}
	for _, p := range in.Pools {
		fmt.Fprintf(b, "pool %s %s (%s)\n", p.Name, at(p.Place), p.Method)
		for _, e := range p.Endpoints {
			fmt.Fprintf(b, "  %s %s weight %d max_fails %d in %gs max_conns %d%s\n", at(e.Place), e, e.Weight, e.MaxFails, e.FailTimeout, e.MaxConns, state(e))
		}
		showSettings(b, p.Settings)
	}
	for _, l := range in.Logs {
		fmt.Fprintf(b, "log %s %s %s %s%s\n", at(l.Place), l.Kind, l.Path, l.Level+l.FormatName, logFlags(l))
	}
	showSettings(b, in.Settings)
	fmt.Fprintf(b, "pid %s\n", in.PIDFile)
}

func flags(l topo.Listener) (s string) {
	for _, f := range []struct {
		on   bool
		name string
	}{{l.TLS, "tls"}, {l.HTTP2, "http2"}, {l.ProxyHeader, "proxy"}, {l.Stream, "stream"}, {l.V6Only, "v6only"}} {
		if f.on {
			s += "+" + f.name
		}
	}
	return s
}

func state(e topo.Endpoint) (s string) {
	for _, f := range []struct {
		on   bool
		name string
	}{{e.Backup, " backup"}, {e.Down, " down"}, {e.Resolve, " resolve"}} {
		if f.on {
			s += f.name
		}
	}
	return s
}

func logFlags(l topo.Log) (s string) {
	for _, f := range []struct {
		on   bool
		name string
	}{{l.Buffered, " buffered"}, {l.Filtered, " filtered"}, {l.Variable, " variable"}} {
		if f.on {
			s += f.name
		}
	}
	return s
}

func forward(f topo.Forward) string {
	s := fmt.Sprintf("%s %s %s", at(f.Place), f.Protocol, f.Target)
	if f.Pool != "" {
		s += " pool " + f.Pool
	}
	for _, e := range f.Endpoints {
		s += " -> " + e.String()
	}
	if f.RunTime {
		s += " at run time"
	}
	if r := f.Resolver; r != nil {
		s += fmt.Sprintf(" resolver{%s at start %v %v v4 %v v6 %v timeout %g valid %g}", at(r.Place), r.AtStart, r.Servers, r.V4, r.V6, r.Timeout, r.Valid)
	}
	return s
}

func showSettings(b *strings.Builder, all topo.Settings) {
	var keys []string
	for k := range all {
		keys = append(keys, string(k))
	}
	sort.Strings(keys)
	for _, k := range keys {
		for _, s := range all {
			if string(s.Knob) == k && !s.Default {
				fmt.Fprintf(b, "  %s: %s %s = %g (%s, add at %s)\n", k, s.Directive, s.Value, s.Number, at(s.Place), at(s.Insert))
			}
		}
	}
}

func showDecision(b *strings.Builder, d topo.Decision) {
	fmt.Fprintf(b, "%s %d", d.Outcome, d.Status)
	if d.Site.Name != "" {
		fmt.Fprintf(b, " as %s(%s)", d.Site.Name, d.Site.Kind)
	}
	fmt.Fprintf(b, " on %s%s\n", d.Listener.Address, flags(d.Listener))
	for _, s := range d.Steps {
		fmt.Fprintf(b, "  %s %s\n", at(s.Place), s.Text)
	}
	if d.Forward != nil {
		fmt.Fprintf(b, "  to %s\n  %s %s %s\n", forward(*d.Forward), d.Upstream.Method, d.Upstream.URI, d.Upstream.Version)
		for _, h := range append(d.Upstream.Header, d.Upstream.Params...) {
			fmt.Fprintf(b, "    %s: %s\n", h.Name, h.Value)
		}
	}
	showSettings(b, d.Settings)
	for _, l := range d.Logs {
		fmt.Fprintf(b, "  log %s %s %s\n", l.Kind, l.Path, l.Level+l.FormatName)
	}
	for _, p := range d.Doubts {
		fmt.Fprintf(b, "  doubt %s %s\n", at(p.Place), p.Text)
	}
}

// TestPartial checks that what could stand in a file that may not be read is not
// called missing.
func TestPartial(t *testing.T) {
	text := `events {}
http {
    include hidden.conf;
    server {
        listen 443 ssl;
        access_log /dev/null special;
        location / { limit_req zone=z; fastcgi_pass backend; return 200 $special; }
        location /b { proxy_buffer_size 64k; proxy_pass http://backend; }
    }
}
`
	conf := Config(hidden{archive{"/etc/nginx/nginx.conf": text}}, dialect.Launch{Product: "nginx", Version: "1.22.1"})
	for _, p := range conf.Instance.Problems {
		if p.Fatal {
			t.Errorf("%s: %s", p.Place, p.Text)
		}
	}
	if len(conf.Instance.Problems) < 5 {
		t.Errorf("only %v", conf.Instance.Problems)
	}
}

// hidden may not read files that it does not have.
type hidden struct{ archive }

func (h hidden) ReadFile(path string) ([]byte, error) {
	if s, ok := h.archive[path]; ok {
		return []byte(s), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
}
