package front

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// TestStopInTheMiddle ends a front while clients of every kind are at work: what is idle
// ends at once, what goes on is broken off at the deadline, and nothing is left behind.
func TestStopInTheMiddle(t *testing.T) {
	const idle = 2000
	s := newSite(t, nil, everything)
	addr, conf := s.secure()
	var conns []net.Conn
	for i := range idle { // silent ones, and ones that have asked
		c := s.dial()
		if i%2 == 0 {
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			reply(t, bufio.NewReader(c), "GET")
		}
		conns = append(conns, c)
	}
	var busy sync.WaitGroup
	var ready sync.WaitGroup
	work := func(f func(begun func()) error) {
		ready.Add(1)
		busy.Go(func() {
			if err := f(sync.OnceFunc(ready.Done)); err == nil {
				t.Error("something that has no end ended well")
			}
		})
	}
	plain := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	first := &http.Client{Transport: &http.Transport{TLSClientConfig: conf.Clone(), DisableKeepAlives: true}}
	second := &http.Client{Transport: &http.Transport{TLSClientConfig: conf.Clone(), ForceAttemptHTTP2: true}}
	defer second.CloseIdleConnections()
	for _, c := range []struct {
		client *http.Client
		url    string
	}{{plain, "http://" + s.addr}, {first, "https://" + addr}, {second, "https://" + addr}} {
		work(func(begun func()) error { return events(c.client, c.url, begun) })
		work(func(begun func()) error { return echoes(c.client, c.url, begun) })
		work(func(begun func()) error { return download(c.client, c.url, begun) })
	}
	work(func(begun func()) error { return talks(s.addr, nil, begun) })
	work(func(begun func()) error { return talks(addr, conf, begun) })
	ready.Wait()
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if err := s.front.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, c := range conns {
		c.SetDeadline(time.Now().Add(20 * time.Second)) // it was set long ago
		if n, err := c.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			t.Fatalf("an idle one: %d %v", n, err)
		}
	}
	s.end() // ends the tunnels
	busy.Wait()
}

// everything serves what TestStopInTheMiddle asks for.
func everything(c net.Conn, r *http.Request, body []byte) bool {
	switch r.URL.Path {
	case "/events":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for {
			if _, err := io.WriteString(c, "9\r\ndata: x\n\n\r\n"); err != nil {
				return false
			}
			time.Sleep(10 * time.Millisecond)
		}
	case "/talk":
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: talk\r\nConnection: Upgrade\r\n\r\n")
		io.Copy(c, c)
		return false
	case "/download":
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", int64(1)<<40)
		for b := make([]byte, 1<<16); ; {
			if _, err := c.Write(b); err != nil {
				return false
			}
		}
	}
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	return true
}

// events follows an endless stream of them.
func events(client *http.Client, url string, begun func()) error {
	resp, err := client.Get(url + "/events")
	if err != nil {
		begun()
		return err
	}
	defer resp.Body.Close()
	for b := make([]byte, 9); ; begun() {
		if _, err := io.ReadFull(resp.Body, b); err != nil {
			return err
		}
	}
}

// download reads on and on.
func download(client *http.Client, url string, begun func()) error {
	resp, err := client.Get(url + "/download")
	begun()
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<40-1))
	return err
}

// echoes uploads without an end.
func echoes(client *http.Client, url string, begun func()) error {
	resp, err := client.Post(url+"/upload", "", slowly{begun: begun})
	if err != nil {
		return err
	}
	resp.Body.Close()
	return fmt.Errorf("%s", resp.Status)
}

// slowly is a body that goes on and on.
type slowly struct{ begun func() }

func (s slowly) Read(b []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	s.begun()
	return copy(b, bytes.Repeat([]byte("x"), 1000)), nil
}

// talks switches to another protocol.
func talks(addr string, conf *tls.Config, begun func()) error {
	var c net.Conn
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if conf != nil {
		conf = conf.Clone()
		conf.NextProtos = []string{"http/1.1"}
		c = tls.Client(c, conf)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, "GET /talk HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: talk\r\n\r\nearly")
	in := bufio.NewReader(c)
	if _, err := http.ReadResponse(in, nil); err != nil {
		begun()
		return err
	}
	for b := make([]byte, 5); ; begun() {
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		if string(b) != "early" {
			begun()
			return nil
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestResumption: a client comes back without another handshake of the whole.
func TestResumption(t *testing.T) {
	s := newSite(t, func(c *config.Config) {}, nil)
	addr, conf := s.secure()
	conf.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for round, proto := range []string{"http/1.1", "http/1.1"} {
		conf := conf.Clone()
		conf.NextProtos = []string{proto}
		c, err := tls.Dial("tcp", addr, conf)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if b, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 200 ") {
			t.Errorf("%q %v", b, err)
		}
		if got := c.ConnectionState().DidResume; got != (round > 0) {
			t.Errorf("round %d: resumed %v", round, got)
		}
		c.Close()
	}
}
