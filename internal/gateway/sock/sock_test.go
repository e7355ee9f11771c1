package sock

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// both returns the two ends of a connection.
func both(t testing.TB, network string) (a, b net.Conn) {
	t.Helper()
	if network == "pipe" {
		a, b = net.Pipe()
	} else {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = filepath.Join(t.TempDir(), "s")
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if a, err = net.Dial(network, l.Addr().String()); err == nil {
			b, err = l.Accept()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

var networks = []string{"tcp", "unix", "pipe"}

// TestAsNetConn holds reads and writes against those of package net.
func TestAsNetConn(t *testing.T) {
	data := make([]byte, 5<<20)
	for i := range data {
		data[i] = byte(i*7 + i>>8 + i>>16) // no period that hides pieces that change places
	}
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			a, b := both(t, network)
			s := New(a)
			if s.Raw() != (network != "pipe") {
				t.Error("raw is", s.Raw())
			}
			go func() {
				s.WriteBoth(data[:1000], data[1000:])
				s.WriteBoth(data[:1<<20], data[1<<20:]) // more than the kernel is given at once
				s.WriteBoth(nil, data[:10])
				s.WriteBoth(data[10:20], nil)
				s.Write(data[20:30])
				a.Close()
			}()
			got, err := io.ReadAll(b)
			if err != nil || !bytes.Equal(got, slices.Concat(data, data, data[:30])) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			mine, its := both(t, network)
			go func() { its.Write(data); its.Close() }()
			if got, err = io.ReadAll(New(mine)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// TestErrors: deadlines, resets and closed connections look as those of package
// net.
func TestErrors(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			a, b := both(t, network)
			s := New(a)
			s.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			_, err := s.Read(make([]byte, 1))
			var op *net.OpError
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &op) || op.Op != "read" || !op.Timeout() {
				t.Error(err)
			}
			s.SetReadDeadline(time.Time{})
			s.SetWriteDeadline(time.Now().Add(5 * time.Millisecond))
			if n, err := s.WriteBoth(make([]byte, 8<<20), make([]byte, 8<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || n >= 16<<20 {
				t.Error(n, err)
			}
			s.Close()
			if _, err = s.Read(make([]byte, 1)); err == nil {
				t.Error("a closed connection was read")
			}
			if _, err = s.Write(make([]byte, 1)); err == nil {
				t.Error("a closed connection was written")
			}
			if network == "tcp" {
				a, b = both(t, network)
				s = New(a)
				b.(*net.TCPConn).SetLinger(0)
				b.Close()
				_, mine := s.Read(make([]byte, 1))
				if !errors.Is(mine, syscall.ECONNRESET) || !errors.As(mine, &op) || op.Op != "read" || op.Net != "tcp" {
					t.Error(mine)
				}
			}
		})
	}
}

func TestLook(t *testing.T) {
	a, b := both(t, "tcp")
	s := New(a)
	until := func(want State) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); s.Look() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it is %d, not %d", s.Look(), want)
			}
		}
	}
	if s.Look() != Quiet || s.Over() {
		t.Error("not quiet")
	}
	b.Write([]byte("x"))
	until(Readable)
	b.(*net.TCPConn).CloseWrite()
	for !s.Over() {
		time.Sleep(time.Millisecond)
	}
	until(Readable)
	s.Read(make([]byte, 1))
	until(Ended)
	a, b = both(t, "tcp")
	s = New(a)
	b.(*net.TCPConn).SetLinger(0)
	b.Close()
	until(Broken)
	s.Close()
	if s.Look() != Broken || !s.Over() {
		t.Error("closed")
	}
}

// TestLent: a Read without a buffer has one only while there is something to read.
func TestLent(t *testing.T) {
	a, b := both(t, "tcp")
	s := New(a)
	lent, blocked := 0, make(chan bool, 10)
	buf := make([]byte, 16)
	s.Lend = func(give bool) []byte {
		if !give {
			lent--
			return nil
		}
		lent++
		return buf
	}
	s.Blocked = func(write bool) {
		if lent != 0 || write {
			t.Error("it waits with a buffer")
		}
		blocked <- true
	}
	go func() { <-blocked; b.Write([]byte("abc")) }()
	if n, err := s.Read(nil); n != 3 || err != nil || lent != 1 || string(buf[:n]) != "abc" {
		t.Error(n, err, lent)
	}
}

func TestReadAndWriteDoNotAllocate(t *testing.T) {
	a, b := both(t, "tcp")
	s, peer := New(a), New(b)
	in, out := make([]byte, 64), []byte("hello")
	if n := testing.AllocsPerRun(100, func() {
		s.WriteBoth(out, out)
		peer.Read(in)
		if s.Look() != Quiet {
			t.Error("not quiet")
		}
	}); n != 0 && !raced {
		t.Errorf("%v allocations", n)
	}
}

// TestPipe moves a stream from one connection to another through a pipe.
func TestPipe(t *testing.T) {
	p, err := NewPipe()
	if err != nil {
		t.Skip(err)
	}
	defer p.Close()
	from, in := both(t, "tcp")
	to, out := both(t, "unix")
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i*7 + i>>8 + i>>16) // no period that hides pieces that change places
	}
	go func() { from.Write(data); from.Close() }()
	source, sink := New(in), New(to)
	moved := make(chan error, 1)
	go func() {
		defer to.Close()
		for {
			if _, err := source.ReadTo(p, 1<<20); err != nil {
				moved <- err
				return
			}
			if err := sink.WriteFrom(p); err != nil {
				moved <- err
				return
			}
		}
	}()
	got, err := io.ReadAll(out)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := <-moved; err != io.EOF {
		t.Error(err)
	}
	// A deadline passes, and a reader is gone.
	more, waits := both(t, "tcp")
	slow := New(waits)
	slow.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	if _, err := slow.ReadTo(p, 1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	slow.SetReadDeadline(time.Time{})
	left, gone := both(t, "tcp")
	gone.(*net.TCPConn).SetLinger(0)
	gone.Close()
	go more.Write(data)
	end := New(left)
	for err = nil; err == nil; {
		if _, err = slow.ReadTo(p, 1<<20); err == nil {
			err = end.WriteFrom(p)
		}
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "write" {
		t.Error(err)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := New(a).ReadTo(p, 1); err != ErrNoPipe {
		t.Error(err)
	}
}
