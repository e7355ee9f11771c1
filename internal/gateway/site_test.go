package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/front"
)

func TestMain(m *testing.M) {
	if address := os.Getenv("GOODGATE_TEST_SERVER"); address != "" {
		goApplication(address, os.Getenv("GOODGATE_TEST_DIR"))
		return
	}
	goleak.VerifyTestMain(m)
}

// server is a device behind the gateway: a real socket, served by a function.
type server struct {
	address string
	serve   func(number int, c net.Conn)

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
	count int
	wg    sync.WaitGroup
}

// newServer starts a device.
func newServer(t testing.TB, serve func(number int, c net.Conn)) *server {
	t.Helper()
	s := &server{serve: serve, conns: map[net.Conn]bool{}, address: "127.0.0.1:0"}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// start listens, again on the same address after stop.
func (s *server) start(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.l, s.address = l, l.Addr().String()
	s.mu.Unlock()
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.count++
			n := s.count
			s.mu.Unlock()
			s.wg.Go(func() {
				s.serve(n, c)
				c.Close()
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
			})
		}
	})
}

// stop closes the listener and resets every connection, as kill -9 does.
func (s *server) stop() {
	s.mu.Lock()
	s.l.Close()
	for c := range s.conns {
		if tc, ok := c.(*net.TCPConn); ok {
			tc.SetLinger(0)
		}
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// answering serves HTTP by h on plain connections, so that h may do with the
// connection what it likes. h returns false to close.
func answering(h func(c net.Conn, r *http.Request) bool) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if !h(c, r) {
				return
			}
			io.Copy(io.Discard, r.Body)
		}
	}
}

// well answers 200 with the text.
func well(text string) func(int, net.Conn) {
	return answering(func(c net.Conn, r *http.Request) bool {
		io.Copy(io.Discard, r.Body)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		return true
	})
}

// site is a gateway with its front on a real socket.
type site struct {
	t      testing.TB
	gate   *gateway.Gateway
	url    string
	addr   string
	client *http.Client
	log    string
}

// newSite starts a gateway in front of servers; change may alter its
// configuration.
func newSite(t testing.TB, change func(*config.Config), servers ...*server) *site {
	t.Helper()
	return newSiteWith(t, gateway.Options{}, change, servers...)
}

// newSiteWith is newSite for a gateway with options.
func newSiteWith(t testing.TB, o gateway.Options, change func(*config.Config), servers ...*server) *site {
	t.Helper()
	s := &site{t: t, log: filepath.Join(t.TempDir(), "access.log")}
	var to []string
	for _, one := range servers {
		to = append(to, "http://"+one.address)
	}
	if len(to) == 0 {
		to = []string{"http://127.0.0.1:1"} // change brings its own
	}
	c, err := config.Simple([]string{"127.0.0.1:0"}, to, s.log)
	if err != nil {
		t.Fatal(err)
	}
	c.Defaults()
	if change != nil {
		change(c)
	}
	if s.gate, err = gateway.New(c, o); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := front.New(s.gate, c.Limits, nil)
	served := make(chan error, 1)
	go func() { served <- f.Serve(l) }()
	s.addr, s.url = l.Addr().String(), "http://"+l.Addr().String()
	tr := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
	s.client = &http.Client{Transport: tr, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		f.Stop(ctx)
		if err := s.gate.Close(); err != nil {
			t.Error(err)
		}
		f.Wait()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// upstreamOf changes the one upstream of a simple configuration.
func upstreamOf(change func(*config.Upstream)) func(*config.Config) {
	return func(c *config.Config) {
		u := c.Upstreams["default"]
		change(&u)
		c.Upstreams["default"] = u
	}
}

// ask makes a request and returns status, body and header.
func (s *site) ask(method, path, body string) (int, string, http.Header) {
	s.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, s.url+path, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) (int, string, http.Header) {
	s.t.Helper()
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, "broken: " + err.Error(), resp.Header
	}
	return resp.StatusCode, string(b), resp.Header
}

// line is what the tests read of a line of the access log.
type line struct {
	Method   string  `json:"method"`
	Status   int     `json:"status"`
	MadeBy   string  `json:"made_by"`
	Symptom  string  `json:"symptom"`
	URI      string  `json:"uri"`
	Retries  int     `json:"retries"`
	Hedges   int     `json:"hedges"`
	Held     float64 `json:"held"`
	Cut      bool    `json:"cut"`
	Attempts []struct {
		Upstream string `json:"upstream"`
		Symptom  string `json:"symptom"`
		Phase    string `json:"phase"`
		Detail   string `json:"detail"`
		Status   int    `json:"status"`
		Won      bool   `json:"won"`
		Hedge    bool   `json:"hedge"`
		Reused   bool   `json:"reused"`
	} `json:"attempts"`
}

// lines waits until the log has n lines and returns them.
func (s *site) lines(n int) []line {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		b, _ := os.ReadFile(s.log)
		if bytes.Count(b, []byte("\n")) >= n {
			var out []line
			for _, one := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
				var l line
				if err := json.Unmarshal(one, &l); err != nil {
					s.t.Fatalf("%v in %s", err, one)
				}
				out = append(out, l)
			}
			return out
		}
		if time.Now().After(end) {
			s.t.Fatalf("the log has less than %d lines: %s", n, b)
		}
		time.Sleep(time.Millisecond)
	}
}
