package probe

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// TestMarks holds Maker against an example of every mark.
func TestMarks(t *testing.T) {
	f, err := os.Open("testdata/marks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		var c struct{ Who, Match, Example string }
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if got := named(c.Match, c.Example); !names(got, c.Who) && !undecided(c.Who, c.Example) {
			t.Errorf("%s by %s %.60q: %+v", c.Who, c.Match, c.Example, got)
		}
	}
	if n < 80 {
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

// names reports whether m knows about who: as the maker, as one of those who write
// the same, or as a station on the way.
func names(m Made, who string) bool {
	known := append([]string{m.Product, m.Edge}, append(m.Also, m.Through...)...)
	for _, k := range known {
		if k == who {
			return true
		}
	}
	return who == "any RFC9209" && m.Grade == GradeProxyStatus && m.Product == "ExampleCDN" && m.Detail == "connection_timeout"
}

// undecided are marks that name nobody by themselves: an empty body, and a field
// that every application may set.
func undecided(who, example string) bool {
	return example == "" || who == "haproxy" && example == "Cache-Control: no-cache"
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
