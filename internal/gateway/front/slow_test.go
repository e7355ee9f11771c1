package front

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// TestDrippingBody: a body that comes byte by byte ends by its rate, long before its
// pauses would end it.
func TestDrippingBody(t *testing.T) {
	for _, framing := range []string{"Content-Length: 100000\r\n\r\n", "Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nffff\r\n"} {
		s := newSite(t, func(c *config.Config) { c.Limits.BodyTime, c.Limits.BodyRate = time.Second, 1000 }, func(c net.Conn, r *http.Request, _ []byte) bool { return false })
		c := s.dial()
		go func() {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+framing)
			for {
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 408 ") {
			t.Errorf("%q", got)
		}
		has(t, s.logged(1), `"status":408,"made_by":"client"`, "limits.body_rate")
	}
}

// TestDrippingLeftover: what nobody wants of a body is not waited for byte by byte, even
// where nothing of it is data.
func TestDrippingLeftover(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *config.Config) { c.Sites[0].Routes[0].Path = "/app" }, nil)
	c := s.dial()
	io.WriteString(c, "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;")
	if resp, _ := reply(t, bufio.NewReader(c), "POST"); resp.StatusCode != 404 {
		t.Error(resp)
	}
	for range 1000 { // of the 4096 that an extension may have
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the connection is open")
}

// TestRateEndsWithTheAnswer: once the server answers while it still reads, pauses of the
// body are part of the conversation.
func TestRateEndsWithTheAnswer(t *testing.T) {
	app, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	go func() {
		c, err := app.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for b := make([]byte, 1); ; {
			if _, err := io.ReadFull(r.Body, b); err != nil {
				break
			}
			fmt.Fprintf(c, "1\r\n%s\r\n", b)
		}
		io.WriteString(c, "0\r\n\r\n")
	}()
	s := newSite(t, func(c *config.Config) {
		c.Limits.BodyTime, c.Limits.BodyRate = 600*time.Millisecond, 1<<20
		u := c.Upstreams["default"]
		u.Servers = []config.Server{{URL: "http://" + app.Addr().String()}}
		c.Upstreams["default"] = u
	}, nil)
	c := s.dial()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []byte("talk") {
		time.Sleep(250 * time.Millisecond)
		fmt.Fprintf(c, "1\r\n%c\r\n", want)
		b := make([]byte, 1)
		if _, err := io.ReadFull(resp.Body, b); err != nil || b[0] != want {
			t.Fatalf("%q %v", b, err)
		}
	}
	io.WriteString(c, "0\r\n\r\n")
	if b, err := io.ReadAll(resp.Body); err != nil || len(b) > 0 {
		t.Errorf("%q %v", b, err)
	}
}

// TestServerTakesSlowly: that the server pauses is not the client's doing, whatever
// waiting there was before.
func TestServerTakesSlowly(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	rest := strings.Repeat("x", size-1)
	var app net.Listener
	s := newSite(t, func(c *config.Config) {
		var err error
		if app, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		c.Limits.BodyTime, c.Limits.BodyRate = 2400*time.Millisecond, 1000
		u := c.Upstreams["default"]
		u.Servers = []config.Server{{URL: "http://" + app.Addr().String()}}
		c.Upstreams["default"] = u
	}, nil)
	defer app.Close()
	go func() {
		c, err := app.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		time.Sleep(3 * time.Second)
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%8d", n)
	}()
	c := s.dial()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nx", size)
	time.Sleep(50 * time.Millisecond) // so that the gateway has to wait once
	go io.WriteString(c, rest)
	if resp, body := reply(t, bufio.NewReader(c), "POST"); resp.StatusCode != 200 || strings.TrimSpace(body) != fmt.Sprint(size) {
		t.Errorf("%v %q", resp, body)
	}
}

// TestQuietAfterABurst: an answer that once had to wait for its reader may be silent for
// longer than its reader may be slow, with both versions of HTTP.
func TestQuietAfterABurst(t *testing.T) {
	burst := strings.Repeat("x", 16<<20)
	s := newSite(t, func(c *config.Config) { c.Limits.WriteTime = 2 * time.Second }, func(c net.Conn, r *http.Request, _ []byte) bool {
		length := len(burst) + 5
		if r.URL.Path == "/chunked" {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(burst), burst)
		} else {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, burst)
		}
		time.Sleep(2500 * time.Millisecond)
		if r.URL.Path == "/chunked" {
			io.WriteString(c, "5\r\nevent\r\n0\r\n\r\n")
		} else {
			io.WriteString(c, "event")
		}
		return true
	})
	addr, conf := s.secure()
	for _, c := range []struct {
		url    string
		second bool
	}{{"http://" + s.addr, false}, {"https://" + addr, true}} {
		for _, path := range []string{"/chunked", "/length"} {
			t.Run(fmt.Sprint(c.url[:5], c.second, path), func(t *testing.T) {
				t.Parallel()
				tr := &http.Transport{TLSClientConfig: conf.Clone(), ForceAttemptHTTP2: c.second}
				defer tr.CloseIdleConnections()
				resp, err := (&http.Client{Transport: tr}).Get(c.url + path)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				time.Sleep(100 * time.Millisecond) // the gateway has to wait
				n, err := io.CopyN(io.Discard, resp.Body, int64(len(burst)))
				rest, err2 := io.ReadAll(resp.Body)
				if err != nil || err2 != nil || string(rest) != "event" {
					t.Errorf("%s: %d bytes and %q, %v %v", resp.Proto, n, rest, err, err2)
				}
			})
		}
	}
}

// TestUploadPausesOverHTTP2: as TestServerTakesSlowly.
func TestUploadPausesOverHTTP2(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	s := newSite(t, func(c *config.Config) { c.Limits.BodyTime, c.Limits.BodyRate = 1200*time.Millisecond, 1000 }, nil)
	s.front.core = func(r *gateway.Request, w gateway.Responder) {
		r.Body.Read(make([]byte, 1))
		time.Sleep(1800 * time.Millisecond)
		n, err := io.Copy(io.Discard, r.Body)
		text := fmt.Sprint(n+1, err)
		w.Head(200, nil, int64(len(text)), false)
		w.Write([]byte(text))
	}
	addr, conf := s.secure()
	tr := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Post("https://"+addr, "", strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); string(b) != fmt.Sprint(size, error(nil)) {
		t.Errorf("%q %v", b, err)
	}
}

// TestStopWithAnUnreadBody: a client that owes the rest of a body which nobody wants
// keeps nobody waiting.
func TestStopWithAnUnreadBody(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Sites[0].Routes[0].Path = "/app" }, nil)
	c := s.dial()
	io.WriteString(c, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
	if resp, _ := reply(t, bufio.NewReader(c), "POST"); resp.StatusCode != 404 {
		t.Error(resp)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.front.Stop(ctx); err != nil {
		t.Error(err)
	}
}
