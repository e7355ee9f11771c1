package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// backendMain serves on an address in a mode until it is killed. It writes each
// request's id and method to a file opened for appending, so that what was done is
// known also after kill -9.
func backendMain(args []string) {
	address, mode, record := args[0], args[1], args[2]
	out, err := os.OpenFile(record, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if record == os.DevNull {
		out = nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var all group
	go all.endAt(l)
	for {
		in, err := l.Accept()
		if err != nil {
			break
		}
		c := &conn{c: in.(*net.TCPConn), mode: mode, out: out, all: &all}
		all.add(c)
		go c.serve()
	}
	all.under.Wait()
}

type conn struct {
	c    *net.TCPConn
	mode string
	out  *os.File
	all  *group
	busy bool // under all.mu
}

// group is every connection, so that SIGTERM ends them as servers do: those that
// are idle at once, the others after their answer.
type group struct {
	mu    sync.Mutex
	list  map[*conn]bool
	ends  bool
	under sync.WaitGroup
}

func (g *group) add(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.list == nil {
		g.list = map[*conn]bool{}
	}
	g.list[c] = true
	g.under.Add(1)
}

// busy marks a connection, and reports whether it goes on.
func (g *group) busy(c *conn, busy bool) (goesOn bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.busy = busy
	return busy || !g.ends
}

func (g *group) leave(c *conn) {
	g.mu.Lock()
	delete(g.list, c)
	g.mu.Unlock()
	g.under.Done()
}

// endAt waits for SIGTERM.
func (g *group) endAt(l net.Listener) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	<-term
	l.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ends = true
	for c := range g.list {
		if !c.busy {
			c.c.Close()
		}
	}
}

var bodies = struct {
	sync.Mutex
	made map[int][]byte
}{made: map[int][]byte{}}

// answer is a whole answer with a body of that size.
func answer(size int) []byte {
	bodies.Lock()
	defer bodies.Unlock()
	if b := bodies.made[size]; b != nil {
		return b
	}
	b := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", size)
	b = append(b, bytes.Repeat([]byte{'x'}, size)...)
	bodies.made[size] = b
	return b
}

// serve reads requests by hand: a net/http server would cost more than what is
// measured.
func (c *conn) serve() {
	defer c.all.leave(c)
	defer c.c.Close()
	in := bufio.NewReaderSize(c.c, 16<<10)
	for n := 0; ; n++ {
		if c.mode == "race" && n > 0 {
			// The server has decided to close after a second; what comes in that
			// moment is lost.
			c.c.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := in.Peek(1); err != nil {
				c.c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				if _, err := in.Peek(1); err == nil {
					c.c.SetLinger(0)
				}
				return
			}
			c.c.SetReadDeadline(time.Time{})
		}
		if _, err := in.Peek(1); err != nil {
			return
		}
		c.all.busy(c, true)
		size, ok := c.request(in)
		if !ok {
			return
		}
		switch c.mode {
		case "slow":
			time.Sleep(2 * time.Second)
		case "garbage":
			io.WriteString(c.c, "\x15\x03\x01\x00\x02\x02\x50 garbage\r\n\r\n")
			return
		case "midheader":
			io.WriteString(c.c, "HTTP/1.1 200 OK\r\nContent-Le")
			return
		}
		if _, err := c.c.Write(answer(size)); err != nil || !c.all.busy(c, false) {
			return
		}
	}
}

// request reads one request and returns the size that its path asks for.
func (c *conn) request(in *bufio.Reader) (size int, ok bool) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, false
	}
	method, rest, _ := strings.Cut(string(line), " ")
	path, _, _ := strings.Cut(rest, " ")
	size, _ = strconv.Atoi(strings.TrimPrefix(path, "/"))
	length, id := 0, ""
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, false
		}
		if len(line) <= 2 {
			break
		}
		switch {
		case len(line) > 16 && strings.EqualFold(string(line[:16]), "content-length: "):
			length, _ = strconv.Atoi(strings.TrimSpace(string(line[16:])))
		case c.out != nil && len(line) > 6 && strings.EqualFold(string(line[:6]), "x-id: "):
			id = strings.TrimSpace(string(line[6:]))
		}
	}
	if _, err := in.Discard(length); err != nil {
		return 0, false
	}
	if c.out != nil && id != "" {
		c.out.WriteString(method + " " + id + "\n")
	}
	return size, true
}
