package probe

import (
	"net"
	"net/http"
	"testing"

	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

func TestHTTP2(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: protocols}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	if a := HTTP2(t.Context(), direct, tcp(l.Addr().String()), short); !a.Speaks || a.End != EndComplete {
		t.Errorf("HTTP/2: %+v", a)
	}
	for text, want := range map[string]string{"HTTP/1.1 400 Bad Request\r\n\r\n": SpeaksHTTP, "": "", "x": SpeaksText} {
		if a := HTTP2(t.Context(), direct, tcp(says(t, text)), short); a.Speaks || a.Looks != want || string(a.First) != text {
			t.Errorf("%q: %+v", text, a)
		}
	}
	if a := HTTP2(t.Context(), direct, tcp(port(t)), short); a.Speaks || a.End != EndConnect {
		t.Errorf("nobody: %+v", a)
	}
}

func TestHTTP2Ask(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
		case "/broken":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Header().Set("X-Proto", r.Proto+" "+r.Host)
		w.Write([]byte("ok"))
	})}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	ask := func(path, address string) Exchange {
		spoken := get
		spoken.URI = path
		return HTTP2Ask(t.Context(), direct, tcp(address), spoken, short)
	}
	if x := ask("/", l.Addr().String()); x.Status != 200 || x.Get("X-Proto") != "HTTP/2.0 example.com" || string(x.Body) != "ok" || x.End != EndComplete || !x.Connection.OK {
		t.Errorf("%+v", x)
	}
	if x := ask("/broken", l.Addr().String()); x.Status != 503 || !x.HeadDone {
		t.Errorf("%+v", x)
	}
	if x := ask("/hang", l.Addr().String()); x.Bytes != 0 || x.End != EndFirstByte && x.End != EndTimeout {
		t.Errorf("%+v", x)
	}
	if x := ask("/", says(t, "HTTP/1.1 400 Bad Request\r\n\r\n")); x.Status != 0 || x.Speaks != SpeaksHTTP || len(x.First) == 0 {
		t.Errorf("%+v", x)
	}
	if x := ask("/", port(t)); x.End != EndConnect || x.Connection.OK {
		t.Errorf("%+v", x)
	}
}

// FuzzAnswers lets every reader read what a stranger sends.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add(fastcgi.AppendRecord(fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, []byte("Status: 500\r\n\r\nx")), fastcgi.EndRequest, 1, make([]byte, 8)))
	f.Add([]byte("Status: 404 Not Found\n\nbody"))
	f.Add([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	f.Fuzz(func(t *testing.T, b []byte) {
		serve := pipe(b)
		for name, x := range map[string]Exchange{
			"http":    HTTP(t.Context(), serve, tcp("x"), get, short),
			"tls":     HTTP(t.Context(), serve, Target{Network: "tcp", TLS: &TLSOptions{}}, get, short),
			"fastcgi": FastCGI(t.Context(), serve, "tcp", "x", params, short),
			"uwsgi":   UWSGI(t.Context(), serve, "tcp", "x", params, short),
		} {
			if x.End == "" || x.Phase == "" || x.Missing < 0 || x.Extra < 0 || x.BodyBytes < 0 || len(x.Body) > defaultQuote || len(x.Faults) > maxFaults {
				t.Fatalf("%s: %+v", name, x)
			}
			if n := len(asJSON(t, x)); n > 50*len(b)+20000 {
				t.Fatalf("%s: %d bytes about %d", name, n, len(b))
			}
		}
		FastCGIValues(t.Context(), serve, "tcp", "x", short)
		HTTP2(t.Context(), serve, tcp("x"), short)
		HTTP2Ask(t.Context(), serve, tcp("x"), get, short)
	})
}
