package front

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// TestTaking: a client is given up for what it did while it was waited for.
func TestTaking(t *testing.T) {
	const s = int64(time.Second)
	l := &config.Limits{WriteTime: 10 * time.Second, WriteRate: 1000}
	steady := func(each, of int64) (seen [][3]int64) {
		for i := int64(1); i <= 200; i++ {
			seen = append(seen, [3]int64{1, i * each, i * of})
		}
		return seen
	}
	for _, c := range []struct {
		name  string
		looks [][3]int64 // since, now, bytes
		want  error
		at    int
	}{
		{"steady", steady(s, 1001), nil, 0},
		{"lumps that come late", steady(9*s, 9001), nil, 0},
		{"a drip", steady(s, 1), errDrips, 11},
		{"half of it", steady(s, 500), errDrips, 21},
		{"nothing", steady(s, 0), errStill, 11},
		{"nothing after very much", append([][3]int64{{1, s, 0}, {1, 2 * s, 1 << 40}}, [3]int64{1, 12*s + 1, 1 << 40}), errStill, 2},
		{"a drip after very much", append([][3]int64{{1, s, 0}, {1, 2 * s, 1 << 40}}, [3]int64{1, 9 * s, 1<<40 + 1}, [3]int64{1, 13 * s, 1<<40 + 2}), errDrips, 3},
		{"a server that is silent between", [][3]int64{{1, s, 0}, {1000 * s, 1001 * s, 1}, {2000 * s, 2001 * s, 2}, {3000 * s, 3001 * s, 3}}, nil, 0},
	} {
		var k taking
		for i, one := range c.looks {
			if err := k.look(one[0], one[1], one[2], l); err != nil {
				if err != c.want || i != c.at {
					t.Errorf("%s: look %d: %v, want %v at %d", c.name, i, err, c.want, c.at)
				}
				break
			} else if i == len(c.looks)-1 && c.want != nil {
				t.Errorf("%s: it is not given up", c.name)
			}
		}
	}
}

// roomy is a listener whose connections have room for much that was not taken yet.
type roomy struct{ net.Listener }

func (r roomy) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok {
		t.SetWriteBuffer(1 << 20)
	}
	return c, err
}

// TestDrippingReader: who takes an answer by drips is given up, with TLS, by chunks and
// where the kernel moves the bytes; who takes it slowly is not, however long the
// kernel's buffer takes to have room.
func TestDrippingReader(t *testing.T) {
	const rate = 50 << 20
	s := newSite(t, func(c *config.Config) { c.Limits.WriteTime, c.Limits.WriteRate = 2*time.Second, rate }, everything)
	slow := newSite(t, func(c *config.Config) { c.Limits.WriteTime = 2 * time.Second }, everything)
	read := func(t *testing.T, c net.Conn, each int, pause, most time.Duration) (err error) {
		c.SetDeadline(time.Now().Add(30 * time.Second))
		io.WriteString(c, "GET /download HTTP/1.1\r\nHost: a\r\n\r\n")
		in := bufio.NewReader(c)
		if _, err := http.ReadResponse(in, nil); err != nil {
			return err
		}
		for begun := time.Now(); time.Since(begun) < most; time.Sleep(pause) {
			if _, err := io.CopyN(io.Discard, in, int64(each)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("drips, TLS ", secure), func(t *testing.T) {
			t.Parallel()
			c := s.dial()
			if secure {
				addr, conf := s.secure()
				conf = conf.Clone()
				conf.NextProtos = []string{"http/1.1"}
				var err error
				if c, err = tls.Dial("tcp", addr, conf); err != nil {
					t.Fatal(err)
				}
				defer c.Close()
			}
			if read(t, c, 64<<10, 20*time.Millisecond, 20*time.Second) == nil {
				t.Error("it may go on for ever")
			}
		})
	}
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		slow.serve(roomy{l})
		// Loopback's segments of 64 KB would make the client's host tell of room as late.
		d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1400) })
		}}
		c, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.(*net.TCPConn).SetReadBuffer(64 << 10)
		if err := read(t, c, 16<<10, 100*time.Millisecond, 6*time.Second); err != nil {
			t.Error(err)
		}
		if got := slow.logged(0); got != "" { // the gateway may be done while the kernel's buffer is not
			t.Error(got)
		}
	})
	t.Cleanup(func() { // when both have ended
		if got := s.logged(2); strings.Count(got, errDrips.Error()) != 2 {
			t.Error(got)
		}
	})
}
