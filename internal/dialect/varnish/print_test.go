package varnish

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func printed(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/varnishlog.txt")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFold makes lines of what varnishlog 7.1 printed of real requests.
func TestFold(t *testing.T) {
	f := &folder{address: func(name string) string {
		if name == "default" {
			return "127.0.0.1:1"
		}
		return ""
	}}
	type want struct {
		path, endpoint string
		status         int
		fact           vocab.Fact
	}
	for _, c := range []struct {
		failed bool
		want   []want
	}{
		{true, []want{{"/foo", "127.0.0.1:1", 503, vocab.GatewayRefused}, {"/hung", "hung", 503, vocab.GatewayNoLiveUpstream}, {"/cut", "127.0.0.1:8080", 200, vocab.GatewayClosedBody}, {"/closed", "", 503, vocab.GatewayStatusMade}, {"/app", "127.0.0.1:8080", 500, vocab.GatewayStatusPassed}}},
		{false, []want{{"/foo", "127.0.0.1:1", 503, vocab.GatewayRefused}, {"/hung", "hung", 503, vocab.GatewayNoLiveUpstream}, {"/ok", "127.0.0.1:8080", 200, ""}, {"/cut", "127.0.0.1:8080", 200, vocab.GatewayClosedBody}, {"/closed", "", 503, vocab.GatewayStatusMade}, {"/app", "127.0.0.1:8080", 500, vocab.GatewayStatusPassed}}},
	} {
		lines := bytes.Split(bytes.TrimSpace(f.lines(printed(t), c.failed)), []byte{'\n'})
		if len(lines) != len(c.want) {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), len(c.want), bytes.Join(lines, []byte{'\n'}))
		}
		for i, row := range lines {
			var r dialect.Record
			key := requests.Line(row, &r)
			w := c.want[i]
			if string(r.Path) != w.path || string(r.Endpoint) != w.endpoint || r.Status != w.status || requests.Conds[key].Fact != w.fact {
				t.Errorf("%s\nis %s at %q, %d, %s; want %+v", row, r.Path, r.Endpoint, r.Status, requests.Conds[key].Fact, w)
			}
			if !strings.Contains(string(r.UserAgent), "gg-") || len(r.Client) == 0 || r.Seconds < 0 {
				t.Errorf("%s: agent %q, client %q, seconds %v", row, r.UserAgent, r.Client, r.Seconds)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add(printed(f))
	f.Add([]byte("*   << Request  >> 2\n-   ReqStart 1 2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		out := (&folder{}).lines(b, false)
		for row := range bytes.Lines(out) {
			var r dialect.Record
			if requests.Line(bytes.TrimSuffix(row, []byte{'\n'}), &r) == dialect.Unparsed {
				t.Errorf("a line of its own is not read: %q", row)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(shop)
	f.Add(shopBackends)
	for text := range programs {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		conf := Config(memory{"/x.vcl": text, "/etc/varnish/backends.vcl": shopBackends}, dialect.Launch{PID: 1, Config: "/x.vcl", Globals: "-a :80"})
		for _, l := range conf.Instance.Listeners {
			conf.Resolve(topoRequest(l.Address))
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add([]byte(message(200, "x") + message(200, `[3,[],1,{"boot.a":{"admin_health":"sick"}}]`)))
	f.Add([]byte(message(200, "x") + message(200, "Panic at: Fri, 20 Nov 2026 10:55:34 GMT\nx\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		say("vcl.list", []byte("s"), b)
		readBackends(b, "boot")
		readPanic(b)
		_, body, _ := replied(b)
		sources(body)
	})
}

func topoRequest(listener string) topo.Request {
	return topo.Request{Listener: listener, Port: 80, Host: "shop.test", Method: "GET", Path: "/list"}
}

// TestTagsAreKnown holds the records that varnishlog is asked for to those that
// Varnish 7.7 knows (include/tbl/vsl_tags.h, vsl_tags_http.h): a word that matches
// none of them makes it print nothing (VSL_Glob2Tags).
func TestTagsAreKnown(t *testing.T) {
	known := strings.Fields(`Error BackendOpen BackendClose FetchError VCL_Error ReqStart Backend_health Begin Timestamp
		ReqMethod ReqURL ReqHeader RespStatus RespHeader BereqMethod BerespStatus BerespHeader`)
	asked := strings.Split(tags, ",")
	name, _, _ := strings.Cut(headers, ":")
	for _, word := range append(asked, name) {
		prefix, glob := strings.CutSuffix(word, "*")
		if !slices.ContainsFunc(known, func(tag string) bool { return tag == prefix || glob && strings.HasPrefix(tag, prefix) }) {
			t.Errorf("varnishlog 7.7 knows no record %q", word)
		}
	}
}
