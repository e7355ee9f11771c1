package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Answer is what a client received.
type Answer struct {
	Status int   // 0: no HTTP answer
	Body   int   // bytes
	Err    error // what went wrong, also when a status came before it
}

// dial connects inside of the scene's network namespace.
func (b *Bench) dial(ctx context.Context, address string) (net.Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	if b.netns < 0 {
		return dialer.DialContext(ctx, network, address)
	}
	var c net.Conn
	err := inside(b.netns, func() (err error) {
		// An address without a name is dialled in the goroutine that asks for it.
		c, err = dialer.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// inside runs f in a network namespace, on a thread of its own, which goes back to
// where it was. It must: the first thread of a process cannot end, and would show its
// namespace to everybody who reads /proc/net.
func inside(netns int, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("cannot open the network namespace of a thread: %w", err)
			return
		}
		defer unix.Close(home)
		if err := unix.Setns(netns, unix.CLONE_NEWNET); err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("cannot enter the scene's network: %w", err)
			return
		}
		err = f()
		if unix.Setns(home, unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// Ask makes one request as a client of the scene would, and reads the whole
// answer.
func (s Scene) Ask(ctx context.Context) Answer {
	return s.bench.ask(ctx, s.Hosts, s.Method, s.URL, s.Body)
}

func (b *Bench) ask(ctx context.Context, hosts map[string]string, method, target string, body int) Answer {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, u, err := b.connect(ctx, hosts, target)
	if err != nil {
		return Answer{Err: err}
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		c.SetDeadline(end)
	}
	if method == "" {
		method = http.MethodGet
	}
	in := bufio.NewReader(c)
	return exchange(c, in, method, u, body, true)
}

func (b *Bench) connect(ctx context.Context, hosts map[string]string, target string) (net.Conn, *url.URL, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, nil, err
	}
	address := u.Host
	if to, ok := hosts[u.Hostname()]; ok {
		address = to
	}
	c, err := b.dial(ctx, address)
	if err != nil || u.Scheme != "https" {
		return c, u, err
	}
	return tls.Client(c, &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true}), u, nil
}

// exchange sends one request and reads its answer. The body is sent while the
// answer is read, as browsers do.
func exchange(c net.Conn, in *bufio.Reader, method string, u *url.URL, body int, last bool) Answer {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: shop-client/2.4\r\nAccept: */*\r\n", method, u.RequestURI(), u.Host)
	if last {
		head += "Connection: close\r\n"
	}
	if body > 0 || method == http.MethodPost {
		head += fmt.Sprintf("Content-Type: application/octet-stream\r\nContent-Length: %d\r\n", body)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := io.WriteString(c, head+"\r\n"); err == nil && body > 0 {
			io.CopyN(c, zeros{}, int64(body))
		}
	}()
	r, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		c.Close()
		<-sent
		return Answer{Err: err}
	}
	n, err := io.Copy(io.Discard, r.Body)
	r.Body.Close()
	if err != nil || last {
		c.Close()
	}
	<-sent
	return Answer{Status: r.StatusCode, Body: int(n), Err: err}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// poll asks for target again and again until the bench is closed, as a monitor
// or a customer does.
func (b *Bench) poll(hosts map[string]string, target string, every time.Duration) {
	if b.err != nil {
		return
	}
	b.pollers.Add(1)
	go func() {
		defer b.pollers.Done()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			b.ask(b.life, hosts, http.MethodGet, target, 0)
			select {
			case <-tick.C:
			case <-b.life.Done():
				return
			}
		}
	}()
}

// leave begins a request and goes away before the answer, when the gateway has
// had the time given to pass it on.
func (b *Bench) leave(hosts map[string]string, target string, after time.Duration) {
	if b.err != nil {
		return
	}
	c, u, err := b.connect(b.ctx, hosts, target)
	if err != nil {
		b.fail("cannot ask for %s: %w", target, err)
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: shop-client/2.4\r\n\r\n", u.RequestURI(), u.Host)
	c.SetReadDeadline(time.Now().Add(after))
	c.Read(make([]byte, 1))
}

// occupy begins a request in the background and stays until the bench is closed.
func (b *Bench) occupy(hosts map[string]string, target string) {
	if b.err != nil {
		return
	}
	c, u, err := b.connect(b.ctx, hosts, target)
	if err != nil {
		b.fail("cannot ask for %s: %w", target, err)
		return
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: shop-client/2.4\r\n\r\n", u.RequestURI(), u.Host)
	b.pollers.Add(1)
	go func() {
		defer b.pollers.Done()
		<-b.life.Done()
		c.Close()
	}()
}
