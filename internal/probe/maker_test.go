package probe

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// TestMarks holds Maker against an example of every mark.
func TestMarks(t *testing.T) {
	n := 0
	for _, c := range examples(t) {
		n++
		if got := named(c.Match, c.Example); !names(got, c.Who) && !undecided(c.Who, c.Example) {
			t.Errorf("%s by %s %.60q: %+v", c.Who, c.Match, c.Example, got)
		}
	}
	if n < 84 {
		t.Errorf("%d examples were read", n)
	}
}

// named asks Maker with the example at the place where it stands.
func named(match, example string) Made {
	switch match {
	case "status":
		status, _ := strconv.Atoi(example)
		return Maker(status, nil, nil)
	case "header":
		name, value, _ := strings.Cut(example, ": ")
		return Maker(502, []topo.Header{{Name: name, Value: value}}, []byte("an application's page"))
	}
	return Maker(502, nil, []byte(example))
}

// names reports whether m takes who for the maker, or, where the mark is one that
// every answer has that passed by, for a station on the way.
func names(m Made, who string) bool {
	switch {
	case m.Product == who:
		return true
	case m.Product == "" && (m.Edge == who || slices.Contains(m.Through, who)):
		return true
	}
	return who == "any RFC9209" && m.Grade == GradeProxyStatus && m.Product == "ExampleCDN" && m.Detail == "connection_timeout"
}

// undecided are marks that name nobody by themselves: an empty body, a field that
// every application may set, and what others write as well: they are named beside.
func undecided(who, example string) bool {
	switch {
	case example == "", who == "haproxy" && example == "Cache-Control: no-cache":
		return true
	case who == "uwsgi" && example == "Internal Server Error", who == "ingress-nginx":
		return slices.Contains(Maker(502, nil, []byte(example)).Also, who)
	}
	return false
}

// TestPassedOnPages gives the page of every product the header fields of every
// proxy that may stand in front: the page names the maker, and the fields only who
// passed it on. A Server field alone is the weakest mark.
func TestPassedOnPages(t *testing.T) {
	pages, fronts := 0, []topo.Header{
		{Name: "Server", Value: "nginx/1.22.1"}, {Name: "Server", Value: "cloudflare"}, {Name: "Server", Value: "Apache/2.4.62 (Debian)"}, {Name: "CF-RAY", Value: "8f1c2d3e4a5b6c7d-FRA"},
		{Name: "X-Cache", Value: "Error from cloudfront"}, {Name: "X-Envoy-Upstream-Service-Time", Value: "12"}, {Name: "Via", Value: "1.1 google"}, {Name: "X-Varnish", Value: "32770"},
	}
	for _, c := range examples(t) {
		if c.Match != "body" || undecided(c.Who, c.Example) {
			continue
		}
		bare := Maker(502, nil, []byte(c.Example))
		if bare.Grade == GradeWords {
			continue
		}
		pages++
		for _, h := range fronts {
			m := Maker(502, []topo.Header{h}, []byte(c.Example))
			if m.Product != c.Who || m.Grade != GradeBody {
				t.Errorf("%s behind %s: %s: %+v", c.Who, h.Name, h.Value, m)
			}
		}
	}
	if pages < 40 {
		t.Errorf("%d pages were read", pages)
	}
	for _, server := range []string{"nginx/1.22.1", "Apache", "openresty", "cloudflare", "lighttpd/1.4.69", "gunicorn", "ATS/9.2.0", "squid/5.7"} {
		if m := Maker(502, []topo.Header{{Name: "Server", Value: server}}, []byte("our own words")); m.Grade != GradeHeader {
			t.Errorf("Server: %s is more than the last proxy's mark: %+v", server, m)
		}
	}
}

type markExample struct{ Who, Match, Example string }

func examples(t *testing.T) (all []markExample) {
	t.Helper()
	text, err := os.ReadFile("testdata/marks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(string(text)) {
		var c markExample
		if err := json.Unmarshal([]byte(row), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestBodyBeatsServer(t *testing.T) {
	page := "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
	for _, c := range []struct {
		name   string
		status int
		header string
		body   string
		want   Made
	}{
		{"nginx itself", 502, "Server: nginx/1.22.1", page, Made{Product: "nginx", Version: "1.22.1", Grade: GradeBody}},
		{"nginx behind cloudflare", 502, "Server: cloudflare", page, Made{Product: "nginx", Version: "1.22.1", Grade: GradeBody, Edge: "cloudflare", Through: []string{"cloudflare"}}},
		{"an application behind nginx", 500, "Server: nginx", "<h1>Oops</h1>", Made{Product: "nginx", Grade: GradeHeader}},
		{"gunicorn", 500, "Server: gunicorn/20.1.0", "Internal Server Error", Made{Product: "gunicorn", Version: "20.1.0", Grade: GradeHeader}},
		{"words behind nginx", 500, "Server: nginx", "Internal Server Error", Made{Product: "traefik", Grade: GradeWords, Also: []string{"uwsgi", "application"}}},
		{"caddy itself", 502, "Server: Caddy", "", Made{Product: "caddy", Grade: GradeOwnHeader}},
		{"an application behind caddy", 502, "Via: 1.1 Caddy", "oops", Made{Through: []string{"caddy"}}},
		{"envoy passed it on", 503, "X-Envoy-Upstream-Service-Time: 12", "oops", Made{Through: []string{"envoy"}}},
		{"apache", 502, "Server: Apache", "<title>502 Proxy Error</title> <address>Apache/2.4.62 (Debian) Server at x Port 80</address>", Made{Product: "apache", Version: "2.4.62", Grade: GradeBody}},
		{"envoy", 503, "Server: envoy", "upstream connect error or disconnect/reset before headers. reset reason: connection termination", Made{Product: "envoy", Grade: GradeBody, Detail: "connection termination"}},
		{"nobody", 500, "Content-Type: text/plain", "my own words", Made{}},
		{"nothing", 0, "", "", Made{}},
	} {
		name, value, _ := strings.Cut(c.header, ": ")
		got := Maker(c.status, []topo.Header{{Name: name, Value: value}}, []byte(c.body))
		if a, b := asJSON(t, got), asJSON(t, c.want); a != b {
			t.Errorf("%s:\n got %s\nwant %s", c.name, a, b)
		}
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzMaker(f *testing.F) {
	f.Add(502, "Server", "nginx", []byte("<hr><center>nginx</center>"))
	f.Add(503, "Proxy-Status", `a;error=b, "c";x`, []byte("<address>Apache"))
	f.Fuzz(func(t *testing.T, status int, name, value string, body []byte) {
		m := Maker(status, []topo.Header{{Name: name, Value: value}}, body)
		if len(m.Detail) > 200 || len(m.Product) > 60 {
			t.Fatalf("%+v", m)
		}
	})
}
