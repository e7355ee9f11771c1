package probe

import (
	"bufio"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// instance answers each command on a unix socket and closes.
func instance(t *testing.T, answer func(command string, c net.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(c).ReadString('\n')
			answer(line, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return path
}

func TestAskSocket(t *testing.T) {
	path := instance(t, func(command string, c net.Conn) {
		switch command {
		case "show info\n":
			c.Write([]byte("Name: HAProxy\n"))
		case "endless\n":
			for block := []byte(strings.Repeat("x", 1<<16)); ; {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		}
	})
	r, err := AskSocket(t.Context(), direct, "unix", path, "show info\n", nil)
	if err != nil || r.Text != "Name: HAProxy\n" || r.Cut {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := AskSocket(t.Context(), direct, "unix", path, "endless\n", nil); err != nil || len(r.Text) != socketBytes || !r.Cut {
		t.Errorf("%d bytes, cut %v, %v", len(r.Text), r.Cut, err)
	}
	if _, err := AskSocket(t.Context(), direct, "unix", path, "nothing\n", nil); err == nil {
		t.Error("an empty answer is one")
	}
	if _, err := AskSocket(t.Context(), direct, "unix", path+".not", "show info\n", nil); err == nil {
		t.Error("a socket that is not there answers")
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := AskSocket(ctx, direct, "unix", path, "show info\n", nil); err == nil {
		t.Error("it is asked after its time")
	}
}

func TestAskSocketAnswersAChallenge(t *testing.T) {
	path := instance(t, func(hello string, c net.Conn) {
		c.Write([]byte("challenge 42\n"))
		said, _ := bufio.NewReader(c).ReadString('\n')
		c.Write([]byte("you said " + said))
	})
	next := func(got []byte) string {
		if string(got) == "challenge 42\n" {
			return "42\n"
		}
		return ""
	}
	r, err := AskSocket(t.Context(), direct, "unix", path, "hello\n", next)
	if err != nil || r.Text != "challenge 42\nyou said 42\n" {
		t.Errorf("%+v, %v", r, err)
	}
}
