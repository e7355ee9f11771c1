package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

func full() *Exchange {
	return &Exchange{
		ID: "7f", Start: time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC), Client: "[2001:db8::1]:5000", Site: "shop", Route: "/api", Pool: "app",
		Method: "GET", Scheme: "https", Host: "shop.example", Target: "/a?b=\"c", Proto: "HTTP/1.1", Referrer: "x\x1b[2J", UserAgent: "\xff\u202e\u061c",
		Status: 502, MadeBy: Gateway, Symptom: vocab.ConnectionRefused, Detail: "connect: refused", Received: 5, Sent: 99, Total: 1500 * time.Millisecond,
		Held: time.Second, Out: "127.0.0.1:3", Retries: 1, Hedges: 1, Cut: true,
		Attempts: []Attempt{{Endpoint: "127.0.0.1:1", Reused: true, Idle: time.Second, Symptom: vocab.ConnectionRefused, Phase: Connect, Detail: "refused", Total: time.Millisecond},
			{Endpoint: "127.0.0.1:2", Won: true, Hedge: true, Status: 200, Connect: time.Microsecond, TLS: 1, Send: time.Second, First: 2 * time.Second, Total: 3 * time.Second, Sent: 100}},
	}
}

func TestJSONIsReadAsWritten(t *testing.T) {
	line := full().AppendJSON(nil)
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	for key, want := range map[string]any{
		"time": "2026-03-04T05:06:07.000008Z", "uri": "/a?b=\"c", "status": 502.0, "made_by": "gateway", "symptom": "connection_refused",
		"seconds": 1.5, "held": 1.0, "out": "127.0.0.1:3", "retries": 1.0, "cut": true, "referrer": "x\x1b[2J", "bytes": 99.0,
	} {
		if m[key] != want {
			t.Errorf("%s is %v, want %v", key, m[key], want)
		}
	}
	if a := m["attempts"].([]any)[1].(map[string]any); a["upstream"] != "127.0.0.1:2" || a["won"] != true || a["first"] != 2.0 {
		t.Errorf("the second attempt is %v", a)
	}
	if strings.ContainsAny(string(line[:len(line)-1]), "\x1b\n\u202e\u061c") {
		t.Errorf("the line acts on a terminal: %q", line)
	}
}

func TestCombined(t *testing.T) {
	got := string(full().AppendCombined(nil))
	want := `2001:db8::1 - - [04/Mar/2026:05:06:07 +0000] "GET /a?b=\x22c HTTP/1.1" 502 99 "x\x1B[2J" "\xFF\xE2\x80\xAE\xD8\x9C"` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// TestForAProxy: behind trusted proxies the log has whom they saw; combined has room for
// that one alone.
func TestForAProxy(t *testing.T) {
	x := &Exchange{Client: "10.0.0.1:5", For: "2001:db8::7", Status: 200}
	if got := string(x.AppendJSON(nil)); !strings.Contains(got, `"client":"10.0.0.1:5","for":"2001:db8::7"`) {
		t.Error(got)
	}
	if got := string(x.AppendCombined(nil)); !strings.HasPrefix(got, "2001:db8::7 - - [") {
		t.Error(got)
	}
	for _, peer := range []string{"", "@"} {
		x = &Exchange{Client: peer, Status: 200}
		if got := string(x.AppendCombined(nil)); !strings.HasPrefix(got, "- - - [") {
			t.Errorf("%q: %s", peer, got)
		}
	}
}

// TestCombinedWithoutARequestLine: what could not be read is a dash, as nginx has it.
func TestCombinedWithoutARequestLine(t *testing.T) {
	got := string((&Exchange{Client: "192.0.2.1:5", Proto: "HTTP/1.1", Status: 431, Sent: 7}).AppendCombined(nil))
	if !strings.HasSuffix(got, `] "-" 431 7 "-" "-"`+"\n") {
		t.Errorf("%q", got)
	}
}

func TestWritingDoesNotAllocate(t *testing.T) {
	x, buf := full(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = x.AppendCombined(x.AppendJSON(buf[:0])) }); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("/x", "curl", "a\x00b")
	f.Add("\xff\xfe", "\u2028", `\"`)
	f.Fuzz(func(t *testing.T, target, agent, detail string) {
		x := Exchange{Target: target, UserAgent: agent, Detail: detail, Attempts: []Attempt{{Endpoint: target, Symptom: "x", Detail: agent}}}
		line := x.AppendJSON(nil)
		var m struct {
			URI   string `json:"uri"`
			Agent string `json:"user_agent"`
		}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if utf8.ValidString(target) && m.URI != target {
			t.Fatalf("%q was read as %q", target, m.URI)
		}
		if i := strings.IndexByte(string(line), '\n'); i != len(line)-1 {
			t.Fatalf("the line breaks at %d of %d", i, len(line))
		}
		if c := x.AppendCombined(nil); strings.IndexByte(string(c), '\n') != len(c)-1 {
			t.Fatalf("the combined line breaks: %q", c)
		}
	})
}
