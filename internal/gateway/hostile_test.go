package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// TestRouteIsNotDodged: what one server would take for another route's path goes to
// neither, and a prefix is taken off however it is written.
func TestRouteIsNotDodged(t *testing.T) {
	open, closed := newServer(t, echo()), newServer(t, echo())
	s := newSite(t, func(c *config.Config) {
		c.Upstreams["closed"] = config.Upstream{Servers: []config.Server{{URL: closed.address}}}
		c.Sites[0].Routes = []config.Route{{Path: "/admin", To: "closed", Strip: "/admin"}, {Path: "/", To: "default"}}
	}, open)
	for target, want := range map[string]string{
		"/%61dmin/x?y": "GET /x?y ", "//admin/x": "GET /x ", "http://x/admin": "GET / ", "/a%2Fb/../c": "GET /a%2Fb/../c ",
		"/x/../admin": "400", "/x%2f..%2fadmin": "400", "/\\admin": "400", "/;/admin": "400", "/admin/..;/x": "400",
	} {
		got := s.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if !strings.Contains(got, want) || want == "400" && strings.Contains(got, "200 OK") {
			t.Errorf("%s: %s", target, got)
		}
	}
	if l := s.lines(9)[8]; l.Symptom == "" && l.Status == 400 {
		t.Errorf("%+v", l)
	}
}

// TestSpoofedOrigin: what a client says of where it comes from reaches no server, in
// whatever spelling an environment would make of it.
func TestSpoofedOrigin(t *testing.T) {
	const fields = "X_Forwarded_For: 6.6.6.6\r\nx-forwarded_for: 6.6.6.6\r\nX_Forwarded_Proto: evil\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-User: evil\r\nX_Real_IP: 6.6.6.6\r\nTransfer_Encoding: evil\r\nContent_Length: 66\r\nX_Own: kept\r\n"
	s := newSite(t, nil, newServer(t, echo()))
	got := s.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n")
	if strings.Contains(got, "6.6.6.6") || strings.Contains(got, "evil") || strings.Contains(got, ": 66\n") || !strings.Contains(got, "kept") {
		t.Error(got)
	}
	got = s.raw("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTrailer: X-Forwarded-For, X_Real_Ip, Digest\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-forwarded-for: 6.6.6.6\r\nX_Real_Ip: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nVia: 6.6.6.6\r\nDigest: d\r\n\r\n")
	if strings.Contains(got, "6.6.6.6") || !strings.Contains(got, "trailer Digest=[d]") {
		t.Error(got)
	}
	s = newSite(t, func(c *config.Config) { c.Trusted = []string{"127.0.0.1"} }, newServer(t, echo()))
	got = s.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n")
	if strings.Contains(got, "6.6.6.6") || !strings.Contains(got, "X-Forwarded-Prefix: /evil") {
		t.Error(got)
	}
}

// TestConnectionNames: what a client names in Connection goes no further, and nothing
// that the gateway says is lost by it.
func TestConnectionNames(t *testing.T) {
	s := newSite(t, nil, newServer(t, echo()))
	got := s.raw("POST / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Forwarded-For, x-forwarded-proto, Host, Content-Length, Via, X-Request-Id,Forwarded,, X-Own\r\nX-Own: 1\r\nContent-Length: 4\r\n\r\nbody")
	for _, want := range []string{"host=x", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "Via: 1.1 goodgate", "X-Request-Id: ", "Forwarded: for=127.0.0.1", "body=body"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "X-Own") {
		t.Error(got)
	}
}

// TestUpgradeToHTTP2: a tunnel of HTTP/2 would carry requests that nobody here sees.
func TestUpgradeToHTTP2(t *testing.T) {
	for asked, want := range map[string]string{
		"Upgrade: h2c": "", "Upgrade: H2C, websocket": "websocket", "Upgrade: websocket,h2c": "websocket", "Upgrade: x\r\nUpgrade: h2c": "x", "Upgrade: h2c,": "", "Upgrade: a/1, b": "a/1, b",
	} {
		s := newSite(t, nil, newServer(t, echo()))
		got := s.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" + asked + "\r\n\r\n")
		if want != "" {
			want = "Upgrade: " + want + "\n"
		}
		if strings.Contains(strings.ToLower(got), "h2c") || strings.Contains(got, "Http2-Settings") || !strings.Contains(got, want) || want == "" && strings.Contains(got, "Upgrade: ") {
			t.Errorf("%q: %s", asked, got)
		}
	}
}

// TestUpgradeBeforeTheBody: a server that switches before it has read the request's
// body does not get a tunnel in the middle of it.
func TestUpgradeBeforeTheBody(t *testing.T) {
	s := newSite(t, nil, newServer(t, func(_ int, c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		if r.Header.Get("Upgrade") != "" {
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			io.Copy(c, c)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n%06d", n)
	}))
	got := s.raw("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: x\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("y", 200000))
	if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, "200000") {
		t.Errorf("%.200s", got)
	}
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 4\r\n\r\nbodyearly")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(in, b); err != nil || string(b) != "early" {
		t.Errorf("%q %v", b, err)
	}
}
