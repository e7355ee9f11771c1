package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// framer speaks HTTP/2 frame by frame, as no client of good manners does.
type framer struct {
	t testing.TB
	net.Conn
}

// Types of frames (RFC 9113 section 6).
const (
	frameData, frameHeaders, frameReset, frameSettings, framePing, frameGoAway, frameWindowUpdate, frameContinuation = 0, 1, 3, 4, 6, 7, 8, 9
)

// frames connects and sends a preface with one setting; id 0 for none.
func (s *site) frames(addr string, conf *tls.Config, id uint16, value uint32) *framer {
	s.t.Helper()
	conf = conf.Clone()
	conf.NextProtos = []string{"h2"}
	c, err := tls.Dial("tcp", addr, conf)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	f := &framer{s.t, c}
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	var settings []byte
	if id > 0 {
		settings = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(nil, id), value)
	}
	f.frame(frameSettings, 0, 0, settings)
	return f
}

func (f *framer) frame(kind, flags byte, stream uint32, payload []byte) error {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	_, err := f.Write(append(binary.BigEndian.AppendUint32(b, stream), payload...))
	return err
}

// block encodes fields as literals without an index (RFC 7541 section 6.2.2).
func block(fields ...string) []byte {
	var b bytes.Buffer
	for i := 0; i < len(fields); i += 2 {
		b.WriteByte(0)
		for _, s := range fields[i : i+2] {
			if len(s) > 126 {
				panic("too long for one byte")
			}
			b.WriteByte(byte(len(s)))
			b.WriteString(s)
		}
	}
	return b.Bytes()
}

// until reads frames up to one of the kind on the stream, and returns its payload.
// Others of that stream are handed back as well; an end is nil.
func (f *framer) until(stream uint32, kinds ...byte) (kind byte, payload []byte) {
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(f, head); err != nil {
			return 255, nil
		}
		payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(f, payload); err != nil {
			return 255, nil
		}
		if binary.BigEndian.Uint32(head[5:]) == stream && bytes.IndexByte(kinds, head[3]) >= 0 {
			return head[3], payload
		}
	}
}

// TestHTTP2Refused: what HTTP/2 can carry and a request line cannot reaches no server.
func TestHTTP2Refused(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	lines := 0
	for _, c := range []struct{ method, path, authority, more string }{
		{"GET /smuggled HTTP/1.1", "/x", "a", ""},
		{"GET", "/x HTTP/1.1", "a", ""},
		{"GET", "/x y", "a", ""},
		{"GET", "/%", "a", ""},
		{"GET", "http://other/x", "a", ""},
		{"GET", "*", "a", ""},
		{"GET", "/x", "a b", ""},
		{"GET", "/x", "a:evil", ""},
		{"GET", "/x", "a/b", ""},
		{"GE(T", "/x", "a", ""},
		{"GET", "/x#y", "a", ""},
		{"POST", "/x", "a", "5x"},
		{"POST", "/x", "a", "+5"},
	} {
		f := s.frames(addr, conf, 0, 0)
		fields, flags := []string{":method", c.method, ":scheme", "https", ":path", c.path, ":authority", c.authority}, byte(5)
		if c.more != "" {
			fields, flags = append(fields, "content-length", c.more), 4
		}
		f.frame(frameHeaders, flags, 1, block(fields...))
		kind, payload := f.until(1, frameHeaders, frameReset)
		if kind == frameHeaders {
			if payload[0] != 0x8c { // :status 400, indexed
				t.Errorf("%+v: answered % x", c, payload)
			}
			lines++
			has(t, s.logged(lines), `"status":400,"made_by":"client"`)
		}
		f.Close()
	}
	if len(s.asked()) > 0 {
		t.Errorf("the server was asked %q", s.asked())
	}
}

// TestHTTP2BodyMissing: a stream that ends with its head has not the body that the head
// announces.
func TestHTTP2BodyMissing(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	for length, want := range map[string]byte{"0": 0x88, "5": 0x8c} { // :status 200 and 400, indexed
		f := s.frames(addr, conf, 0, 0)
		f.frame(frameHeaders, 5, 1, block(":method", "POST", ":scheme", "https", ":path", "/"+length, ":authority", "a", "content-length", length))
		if _, payload := f.until(1, frameHeaders); len(payload) == 0 || payload[0] != want {
			t.Errorf("length %s: answered % x", length, payload)
		}
	}
	if got := fmt.Sprint(s.asked()); got != "[POST /0]" {
		t.Error(got)
	}
}

// TestHTTP2Interim: an interim answer brings nothing of the server's connection, for which
// a client would take the whole answer for malformed.
func TestHTTP2Interim(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nLink: </b>\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		return true
	})
	addr, conf := s.secure()
	tr := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	got := ""
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		got = fmt.Sprint(code, h)
		return nil
	}}
	r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), "GET", "https://"+addr, nil)
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if want := "103 map[Link:[</a> </b>]]"; got != want || resp.ProtoMajor != 2 {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestHTTP2Scheme: the client's word for the scheme does not count.
func TestHTTP2Scheme(t *testing.T) {
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		if got := r.Header.Get("X-Forwarded-Proto"); got != "https" {
			t.Errorf("the server was told %q", got)
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		return true
	})
	addr, conf := s.secure()
	f := s.frames(addr, conf, 0, 0)
	f.frame(frameHeaders, 5, 1, block(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"))
	if kind, payload := f.until(1, frameHeaders, frameReset); kind != frameHeaders || payload[0] != 0x88 {
		t.Errorf("%d % x", kind, payload)
	}
}

// TestHTTP2NoWindow: a client that opens no window for its answers does not hold them
// for ever, however small they are.
func TestHTTP2NoWindow(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *config.Config) { c.Limits.WriteTime = 200 * time.Millisecond }, func(c net.Conn, r *http.Request, _ []byte) bool {
		n := 100
		if r.URL.Path == "/large" {
			n = 100000
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
		return true
	})
	addr, conf := s.secure()
	f := s.frames(addr, conf, 4, 0) // SETTINGS_INITIAL_WINDOW_SIZE
	for i, path := range []string{"/small", "/large"} {
		stream := uint32(2*i + 1)
		f.frame(frameHeaders, 5, stream, block(":method", "GET", ":scheme", "https", ":path", path, ":authority", "a"))
		if kind, _ := f.until(stream, frameReset); kind != frameReset {
			t.Errorf("%s: frame %d", path, kind)
		}
	}
}

// TestHTTP2NothingIsRead: a connection of which the client reads nothing, with windows as
// wide as can be, ends.
func TestHTTP2NothingIsRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *config.Config) { c.Limits.WriteTime = 100 * time.Millisecond }, func(c net.Conn, r *http.Request, _ []byte) bool {
		large := make([]byte, 2<<20)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(large), large)
		return true
	})
	addr, conf := s.secure()
	f := s.frames(addr, conf, 4, 1<<31-1) // SETTINGS_INITIAL_WINDOW_SIZE
	f.frame(frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, 1<<31-1<<16))
	head := block(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "a")
	for i := range 150 {
		if f.frame(frameHeaders, 5, uint32(2*i+1), head) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the connection is open")
}

// TestHTTP2RefusalEndsNoOtherStream: an answer that leaves a body unread ends its own
// stream alone.
func TestHTTP2RefusalEndsNoOtherStream(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.Body = 10 }, nil)
	addr, conf := s.secure()
	f := s.frames(addr, conf, 0, 0)
	f.frame(frameHeaders, 4, 1, block(":method", "POST", ":scheme", "https", ":path", "/", ":authority", "a", "content-length", "1000"))
	if kind, _ := f.until(1, frameHeaders); kind != frameHeaders {
		t.Fatal(kind)
	}
	f.frame(framePing, 0, 0, make([]byte, 8))
	if kind, _ := f.until(0, framePing, frameGoAway); kind != framePing {
		t.Errorf("frame %d", kind)
	}
	f.frame(frameHeaders, 5, 3, block(":method", "GET", ":scheme", "https", ":path", "/b", ":authority", "a"))
	f.until(3, frameHeaders)
	if got := fmt.Sprint(s.asked()); got != "[GET /b]" {
		t.Error(got)
	}
}

// TestHTTP2Floods: streams that are reset as soon as they are opened, and heads without
// an end, end the connection and leave the gateway well.
func TestHTTP2Floods(t *testing.T) {
	hold := make(chan struct{})
	s := newSite(t, nil, func(c net.Conn, r *http.Request, _ []byte) bool {
		if r.URL.Path == "/hold" {
			<-hold
			return false
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		return true
	})
	defer close(hold)
	addr, conf := s.secure()
	f := s.frames(addr, conf, 0, 0)
	go io.Copy(io.Discard, f)
	head := block(":method", "GET", ":scheme", "https", ":path", "/hold", ":authority", "a")
	for i := range 20000 {
		if f.frame(frameHeaders, 5, uint32(2*i+1), head) != nil || f.frame(frameReset, 0, uint32(2*i+1), []byte{0, 0, 0, 8}) != nil {
			break
		}
	}
	f.Close()
	f = s.frames(addr, conf, 0, 0)
	f.frame(frameHeaders, 1, 1, head)
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, f); close(ended) }()
	for more := block("x-a", strings.Repeat("a", 120)); ; {
		if f.frame(frameContinuation, 0, 1, bytes.Repeat(more, 100)) != nil {
			break
		}
	}
	<-ended
	if got := s.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("%q", got)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.front.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// TestPartOverHTTP2: the next answer brings GOAWAY, which names the request as taken.
func TestPartOverHTTP2(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	f := s.frames(addr, conf, 0, 0)
	s.front.Part()
	f.frame(frameHeaders, 5, 1, block(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "a"))
	if _, payload := f.until(0, frameGoAway); len(payload) < 8 || binary.BigEndian.Uint32(payload) != 1 || binary.BigEndian.Uint32(payload[4:]) != 0 {
		t.Errorf("GOAWAY with %x", payload)
	}
}

// TestHTTP2Streams: a client learns how many streams it may open at once.
func TestHTTP2Streams(t *testing.T) {
	s := newSite(t, nil, nil)
	addr, conf := s.secure()
	_, settings := s.frames(addr, conf, 0, 0).until(0, frameSettings)
	for ; len(settings) >= 6; settings = settings[6:] {
		if binary.BigEndian.Uint16(settings) == 3 && binary.BigEndian.Uint32(settings[2:]) == 100 {
			return
		}
	}
	t.Error("no SETTINGS_MAX_CONCURRENT_STREAMS of 100")
}
