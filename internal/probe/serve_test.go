package probe

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// direct dials from where the test runs.
func direct(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// raw serves every connection with f on a port of its own, and returns the address.
// The end of the test closes all connections and waits for f.
func raw(t testing.TB, f func(c *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer c.Close()
				f(c.(*net.TCPConn))
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// request reads up to the empty line of a request.
func request(c net.Conn) string {
	var got []byte
	for b := make([]byte, 1); len(got) < 4 || string(got[len(got)-4:]) != "\r\n\r\n"; {
		if _, err := c.Read(b); err != nil {
			break
		}
		got = append(got, b[0])
	}
	return string(got)
}

// says serves text after each request and closes in peace.
func says(t testing.TB, text string) string {
	return raw(t, func(c *net.TCPConn) {
		request(c)
		io.WriteString(c, text)
		c.CloseWrite()
		io.Copy(io.Discard, c)
	})
}

// reset makes the close of c a RST.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

var get = topo.Spoken{Method: "GET", URI: "/", Version: "1.0", Header: []topo.Header{{Name: "Host", Value: "example.com"}}}

var short = Limits{FirstByte: 2 * time.Second, Total: 5 * time.Second, Body: 128 << 10}

func tcp(address string) Target { return Target{Network: "tcp", Address: address} }

// need returns the path of a program, or skips the test.
func need(t testing.TB, program, install string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatalf("%s is not installed: %s", program, install)
	}
	t.Skipf("%s is not installed: %s", program, install)
	return ""
}

// start runs a server until the end of the test.
func start(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := os.Create(filepath.Join(dir, filepath.Base(program)+".out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(3 * time.Second):
			cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			b, _ := os.ReadFile(out.Name())
			t.Logf("%s said:\n%s", program, b)
		}
	})
}

// ready waits until something accepts at address.
func ready(t testing.TB, network, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		c, err := direct(ctx, network, address)
		if err == nil {
			c.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("nothing listens at %s: %v", address, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// port returns an address that was free a moment ago, below the range from which
// the kernel gives ports to others.
func port(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(20000))))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

var errRefusedToDial = errors.New("this dialer refuses")

// watched dials, and closes read once the given number of bytes were received.
func watched(read chan struct{}, bytes int) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := direct(ctx, network, address)
		return &watchedConn{Conn: c, left: bytes, read: read}, err
	}
}

type watchedConn struct {
	net.Conn
	left int
	read chan struct{}
}

func (w *watchedConn) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if w.left > 0 {
		if w.left -= n; w.left <= 0 {
			close(w.read)
		}
	}
	return n, err
}

// pipe dials a peer in this process that reads everything, says b and hangs up.
func pipe(b []byte) Dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go io.Copy(io.Discard, there)
		go func() {
			there.Write(b)
			there.Close()
		}()
		return here, nil
	}
}
