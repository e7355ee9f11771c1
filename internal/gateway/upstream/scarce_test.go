package upstream

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
)

// TestCheckOutOfTime says of a check that nobody answered what it saw: no client left.
func TestCheckOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := piped(t, 1, Settings{Check: &Check{Path: "/", Every: time.Second, Timeout: time.Second, Rise: 1, Fall: 1}},
			func(_ string, _ int, c net.Conn) { io.Copy(io.Discard, c) })
		time.Sleep(1500 * time.Millisecond)
		if why := p.Endpoints()[0].Status().Why; !strings.Contains(why, "no byte of an answer in time") {
			t.Errorf("why: %q", why)
		}
		p.Close()
	})
}

// TestTrialIsNoLimit: a server on trial has not reached the limit of requests.
func TestTrialIsNoLimit(t *testing.T) {
	p := piped(t, 1, Settings{}, says(""))
	e := p.Endpoints()[0]
	e.trial.Store(1)
	e.load.Add(1)
	defer e.load.Add(-1)
	if _, f := p.Acquire(context.Background(), &Choice{}); f == nil || f.Symptom != "destination_unavailable" {
		t.Errorf("%v", f)
	}
}

// TestWhoIsToBlame: a socket that may not be used takes its server out, as long as
// there is another one; that this host is short of descriptors takes out none.
func TestWhoIsToBlame(t *testing.T) {
	for errno, want := range map[syscall.Errno]Condition{syscall.EACCES: Ejected, syscall.EPERM: Ejected, syscall.EMFILE: 0, syscall.EADDRNOTAVAIL: 0} {
		p := New(Settings{EjectFor: time.Hour}, []*Endpoint{{Network: "unix", Address: "a"}, {Network: "unix", Address: "b"}})
		e := p.Endpoints()[0]
		for range 5 {
			e.settled(fail(event.Connect, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errno)}), &event.Attempt{})
		}
		if got := e.Condition(); got != want {
			t.Errorf("%v: %v, want %v", errno, got, want)
		}
		p.Close()
	}
}

// TestFullQueue: Linux refuses at once what finds the queue of a unix socket full, with
// an error that calls itself a timeout.
func TestFullQueue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		c, err := net.DialTimeout("unix", path, time.Minute)
		if err == nil {
			defer c.Close()
			continue
		}
		if f := fail(event.Connect, err); f.Symptom != "connection_refused" || f.Detail != "dial: resource temporarily unavailable" {
			t.Errorf("%v", f)
		}
		return
	}
	t.Error("the queue is not full after 100 connections")
}

// TestRecordOfAnother: of FastCGI's records only those of the request are its answer.
func TestRecordOfAnother(t *testing.T) {
	p := piped(t, 1, Settings{Protocol: FastCGI}, func(_ string, _ int, c net.Conn) {
		c.Read(make([]byte, 4096))
		b := fastcgi.AppendRecord(nil, fastcgi.Stdout, 2, []byte("Status: 500\r\n\r\nnot yours"))
		b = fastcgi.AppendRecord(b, fastcgi.Stdout, 1, []byte("Content-Type: text/plain\r\n\r\nhello"))
		b = fastcgi.AppendRecord(b, fastcgi.EndRequest, 2, make([]byte, 8))
		b = fastcgi.AppendRecord(b, fastcgi.Stdout, 1, []byte(" world"))
		c.Write(fastcgi.AppendRecord(b, fastcgi.EndRequest, 1, make([]byte, 8)))
	})
	if r := do(p, &Request{Method: "GET", Body: &Body{}}); r.status != 200 || r.body != "hello world" {
		t.Errorf("%+v", r)
	}
}

// TestParamsStayWhole: PHP reads each record of parameters by itself.
func TestParamsStayWhole(t *testing.T) {
	var params []byte
	want := 0
	for i := range 40 {
		params = fastcgi.AppendParam(params, "HTTP_X", strings.Repeat("v", i*100))
		want += i * 100
	}
	params = fastcgi.AppendParam(params, "HTTP_HUGE", strings.Repeat("v", 100_000)) // in a record of its own
	params = fastcgi.AppendParam(params, "HTTP_LAST", "v")
	got, parts, ended := 0, 0, false
	for b := appendParams(nil, params); len(b) > 0; {
		r, n, err := fastcgi.Parse(b)
		if err != nil || ended {
			t.Fatal(err, ended)
		}
		whole := 0
		if fastcgi.ParseParams(r.Content, func(_, value []byte) bool { whole += len(value); return true }) == nil {
			got += whole
		} else {
			parts++
		}
		ended = len(r.Content) == 0
		b = b[n:]
	}
	if got != want+1 || parts != 2 || !ended {
		t.Errorf("%d of %d bytes in whole pairs, %d records with a part of one, ended %v", got, want+1, parts, ended)
	}
}

// TestBeyondTheLength: what a script writes beyond its Content-Length is not delivered,
// and does not spoil what it said.
func TestBeyondTheLength(t *testing.T) {
	for _, extra := range []string{" world", ""} {
		p := piped(t, 1, Settings{Protocol: FastCGI}, func(_ string, _ int, c net.Conn) {
			c.Read(make([]byte, 4096))
			b := fastcgi.AppendRecord(nil, fastcgi.Stdout, 1, []byte("Content-Length: 5\r\n\r\nhello"+extra))
			if extra == "" {
				b = fastcgi.AppendRecord(b, fastcgi.Stdout, 1, []byte("?"))
			}
			c.Write(fastcgi.AppendRecord(b, fastcgi.EndRequest, 1, make([]byte, 8)))
		})
		if r := do(p, &Request{Method: "GET", Body: &Body{}}); r.f != nil || r.body != "hello" {
			t.Errorf("%q: %q, %v", extra, r.body, r.f)
		}
	}
}

// TestFileBeingWritten: a list that is written in place is read when it is whole, and a
// server that stands in it twice is one.
func TestFileBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "servers")
		p := piped(t, 0, Settings{}, says(""))
		n := NewNames(p, func() (list []Server, err error) {
			b, err := os.ReadFile(file)
			for _, host := range strings.Fields(string(b)) {
				list = append(list, Server{Network: "tcp", Host: host, Port: 80, Weight: 1})
			}
			return list, err
		}, 2*time.Second)
		n.Watch = file
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("127.0.0.1 127.0.0.2 127.0.0.1")
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		least := 2
		for i := range 30 { // 100 ms each: longer than a file is left alone and than names are valid
			write("127.0.0.1 " + strings.Repeat("#", i))
			time.Sleep(100 * time.Millisecond)
			least = min(least, len(p.Endpoints()))
		}
		write("127.0.0.1 127.0.0.2 127.0.0.3")
		time.Sleep(watchEvery + 2*settling)
		if got := len(p.Endpoints()); least != 2 || got != 3 {
			t.Errorf("%d servers while it was written, %d afterwards", least, got)
		}
		n.Stop()
		p.Close()
	})
}
