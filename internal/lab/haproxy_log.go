package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (h *HAProxy) logTarget() string {
	switch h.way {
	case toFile:
		return "log stdout format " + pick(h.b, "raw", "rfc3164") + " local0"
	case toSyslog:
		return fmt.Sprintf("log %s local0", h.syslog())
	}
	return fmt.Sprintf("log 127.0.0.1:%d local0", h.b.Port())
}

// syslog starts a service that writes what it gets as rsyslog does, and returns
// where it listens.
func (h *HAProxy) syslog() string {
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		h.b.fail("cannot start a syslog service: %w", err)
		return "127.0.0.1:514"
	}
	h.b.Write(h.log, "")
	out, err := os.OpenFile(h.log, os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		h.b.fail("cannot start a syslog service: %w", err)
		return in.LocalAddr().String()
	}
	h.b.held = append(h.b.held, in)
	h.b.pollers.Add(1)
	go func() {
		defer h.b.pollers.Done()
		defer out.Close()
		<-h.b.life.Done()
		in.Close()
	}()
	go receive(in, out)
	return in.LocalAddr().String()
}

// receive writes datagrams as lines: without the priority, with the host's name
// behind the stamp.
func receive(in net.PacketConn, out io.Writer) {
	buf := make([]byte, 64<<10)
	for {
		n, _, err := in.ReadFrom(buf)
		if err != nil {
			return
		}
		text := string(buf[:n])
		if i := strings.IndexByte(text, '>'); i > 0 && i < 6 {
			text = text[i+1:]
		}
		if len(text) > 16 {
			text = text[:16] + "gw1 " + text[16:]
		}
		fmt.Fprintln(out, strings.TrimSpace(text))
	}
}

// past writes the log of yesterday and of the last hour.
func (h *HAProxy) past() {
	if h.way == toNobody {
		return
	}
	yesterday := h.b.yesterday()
	var old strings.Builder
	for i := range 6 + h.b.Rand.IntN(12) {
		at := yesterday.Add(time.Duration(i*17) * time.Second)
		state := pick(h.b, "SC--", "sH--", "SH--", "PH--", "sC--")
		old.WriteString(h.line(at, "legacy_in", "legacy/app1", "0/0/-1/-1/3", 503, state, "/shop/checkout"))
		old.WriteString(h.line(at.Add(time.Second), h.target.app+"_in", "legacy/app1", "0/0/0/2/2", 404, "----", "/wp-login.php"))
	}
	old.WriteString(h.good)
	path := h.log
	if h.way == toFile {
		path += ".past"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.b.fail("cannot write %s: %w", path, err)
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err == nil {
		_, err = f.WriteString(old.String())
		f.Close()
	}
	if err != nil {
		h.b.fail("cannot write %s: %w", path, err)
	}
}

// line is a request of the past as HAProxy logs it.
func (h *HAProxy) line(at time.Time, front, server, timers string, status int, state, path string) string {
	text := fmt.Sprintf(`198.51.100.23:%d [%s] %s %s %s %d 212 - - %s 3/1/0/0/0 0/0 "GET %s HTTP/1.1"`, 40000+at.Second()*100, at.Format("02/Jan/2006:15:04:05.000"), front, server, timers, status, state, path)
	if h.way == toSyslog {
		return fmt.Sprintf("%s gw1 haproxy[%d]: %s\n", at.Format(time.Stamp), h.pid, text)
	}
	return text + "\n"
}

func (h *HAProxy) record(at time.Time, took float64) string {
	ms := int(took * 1000)
	return h.line(at, h.target.app+"_in", h.target.pool()+"/s1", fmt.Sprintf("0/0/0/%d/%d", ms, ms), 200, "----", h.target.path)
}

// remembers makes the scene one whose log shows how long requests took.
func (h *HAProxy) remembers() {
	logged(h)
	h.plain()
}

// plain keeps the target behind a frontend of its own name.
func (h *HAProxy) plain() {
	if len(h.others) > 0 && h.others[0].listen != h.target.listen {
		h.others[0].listen = h.target.listen
		h.target.host, h.others[0].host = h.target.app+".shop.test", h.others[0].app+".shop.test"
		h.target.scheme, h.target.options = "http", ""
		h.hosts[h.target.host], h.hosts[h.others[0].host] = h.target.listen, h.target.listen
	}
}
