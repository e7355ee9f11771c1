package backend

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"time"
)

// talk serves one connection. raw is kept beside the TLS connection because a
// reset is made on the socket.
func (s *server) talk(raw net.Conn, wrap func(net.Conn) net.Conn) {
	defer raw.Close()
	in := bufio.NewReader(raw)
	var c net.Conn = raw
	if s.config.Proxy {
		line, err := in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "PROXY ") {
			return
		}
	}
	if wrap != nil {
		c = wrap(&buffered{raw, in})
		in = bufio.NewReader(c)
		defer c.Close()
	}
	for {
		// A method begins with a letter (RFC 9110, 5.6.2 and 9.1): what does not
		// is refused at its first byte, as Node does.
		if first, err := in.Peek(1); err != nil || first[0] < 'A' || first[0] > 'Z' {
			if err == nil {
				refuse(c)
			}
			return
		}
		r, err := http.ReadRequest(in)
		if err != nil {
			if !closed(err) {
				refuse(c)
			}
			return
		}
		if !s.answer(raw, c, r) || s.idle() == 0 || r.Close || !r.ProtoAtLeast(1, 1) {
			return
		}
		raw.SetReadDeadline(time.Now().Add(s.idle()))
		if _, err := in.Peek(1); err != nil {
			return
		}
		raw.SetReadDeadline(time.Time{})
	}
}

// buffered is a connection whose first bytes have already been read.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.in.Read(p) }

func refuse(c net.Conn) {
	io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request")
}

// closed says that err comes from the transport, so that there is nobody to
// answer.
func closed(err error) bool {
	_, transport := err.(net.Error)
	return transport || err == io.EOF || err == io.ErrUnexpectedEOF
}

func (s *server) route(r *http.Request) Route {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, route := range s.routes {
		if strings.HasPrefix(r.URL.Path, route.Path) && (route.Method == "" || route.Method == r.Method) {
			return route
		}
	}
	return Route{Status: http.StatusNotFound, Body: "no such page\n"}
}

// answer carries out what the route says and reports whether the connection may
// serve another request.
func (s *server) answer(raw, c net.Conn, r *http.Request) bool {
	route := s.route(r)
	if route.Do == "deaf" {
		// Closing with unread input makes the kernel send a reset: the sender
		// of a large body sees it in the middle of sending (RFC 9112, 9.6).
		return false
	}
	io.Copy(io.Discard, r.Body)
	if route.Delay > 0 {
		time.Sleep(time.Duration(route.Delay) * time.Millisecond)
	}
	switch route.Do {
	case "":
		return s.proper(c, r, route)
	case "hang":
		io.Copy(io.Discard, c) // until the other side gives up
	case "panic":
		panic("order 4711 has no customer")
	case "close":
	case "reset":
		reset(raw)
	case "garbage":
		io.WriteString(c, "\x00\x17{\"event\":\"hello\",\"proto\":7}\r\n\r\n")
	case "banner":
		io.WriteString(c, "220 mail.internal ESMTP ready\r\n")
	case "bad-header":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX Broken\x01Header: yes\r\n\r\nok\n")
	case "bad-status":
		io.WriteString(c, "HTTP/1.1 OK\r\nContent-Length: 3\r\n\r\nok\n")
	case "nul-header":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Session: a\x00b\r\n\r\nok\n")
	case "bad-chunk":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\nzz\r\nok\n\r\n0\r\n\r\n")
	case "short":
		body := strings.Repeat("0123456789abcde\n", 128)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", 4*len(body), body)
	case "cut-chunk":
		body := strings.Repeat("0123456789abcde\n", 128)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", 2*len(body), body)
	case "stall":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4096\r\n\r\n0123456789abcde\n")
		io.Copy(io.Discard, c) // until the other side gives up
	case "half-header":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le")
	}
	return false
}

func reset(c net.Conn) {
	switch c := c.(type) {
	case *net.TCPConn:
		c.SetLinger(0)
		c.Close()
	}
}

func (s *server) proper(c net.Conn, r *http.Request, route Route) bool {
	status := route.Status
	if status == 0 {
		status = http.StatusOK
	}
	body := route.Body
	if body == "" {
		body = "ok\n"
	}
	keep := s.idle() > 0 && !r.Close && r.ProtoAtLeast(1, 1)
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	if s.config.Server != "" {
		fmt.Fprintf(&b, "Server: %s\r\n", s.config.Server)
	}
	fmt.Fprintf(&b, "Date: %s\r\nContent-Length: %d\r\n", time.Now().UTC().Format(http.TimeFormat), len(body))
	fields := make([]string, 0, len(route.Header))
	for name := range route.Header {
		fields = append(fields, name)
	}
	sort.Strings(fields)
	for _, name := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", name, route.Header[name])
	}
	if _, ok := route.Header["Content-Type"]; !ok {
		b.WriteString("Content-Type: text/plain\r\n")
	}
	for left := route.Pad; left > 0; left -= 1024 {
		fmt.Fprintf(&b, "Set-Cookie: s%d=%s; Path=/\r\n", left, strings.Repeat("v", min(left, 1000)))
	}
	switch {
	case !keep:
		b.WriteString("Connection: close\r\n")
	case s.config.Announce:
		fmt.Fprintf(&b, "Keep-Alive: timeout=%d\r\nConnection: keep-alive\r\n", int(s.idle().Seconds()))
	}
	b.WriteString("\r\n")
	if r.Method != http.MethodHead {
		b.WriteString(body)
	}
	_, err := io.WriteString(c, b.String())
	return err == nil && keep
}
