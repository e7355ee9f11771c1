package backend

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// running is a backend in this process, with its standard streams.
type running struct {
	t      *testing.T
	orders io.WriteCloser
	lines  *bufio.Scanner
	ended  chan int
}

func start(t *testing.T, c Config) *running {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	in, orders := io.Pipe()
	out, lines := io.Pipe()
	r := &running{t: t, orders: orders, lines: bufio.NewScanner(out), ended: make(chan int, 1)}
	var errors bytes.Buffer
	go func() {
		code := Main([]string{file}, in, lines, &errors)
		lines.CloseWithError(fmt.Errorf("it has ended: %s", errors.String()))
		r.ended <- code
	}()
	t.Cleanup(func() {
		orders.Close()
		if code := <-r.ended; code != 0 {
			t.Errorf("exit code %d: %s", code, errors.String())
		}
	})
	r.expect(Ready)
	return r
}

func (r *running) expect(want string) {
	r.t.Helper()
	if !r.lines.Scan() || r.lines.Text() != want {
		r.t.Fatalf("got line %q, %v, want %q", r.lines.Text(), r.lines.Err(), want)
	}
}

func (r *running) order(o Order) {
	r.t.Helper()
	if err := json.NewEncoder(r.orders).Encode(o); err != nil {
		r.t.Fatal(err)
	}
	r.expect(Done)
}

// talkTo sends text to path and returns all that comes back.
func talkTo(t *testing.T, path, text string) string {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	return string(answer)
}

func TestVerbs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	r := start(t, Config{Listen: []string{"unix:" + path}})
	for _, test := range []struct {
		route Route
		want  string // how the answer begins
		not   string
	}{
		{Route{Path: "/"}, "HTTP/1.1 200 OK\r\n", ""},
		{Route{Path: "/other"}, "HTTP/1.1 404 Not Found\r\n", ""},
		{Route{Path: "/", Method: http.MethodPost}, "HTTP/1.1 404 Not Found\r\n", ""},
		{Route{Path: "/", Status: 503, Header: map[string]string{"Retry-After": "9"}}, "HTTP/1.1 503 Service Unavailable\r\n", ""},
		{Route{Path: "/", Do: "close"}, "", "HTTP"},
		{Route{Path: "/", Do: "deaf"}, "", "HTTP"},
		{Route{Path: "/", Do: "garbage"}, "\x00", "HTTP"},
		{Route{Path: "/", Do: "bad-status"}, "HTTP/1.1 OK\r\n", ""},
		{Route{Path: "/", Do: "half-header"}, "HTTP/1.1 200 OK\r\n", "\r\n\r\n"},
	} {
		r.order(Order{Routes: []Route{test.route}})
		got := talkTo(t, path, "GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, test.want) || test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("%+v: got %q", test.route, got)
		}
	}
}

func TestBodyBreaksOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	r := start(t, Config{Listen: []string{"unix:" + path}})
	for _, verb := range []string{"short", "cut-chunk", "bad-chunk"} {
		r.order(Order{Routes: []Route{{Path: "/", Do: verb}}})
		got := talkTo(t, path, "GET / HTTP/1.1\r\nHost: app\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); answer.StatusCode != 200 || err == nil {
			t.Errorf("%s: status %d and a whole body", verb, answer.StatusCode)
		}
	}
}

func TestPad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	start(t, Config{Listen: []string{"unix:" + path}, Routes: []Route{{Path: "/", Pad: 9000}}})
	got := talkTo(t, path, "GET / HTTP/1.1\r\nHost: app\r\n\r\n")
	if head, _, _ := strings.Cut(got, "\r\n\r\n"); len(head) < 9000 {
		t.Errorf("the header has %d bytes", len(head))
	}
}

func TestBadInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	start(t, Config{Listen: []string{"unix:" + path}, Routes: []Route{{Path: "/"}}})
	for _, text := range []string{"\x01\x01\x00\x01", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n"} {
		if got := talkTo(t, path, text); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q: got %q", text, got)
		}
	}
	var errors bytes.Buffer
	if code := Main(nil, strings.NewReader(""), io.Discard, &errors); code != 1 || errors.Len() == 0 {
		t.Errorf("without a file: exit code %d, %q", code, errors.String())
	}
}

func TestDNS(t *testing.T) {
	hold, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := hold.Addr().String()
	hold.Close()
	r := start(t, Config{DNS: &DNS{Listen: address, Names: map[string]string{"app.test.": "127.0.0.2", "bare.test.": ""}}})
	check := func(name string, code int, want string) {
		t.Helper()
		q := new(dns.Msg)
		q.SetQuestion(name, dns.TypeA)
		a, err := dns.Exchange(q, address)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, rr := range a.Answer {
			got += rr.(*dns.A).A.String()
		}
		if a.Rcode != code || got != want {
			t.Errorf("%s: code %d, address %q", name, a.Rcode, got)
		}
	}
	check("app.test.", dns.RcodeSuccess, "127.0.0.2")
	check("bare.test.", dns.RcodeSuccess, "")
	check("gone.test.", dns.RcodeNameError, "")
	r.order(Order{Names: map[string]string{"app.test.": "127.0.0.3"}})
	check("app.test.", dns.RcodeSuccess, "127.0.0.3")
}
