package probe

import (
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

var params = []topo.Header{
	{Name: "REQUEST_METHOD", Value: "GET"}, {Name: "REQUEST_URI", Value: "/x"}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"}, {Name: "HTTP_HOST", Value: "example.com"},
}

func TestFastCGI(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Uri", r.URL.Path)
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, strings.Repeat("tea", 100000))
		}))
	}()
	t.Cleanup(func() { l.Close(); <-served })
	x := FastCGI(t.Context(), direct, "tcp", l.Addr().String(), params, Limits{})
	if x.Status != 418 || x.BodyBytes != 300000 || len(x.Body) != defaultQuote || x.Get("X-Uri") != "/x" || x.End != EndComplete || x.BodyEnd != BodyClose || x.Speaks != SpeaksFastCGI {
		t.Errorf("status %d, body %d, end %s %s, speaks %s, header %v", x.Status, x.BodyBytes, x.End, x.BodyEnd, x.Speaks, x.Header)
	}
	if f := x.FastCGI; !f.Ended || f.ProtocolStatus != "request_complete" || f.NotFastCGI || len(f.Strange) > 0 || f.CGIFault != "" || f.RawHead <= int64(x.HeaderBytes) {
		t.Errorf("%+v, header of %d bytes", f, x.HeaderBytes)
	}
	if a := FastCGIValues(t.Context(), direct, "tcp", l.Addr().String(), short); !a.Speaks || a.Values["FCGI_MPXS_CONNS"] != "1" || a.End != EndComplete {
		t.Errorf("%+v", a)
	}
}

// records serves these bytes to a FastCGI client.
func records(t testing.TB, b []byte, after func(c *net.TCPConn)) string {
	return raw(t, func(c *net.TCPConn) {
		c.Read(make([]byte, 4096))
		c.Write(b)
		if after != nil {
			after(c)
		}
		c.CloseWrite()
		io.Copy(io.Discard, c)
	})
}

func TestFastCGIFaults(t *testing.T) {
	out := func(text string) []byte { return fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, []byte(text)) }
	end := func(status byte) []byte {
		return fastcgi.AppendRecord(nil, fastcgi.EndRequest, 1, []byte{0, 0, 0, 9, status, 0, 0, 0})
	}
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	stderr := fastcgi.AppendRecord(nil, fastcgi.Stderr, 1, []byte("PHP Fatal error: oops"))
	for _, c := range []struct {
		name   string
		bytes  []byte
		status int
		end    End
		body   BodyEnd
		check  func(x Exchange) bool
	}{
		{"nothing", nil, 0, EndEOF, "", func(x Exchange) bool { return x.Speaks == "" && !x.FastCGI.Ended }},
		{"overloaded", end(fastcgi.Overloaded), 0, EndComplete, "", func(x Exchange) bool { return x.FastCGI.ProtocolStatus == "overloaded" && x.FastCGI.AppStatus == 9 }},
		{"error stream", join(stderr, out("Status: 500 Oops\r\n\r\n"), end(0)), 500, EndComplete, BodyClose, func(x Exchange) bool { return x.FastCGI.Stderr == "PHP Fatal error: oops" && x.Reason == "Oops" }},
		{"header in pieces", join(out("Content-Ty"), out("pe: x\r\n"), out("\r\nhello"), end(0)), 200, EndComplete, BodyClose, func(x Exchange) bool {
			return string(x.Body) == "hello" && x.HeaderBytes == len("Content-Type: x\r\n\r\n") && x.FastCGI.RawHead == 48+2
		}},
		{"header without end", join(out("Content-Type: x\r\n"), end(0)), 0, EndComplete, "", func(x Exchange) bool { return x.FastCGI.CGIFault != "" && len(x.First) > 0 }},
		{"no end record", out("Content-Type: x\r\n\r\nhello"), 200, EndEOF, BodyReset, func(x Exchange) bool { return !x.FastCGI.Ended }},
		{"short", join(out("Content-Length: 50\r\n\r\nhello"), end(0)), 200, EndComplete, BodyShort, func(x Exchange) bool { return x.Missing == 45 }},
		{"cut record", out("Content-Type: x\r\n\r\nhello")[:20], 0, EndEOF, "", func(x Exchange) bool { return x.Speaks == SpeaksFastCGI && x.FastCGI.Records == 0 }},
		{"unknown type", join(fastcgi.AppendRecord(nil, 99, 1, nil), out("A: b\r\n\r\n"), end(0)), 200, EndComplete, BodyClose, func(x Exchange) bool { return len(x.FastCGI.Strange) == 1 }},
		{"another request", join(fastcgi.AppendRecord(nil, fastcgi.Stdout, 2, nil), out("A: b\r\n\r\n"), end(0)), 200, EndComplete, BodyClose, func(x Exchange) bool { return len(x.FastCGI.Strange) == 1 }},
		{"bad header line", join(out("no colon\r\nA: b\r\n\r\n"), end(0)), 200, EndComplete, BodyClose, func(x Exchange) bool { return x.FastCGI.CGIFault != "" }},
		{"HTTP", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, EndEOF, "", func(x Exchange) bool { return x.Speaks == SpeaksHTTP && x.FastCGI.NotFastCGI && len(x.First) > 0 }},
		{"records, then garbage", join(out("A: b\r\n\r\n"), []byte("garbage!")), 200, EndError, BodyReset, func(x Exchange) bool { return len(x.FastCGI.Strange) == 1 && x.Speaks == SpeaksFastCGI }},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := FastCGI(t.Context(), direct, "tcp", records(t, c.bytes, nil), params, short)
			if x.Status != c.status || x.End != c.end || x.BodyEnd != c.body || !c.check(x) {
				t.Errorf("status %d, end %s, body %q, %+v\n%+v", x.Status, x.End, x.BodyEnd, x, x.FastCGI)
			}
		})
	}
}

func TestFastCGIEndless(t *testing.T) {
	for name, rec := range map[string][]byte{
		"error stream": fastcgi.AppendRecord(nil, fastcgi.Stderr, 1, make([]byte, 8000)),
		"header":       fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, []byte(strings.Repeat("x", 8000))),
		"body":         fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, []byte("A: b\r\n\r\n"+strings.Repeat("x", 8000))),
		"empty":        fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, nil),
		"unknown":      fastcgi.AppendRecord(nil, 77, 1, nil),
	} {
		address := raw(t, func(c *net.TCPConn) {
			c.Read(make([]byte, 4096))
			for {
				if _, err := c.Write(rec); err != nil {
					return
				}
			}
		})
		x := FastCGI(t.Context(), direct, "tcp", address, params, short)
		if x.End != EndBound || x.Bytes > 2*(maxHead+short.Body) || len(asJSON(t, x)) > 100<<10 {
			t.Errorf("%s: end %s after %d bytes", name, x.End, x.Bytes)
		}
	}
}

func TestFastCGIValuesOfOthers(t *testing.T) {
	if a := FastCGIValues(t.Context(), direct, "tcp", records(t, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), nil), short); a.Speaks || a.Looks != SpeaksHTTP {
		t.Errorf("HTTP: %+v", a)
	}
	if a := FastCGIValues(t.Context(), direct, "tcp", records(t, nil, nil), short); a.Speaks || a.Looks != "" || a.End != EndEOF {
		t.Errorf("nothing: %+v", a)
	}
	if a := FastCGIValues(t.Context(), direct, "tcp", port(t), short); a.Speaks || a.Connection.Errno != "ECONNREFUSED" || a.End != EndConnect {
		t.Errorf("nobody: %+v", a)
	}
}

func TestSCGI(t *testing.T) {
	got := make(chan string, 4)
	for text, want := range map[string]string{
		"Status: 404 Not Found\r\nA: b\r\n\r\nhello":     "404 close 5 cgi eof",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok": "200 length 2 http complete",
		"Content-Length: 9\r\n\r\nhello":                 "200 short 5 cgi eof",
		"":                                               "0  0  eof",
		"SSH-2.0-x\r\n":                                  "0  0 ssh eof",
	} {
		address := raw(t, func(c *net.TCPConn) {
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			got <- string(b[:n])
			io.WriteString(c, text)
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		x := SCGI(t.Context(), direct, "tcp", address, params, short)
		if s := <-got; !strings.HasPrefix(s, "105:CONTENT_LENGTH\x000\x00SCGI\x001\x00REQUEST_METHOD\x00GET\x00") || !strings.HasSuffix(s, "\x00,") {
			t.Fatalf("sent %q", s)
		}
		if s := summary(x); s != want {
			t.Errorf("%q: %s, want %s", text, s, want)
		}
	}
}
