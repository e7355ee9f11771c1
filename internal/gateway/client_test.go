package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// echo answers with the request as the server read it.
func echo() func(int, net.Conn) {
	return answering(func(c net.Conn, r *http.Request) bool {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s host=%s\n", r.Method, r.RequestURI, r.Host)
		for _, k := range slices.Sorted(maps.Keys(r.Header)) {
			fmt.Fprintf(&b, "%s: %s\n", k, strings.Join(r.Header[k], " | "))
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(&b, "body=%s\n", body)
		for k, v := range r.Trailer {
			fmt.Fprintf(&b, "trailer %s=%s\n", k, v)
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", b.Len(), b.Bytes())
		return true
	})
}

func TestRequestHeader(t *testing.T) {
	s := newSite(t, nil, newServer(t, echo()))
	body := s.raw("GET /a//b/%2e%2E?q=%zz HTTP/1.1\r\nHost: shop.example\r\nConnection: X-Drop, close\r\nX-Drop: 1\r\nKeep-Alive: timeout=3\r\n" +
		"Proxy-Connection: keep-alive\r\nTE: trailers, deflate\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 6666\r\nForwarded: for=6.6.6.6\r\n" +
		"X-Request-Id: abc-1\r\nX-Keep: yes\r\nUpgrade: h2c\r\n\r\n")
	for _, want := range []string{"GET /a//b/%2e%2E?q=%zz host=shop.example\n", "X-Forwarded-For: 127.0.0.1\n", "X-Forwarded-Proto: http\n", "X-Forwarded-Host: shop.example\n",
		`Forwarded: for=127.0.0.1;proto=http;host="shop.example"`, "X-Request-Id: abc-1\n", "X-Keep: yes\n", "Via: 1.1 goodgate-", "Te: trailers\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
	for _, no := range []string{"X-Drop", "6.6.6.6", "6666", "Proxy-Connection", "deflate", "Upgrade", "Keep-Alive"} {
		if strings.Contains(body, no) {
			t.Errorf("%s came through in\n%s", no, body)
		}
	}
}

// raw sends bytes and returns what comes until the end.
func (s *site) raw(request string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request)
	b, err := io.ReadAll(c)
	if err != nil {
		s.t.Error(err)
	}
	return string(b)
}

func TestAbsoluteForm(t *testing.T) {
	s := newSite(t, nil, newServer(t, echo()))
	for target, want := range map[string]string{"http://shop.example/a?b": "/a?b", "http://shop.example?b": "/?b", "http://shop.example": "/"} {
		if got := s.raw("GET " + target + " HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"); !strings.Contains(got, "GET "+want+" host=shop.example\n") {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Trusted = []string{"127.0.0.0/8"} }, newServer(t, echo()))
	r, _ := http.NewRequest("GET", s.url, nil)
	r.Header["X-Forwarded-For"] = []string{"6.6.6.6", "7.7.7.7"}
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Port", "443")
	_, body, _ := s.send(r)
	if !strings.Contains(body, "X-Forwarded-For: 6.6.6.6, 7.7.7.7, 127.0.0.1\n") || !strings.Contains(body, "X-Forwarded-Proto: https\n") {
		t.Errorf("%s", body)
	}
	if !strings.Contains(body, "X-Forwarded-Port: 443\n") {
		t.Errorf("%s", body)
	}
	if strings.Contains(body, "\nForwarded:") {
		t.Errorf("an application that prefers Forwarded takes http from it: %s", body)
	}
	r.Header.Set("Forwarded", "for=7.7.7.7;proto=https")
	if _, body, _ = s.send(r); !strings.Contains(body, "Forwarded: for=7.7.7.7;proto=https, for=127.0.0.1;proto=http;") {
		t.Errorf("%s", body)
	}
}

// TestLoop makes the gateway its own server.
func TestLoop(t *testing.T) {
	var gate atomic.Value
	b := newServer(t, func(_ int, c net.Conn) {
		up, err := net.Dial("tcp", gate.Load().(string))
		if err != nil {
			return
		}
		defer up.Close()
		go func() { io.Copy(up, c); up.(*net.TCPConn).CloseWrite() }()
		io.Copy(c, up)
	})
	s := newSite(t, nil, b)
	gate.Store(s.addr)
	code, _, header := s.ask("GET", "/", "")
	if code != 502 || !strings.Contains(header.Get("Proxy-Status"), "proxy_loop_detected") {
		t.Errorf("%d %v", code, header)
	}
}

func TestUploadAndTrailers(t *testing.T) {
	s := newSite(t, nil, newServer(t, echo()))
	r, _ := http.NewRequest("PUT", s.url, io.MultiReader(strings.NewReader("chunked body"))) // length unknown
	r.Trailer = http.Header{"Digest": {"d"}}
	if code, body, _ := s.send(r); code != 200 || !strings.Contains(body, "body=chunked body\n") || !strings.Contains(body, "trailer Digest=[d]") {
		t.Errorf("%d %s", code, body)
	}
	big := strings.Repeat("y", 1<<20)
	if code, body, _ := s.ask("POST", "/", big); code != 200 || !strings.Contains(body, "body="+big+"\n") {
		t.Errorf("%d, %d bytes", code, len(body))
	}
}

func TestResponseHeaderAndTrailer(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Fold: a\r\n b\r\nTrailer: Digest\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: d\r\nContent-Length: 7\r\n\r\n")
		return true
	})))
	resp, err := s.client.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	h := resp.Header
	if err != nil || string(body) != "hello" || h.Get("X-Drop")+h.Get("Keep-Alive") != "" || len(h["Set-Cookie"]) != 2 || h.Get("X-Fold") != "a b" {
		t.Errorf("%q %v %v", body, err, h)
	}
	if resp.Trailer.Get("Digest") != "d" || resp.Trailer.Get("Content-Length") != "" {
		t.Errorf("trailer %v", resp.Trailer)
	}
}

// TestBodyBehindItsHead: a body that comes a moment after its head leaves the head
// as it is.
func TestBodyBehindItsHead(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX-One: "+strings.Repeat("1", 50)+"\r\nX-Two: 2\r\nContent-Length: 200\r\n\r\n")
		time.Sleep(20 * time.Millisecond) // two segments; should they meet, the test shows nothing, and passes
		io.WriteString(c, strings.Repeat("Z", 200))
		return true
	})))
	for range 3 {
		code, body, h := s.ask("GET", "/", "")
		if code != 200 || body != strings.Repeat("Z", 200) || h.Get("X-One") != strings.Repeat("1", 50) || h.Get("X-Two") != "2" {
			t.Errorf("%d %q %v", code, body, h)
		}
	}
}

// TestBodylessFraming: HEAD, 204 and 304 followed by another request on the same
// connection of the client.
func TestBodylessFraming(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		switch {
		case r.Method == "HEAD":
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n")
		case r.URL.Path == "/204":
			io.WriteString(c, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
		case r.URL.Path == "/304":
			io.WriteString(c, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nEtag: x\r\n\r\n")
		default:
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright")
		}
		return true
	})))
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for _, ask := range []struct{ method, path, body string }{{"HEAD", "/", ""}, {"GET", "/204", ""}, {"GET", "/304", ""}, {"GET", "/", "right"}} {
		fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", ask.method, ask.path)
		resp, err := http.ReadResponse(in, &http.Request{Method: ask.method})
		if err != nil {
			t.Fatal(ask, err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil || string(b) != ask.body {
			t.Errorf("%v: %q %v", ask, b, err)
		}
		if length := resp.Header["Content-Length"]; ask.method == "HEAD" && (len(length) != 1 || length[0] != "5") {
			t.Errorf("HEAD says %q bytes", length)
		}
	}
}

// TestSSE: each event comes while the answer goes on.
func TestSSE(t *testing.T) {
	next := make(chan struct{})
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for i := range 3 {
			io.WriteString(c, fmt.Sprintf("8\r\ndata: %d\n\r\n", i))
			<-next
		}
		io.WriteString(c, "0\r\n\r\n")
		return true
	})))
	resp, err := s.client.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for i := range 3 {
		line, err := in.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("%q %v", line, err)
		}
		next <- struct{}{}
	}
}

// TestInterim: 103 reaches the client before the answer.
func TestInterim(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	})))
	var hint atomic.Value
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hint.Store(fmt.Sprint(code, h))
		return nil
	}})
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	code, body, h := s.send(r)
	if code != 200 || body != "ok" || hint.Load() != "103 map[Link:[</a.css>]]" || h.Get("Link") != "" {
		t.Errorf("%d %q, hint %v, header %v", code, body, hint.Load(), h)
	}
}

// TestExpectReachesTheServer: the body is asked for by the server, not by the
// gateway; a server that refuses gets none.
func TestExpectReachesTheServer(t *testing.T) {
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		if r.URL.Path == "/no" {
			io.WriteString(c, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return false
		}
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
		return true
	})))
	s.client.Transport.(*http.Transport).ExpectContinueTimeout = 10 * time.Second
	for path, want := range map[string]string{"/": "200 body", "/no": "417 "} {
		r, _ := http.NewRequest("POST", s.url+path, strings.NewReader("body"))
		r.Header.Set("Expect", "100-continue")
		code, body, _ := s.send(r)
		if got := fmt.Sprint(code, " ", body); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// TestWebSocket carries bytes both ways, those beside the 101 included.
func TestWebSocket(t *testing.T) {
	s := newSite(t, nil, newServer(t, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil || r.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			return
		}
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-Websocket-Accept: x\r\n\r\nhello ")
		io.Copy(c, in)
	}))
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// What the client sends beside its request must arrive as well.
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nearly ")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "websocket" || resp.Header.Get("Sec-Websocket-Accept") != "x" {
		t.Fatalf("%v %v", resp, err)
	}
	io.WriteString(c, "late")
	want := "hello early late"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Errorf("%q %v", got, err)
	}
	// A reload leaves it alone.
	conf := s.gate.Config()
	if err := s.gate.Reload(conf); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "x")
	if b, err := in.ReadByte(); err != nil || b != 'x' {
		t.Errorf("after a reload: %q %v", b, err)
	}
	c.Close()
	if l := s.lines(1)[0]; l.Status != 101 {
		t.Errorf("%+v", l)
	}
}

// TestHTTPSUpstream verifies the server's name and authority, and says so where it
// fails.
func TestHTTPSUpstream(t *testing.T) {
	app := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.TLS.ServerName) }))
	defer app.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	pem := "-----BEGIN CERTIFICATE-----\n" + base64Lines(app.Certificate().Raw) + "-----END CERTIFICATE-----\n"
	if err := os.WriteFile(ca, []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		tls  config.TLS
		code int
		want string
	}{
		{"good", config.TLS{CA: ca, Name: "example.com"}, 200, "example.com"},
		{"unknown authority", config.TLS{Name: "example.com"}, 502, "tls_certificate_error"},
		{"another name", config.TLS{CA: ca, Name: "other.test"}, 502, "tls_certificate_error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, upstreamOf(func(u *config.Upstream) {
				u.Protocol, u.TLS = "https", &c.tls
				u.Servers = []config.Server{{URL: "https://" + app.Listener.Addr().String()}}
			}))
			code, body, h := s.ask("GET", "/", "")
			if code != c.code || !strings.Contains(body+h.Get("Proxy-Status"), c.want) {
				t.Errorf("%d %q %v", code, body, h)
			}
			if code == 200 { // and on a kept connection
				s.ask("GET", "/", "")
				if l := s.lines(2)[1]; !l.Attempts[0].Reused {
					t.Error("the connection was not used again")
				}
			}
		})
	}
}

func base64Lines(b []byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out strings.Builder
	for i := 0; i < len(b); i += 3 {
		var v uint32
		n := min(3, len(b)-i)
		for j := range 3 {
			v <<= 8
			if j < n {
				v |= uint32(b[i+j])
			}
		}
		for j := range 4 {
			if j <= n {
				out.WriteByte(digits[v>>(18-6*j)&63])
			} else {
				out.WriteByte('=')
			}
		}
		if i%48 == 45 {
			out.WriteByte('\n')
		}
	}
	return out.String() + "\n"
}

// TestFastCGI speaks with the standard library's responder.
func TestFastCGI(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "app.sock"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			env := fcgi.ProcessEnv(r)
			w.Header().Set("X-Script", env["SCRIPT_FILENAME"])
			fmt.Fprintf(w, "%s %s %s proxy=%q body=%s", r.Method, r.URL.RequestURI(), env["PATH_TRANSLATED"], r.Header.Get("Proxy"), b)
		}))
	}()
	defer func() { l.Close(); <-served }()
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Protocol, u.Root, u.Index = "fastcgi", "/srv/app/", "index.php"
		u.Servers = []config.Server{{URL: "unix:" + l.Addr().String()}}
	}))
	r, _ := http.NewRequest("POST", s.url+"/blog.php/a%20b?q=1", strings.NewReader("form"))
	r.Header.Set("Proxy", "http://evil")
	code, body, h := s.send(r)
	if code != 200 || body != `POST /blog.php/a%20b?q=1 /srv/app/a b proxy="" body=form` || h.Get("X-Script") != "/srv/app/blog.php" || h.Get("Status") != "" {
		t.Errorf("%d %q %v", code, body, h)
	}
	if _, _, h := s.ask("GET", "/../../etc/x", ""); h.Get("X-Script") != "/srv/app/index.php" {
		t.Errorf("script %q", h.Get("X-Script"))
	}
	r, _ = http.NewRequest("POST", s.url+"/x.php", io.MultiReader(strings.NewReader("unknown length")))
	if code, body, _ := s.send(r); code != 200 || !strings.HasSuffix(body, "body=unknown length") {
		t.Errorf("%d %q", code, body)
	}
}

// TestClientLeaves: the server's work is broken off, and nobody is blamed.
func TestClientLeaves(t *testing.T) {
	ended := make(chan struct{})
	entered := make(chan struct{})
	s := newSite(t, nil, newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		close(entered)
		io.Copy(io.Discard, c)
		close(ended)
		return false
	})))
	ctx, leave := context.WithCancel(context.Background())
	go func() { <-entered; leave() }()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	if _, err := s.client.Do(r); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-ended
	if l := s.lines(1)[0]; l.Status != 499 || l.MadeBy != "client" || len(l.Attempts) != 1 || l.Attempts[0].Symptom != "" {
		t.Errorf("%+v", l)
	}
	if st := s.gate.Status().Upstreams[0].Endpoints[0]; st.Failures != 0 {
		t.Errorf("the server is blamed: %+v", st)
	}
}

func TestRoutes(t *testing.T) {
	a, b := newServer(t, well("a")), newServer(t, well("b"))
	s := newSite(t, func(c *config.Config) {
		c.Upstreams["b"] = config.Upstream{Servers: []config.Server{{URL: b.address}}}
		c.Sites = []config.Site{
			{Name: "api", Hosts: []string{"api.test", "*.api.test"}, Routes: []config.Route{{Path: "=/exact", To: "b"}, {Path: "/v1/", Methods: []string{"POST"}, To: "b"}, {Path: "/h", Headers: map[string]string{"X-Beta": "1"}, To: "b"}, {Path: "/", To: "default"}}},
			{Name: "only", Hosts: []string{"only.test"}, Routes: []config.Route{{Path: "/app", To: "b"}}},
		}
	}, a)
	for _, c := range []struct{ method, host, path, beta, want string }{
		{"GET", "api.test", "/exact", "", "b"}, {"GET", "api.test", "/exact/x", "", "a"}, {"POST", "x.api.test:80", "/v1/y", "", "b"}, {"GET", "API.test", "/v1/y", "", "a"},
		{"GET", "api.test", "/h", "1", "b"}, {"GET", "api.test", "/h", "2", "a"}, {"GET", "only.test", "/app", "", "b"}, {"GET", "only.test", "/apple", "", "404"}, {"GET", "other.test", "/", "", "404"},
	} {
		r, _ := http.NewRequest(c.method, s.url+c.path, nil)
		r.Host = c.host
		if c.beta != "" {
			r.Header.Set("X-Beta", c.beta)
		}
		code, body, _ := s.send(r)
		if code == 404 {
			body = "404"
		}
		if body != c.want {
			t.Errorf("%+v: %q", c, body)
		}
	}
}

// TestReloadKeepsWhatIsKnown: servers come and go, and health, connections and
// requests under way stay.
func TestReloadKeepsWhatIsKnown(t *testing.T) {
	a, b := newServer(t, well("a")), newServer(t, well("b"))
	s := newSite(t, nil, a)
	s.ask("GET", "/", "")
	before := s.gate.Status().Upstreams[0].Endpoints[0]
	next, err := config.Simple([]string{"127.0.0.1:0"}, []string{"http://" + a.address, "http://" + b.address}, s.log)
	if err != nil {
		t.Fatal(err)
	}
	next.Defaults()
	if err := s.gate.Reload(next); err != nil {
		t.Fatal(err)
	}
	st := s.gate.Status().Upstreams[0]
	if len(st.Endpoints) != 2 || st.Endpoints[0].Requests != before.Requests || st.Endpoints[0].Idle != 1 {
		t.Errorf("%+v", st)
	}
	bad := *next
	bad.Trusted = []string{"nonsense"}
	if err := s.gate.Reload(&bad); err == nil || len(s.gate.Status().Upstreams[0].Endpoints) != 2 {
		t.Errorf("a bad configuration: %v", err)
	}
	if err := s.gate.Drain("", a.address, true); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, body, _ := s.ask("GET", "/", ""); body != "b" {
			t.Fatalf("a drained server answered %q", body)
		}
	}
	// Neither another limit of time nor another weight brings a server back that a
	// person took out.
	for _, change := range []func(*config.Upstream){
		func(u *config.Upstream) { u.Timeouts.First = time.Minute },
		func(u *config.Upstream) {
			u.Servers = []config.Server{{URL: u.Servers[0].URL, Weight: 3}, u.Servers[1]}
		},
		func(u *config.Upstream) {
			u.Check = &config.Check{Every: time.Hour, Timeout: time.Second, Rise: 1, Fall: 1}
		},
	} {
		c := *next
		u := c.Upstreams["default"]
		change(&u)
		c.Upstreams = map[string]config.Upstream{"default": u}
		if err := s.gate.Reload(&c); err != nil {
			t.Fatal(err)
		}
		for _, e := range s.gate.Status().Upstreams[0].Endpoints {
			if want := map[bool]string{true: "draining", false: "up"}[e.Address == a.address]; e.Condition != want {
				t.Errorf("after a reload %s is %s, want %s", e.Address, e.Condition, want)
			}
		}
	}
	s.gate.Drain("", a.address, false)
	if err := s.gate.Drain("", "1.2.3.4:5", true); err == nil {
		t.Error("an unknown server was drained")
	}
}

// TestActiveChecks: a server starts down until its check succeeds.
func TestActiveChecks(t *testing.T) {
	var good atomic.Bool
	a := newServer(t, answering(func(c net.Conn, r *http.Request) bool {
		if r.URL.Path == "/check" && !good.Load() {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwait")
			return true
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready")
		return true
	}))
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Check = &config.Check{Path: "/check", Body: "ready", Every: 5 * time.Millisecond, Timeout: time.Second, Rise: 1, Fall: 1}
		u.Wait = 20 * time.Millisecond
	}), a)
	if code, _, _ := s.ask("GET", "/", ""); code != 503 {
		t.Errorf("before its first success the server was asked: %d", code)
	}
	// A check that was never right says why, as one that fails later does.
	for e := s.gate.Status().Upstreams[0].Endpoints[0]; e.Condition != "unchecked,failing" || !strings.Contains(e.Why, "lacks"); e = s.gate.Status().Upstreams[0].Endpoints[0] {
		time.Sleep(time.Millisecond)
	}
	good.Store(true)
	for s.gate.Status().Upstreams[0].Endpoints[0].Condition != "up" {
		time.Sleep(time.Millisecond)
	}
	if code, _, _ := s.ask("GET", "/", ""); code != 200 {
		t.Error(code)
	}
}

func TestStickyAndHash(t *testing.T) {
	var servers []*server
	for i := range 4 {
		servers = append(servers, newServer(t, well(fmt.Sprint(i))))
	}
	s := newSite(t, upstreamOf(func(u *config.Upstream) { u.Policy, u.Cookie = "sticky", "sid" }), servers...)
	_, first, h := s.ask("GET", "/", "")
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if !strings.HasPrefix(cookie, "sid=") {
		t.Fatalf("no cookie: %v", h)
	}
	for range 10 {
		r, _ := http.NewRequest("GET", s.url, nil)
		r.Header.Set("Cookie", "other=1; "+cookie)
		if _, body, h := s.send(r); body != first || h.Get("Set-Cookie") != "" {
			t.Errorf("went to %s, not %s; %v", body, first, h)
		}
	}
	s = newSite(t, upstreamOf(func(u *config.Upstream) { u.Policy, u.HashKey = "hash", "path" }), servers...)
	seen := map[string]bool{}
	for i := range 20 {
		path := fmt.Sprint("/", i)
		_, one, _ := s.ask("GET", path, "")
		if _, two, _ := s.ask("GET", path+"?q", ""); one != two {
			t.Errorf("%s went to %s and %s", path, one, two)
		}
		seen[one] = true
	}
	if len(seen) < 3 {
		t.Errorf("20 paths went to %d of 4 servers", len(seen))
	}
	s = newSite(t, func(c *config.Config) {
		c.Trusted = []string{"127.0.0.0/8"}
		upstreamOf(func(u *config.Upstream) { u.Policy, u.HashKey = "hash", "client" })(c)
	}, servers...)
	clear(seen)
	for i := range 20 { // behind one balancer
		said := ""
		for n := range 3 {
			r, _ := http.NewRequest("GET", s.url, nil)
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("6.6.6.%d, 192.0.2.%d", n, i))
			_, body, _ := s.send(r)
			if n > 0 && body != said {
				t.Errorf("client %d went to %s and %s", i, said, body)
			}
			said, seen[body] = body, true
		}
	}
	if len(seen) < 3 {
		t.Errorf("20 clients of one balancer went to %d of 4 servers", len(seen))
	}
}

// TestEarlyAnswer: the server answers 413 after the head of a large upload and
// closes; the client gets the 413, and its next request is served.
func TestEarlyAnswer(t *testing.T) {
	s := newSite(t, nil, newServer(t, func(_ int, c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		switch {
		case err != nil:
		case r.ContentLength > 1000:
			io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
		default:
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		}
	}))
	for round := range 10 {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
		go func() { io.CopyN(c, zeros{}, 100000000) }() // ends when the gateway closes
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != 413 || !resp.Close {
			t.Errorf("round %d: %+v %v", round, resp, err)
		}
		c.Close()
	}
	if code, body, _ := s.ask("GET", "/", ""); code != 200 || body != "ok" {
		t.Errorf("%d %q", code, body)
	}
}

// TestUploadsOnOneConnection: the end of one upload does not disturb what follows
// on the same connection of the client.
func TestUploadsOnOneConnection(t *testing.T) {
	s := newSite(t, nil, newServer(t, echo()))
	for i := range 200 {
		r, _ := http.NewRequest("POST", s.url, io.MultiReader(strings.NewReader("unknown length")))
		if code, body, _ := s.send(r); code != 200 || !strings.Contains(body, "body=unknown length\n") {
			t.Fatalf("request %d: %d %s", i, code, body)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
