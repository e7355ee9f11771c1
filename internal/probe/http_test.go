package probe

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

func TestAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, text string
		end        End
		phase      Phase
		body       BodyEnd
		status     int
		bytes      int64 // of body
		fault      http1.Kind
	}{
		{"length", ok + "Content-Length: 5\r\n\r\nhello", EndComplete, PhaseAfter, BodyLength, 200, 5, ""},
		{"empty body", ok + "Content-Length: 0\r\n\r\n", EndComplete, PhaseAfter, BodyLength, 200, 0, ""},
		{"until close", ok + "\r\nhello", EndEOF, PhaseAfter, BodyClose, 200, 5, ""},
		{"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", EndComplete, PhaseAfter, BodyChunked, 200, 5, ""},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", EndComplete, PhaseAfter, BodyNone, 204, 0, ""},
		{"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", EndComplete, PhaseAfter, BodyLength, 200, 2, ""},
		{"short", ok + "Content-Length: 50\r\n\r\nhello", EndEOF, PhaseBody, BodyShort, 200, 5, http1.BodyShort},
		{"no last chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", EndEOF, PhaseBody, BodyChunkCut, 200, 5, http1.ChunkCut},
		{"bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nhello", EndComplete, PhaseBody, BodyChunkBad, 200, 0, http1.ChunkSize},
		{"too long", ok + "Content-Length: 2\r\n\r\nhello", EndComplete, PhaseAfter, BodyLength, 200, 2, http1.ExtraData},
		{"both", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", EndComplete, PhaseAfter, BodyChunked, 200, 0, http1.LengthAndCoding},
		{"nothing", "", EndEOF, PhaseNothing, "", 0, 0, ""},
		{"cut in the status line", "HTTP/1.1 2", EndEOF, PhaseHead, "", 0, 0, http1.HeadCut},
		{"cut in the head", ok + "Server: x\r\n", EndEOF, PhaseHead, "", 200, 0, http1.HeadCut},
		{"garbage", "\x00\x01\x02garbage\xff", EndEOF, PhaseHead, "", 0, 0, http1.StatusLine},
		{"words", "hello world\n", EndEOF, PhaseHead, "", 0, 0, http1.StatusLine},
		{"no colon", ok + "Server\r\nContent-Length: 0\r\n\r\n", EndComplete, PhaseAfter, BodyLength, 200, 0, http1.NoColon},
		{"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\n", EndComplete, PhaseAfter, BodyNone, 101, 0, http1.Switching},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := HTTP(t.Context(), direct, tcp(says(t, c.text)), get, short)
			if x.End != c.end || x.Phase != c.phase || x.BodyEnd != c.body || x.Status != c.status || x.BodyBytes != c.bytes {
				t.Errorf("end %s, phase %s, body %s, status %d, bytes %d: %s", x.End, x.Phase, x.BodyEnd, x.Status, x.BodyBytes, x.Text)
			}
			if c.fault != "" && !x.Has(c.fault) || c.fault == "" && len(x.Faults) > 0 {
				t.Errorf("faults %v, want %q", x.Faults, c.fault)
			}
			if x.Bytes != int64(len(c.text)) {
				t.Errorf("%d bytes, want %d", x.Bytes, len(c.text))
			}
			if (x.FirstByte > 0) != (len(c.text) > 0) || x.HeadDone != (x.HeadAfter > 0) || x.Seconds <= 0 {
				t.Errorf("times %v %v %v", x.FirstByte, x.HeadAfter, x.Seconds)
			}
		})
	}
}

func TestHeaderSizeIsThatOfTheFinalHead(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nSet-Cookie: " + strings.Repeat("x", 9000) + "\r\nContent-Length: 2\r\n\r\n"
	x := HTTP(t.Context(), direct, tcp(says(t, "HTTP/1.1 100 Continue\r\n\r\n"+head+"ok")), get, short)
	if x.HeaderBytes != len(head) || len(x.Interim) != 1 || !x.HeaderCut {
		t.Errorf("header %d, want %d; interim %v; cut %v", x.HeaderBytes, len(head), x.Interim, x.HeaderCut)
	}
	if v := x.Get("set-cookie"); len(v) != maxValue {
		t.Errorf("%d bytes of the value are kept", len(v))
	}
}

func TestRequestIsSentAsTheGatewayWould(t *testing.T) {
	got := make(chan string, 1)
	address := raw(t, func(c *net.TCPConn) {
		got <- request(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	spoken := topo.Spoken{Method: "GET", URI: "/a?b=c", Version: "1.1", Header: []topo.Header{
		{Name: "X-Real-IP", Value: "192.0.2.1"}, {Name: "Host", Value: "app"}, {Name: "Connection", Value: "upgrade"}, {Name: "X-Empty", Value: ""}}}
	HTTP(t.Context(), direct, tcp(address), spoken, short)
	want := "GET /a?b=c HTTP/1.1\r\nX-Real-IP: 192.0.2.1\r\nHost: app\r\nX-Empty: \r\nConnection: close\r\n\r\n"
	if r := <-got; r != want {
		t.Errorf("sent %q, want %q", r, want)
	}
}

func TestOnlyHarmlessRequestsAreSent(t *testing.T) {
	d := Dialer(nil) // would panic
	for _, s := range []topo.Spoken{
		{Method: "POST", URI: "/", Version: "1.1"}, {Method: "DELETE", URI: "/", Version: "1.1"},
		{Method: "GET", URI: "/\r\nX: y", Version: "1.1"}, {Method: "GET", URI: "/", Version: "2"},
		{Method: "GET", URI: "/", Version: "1.1", Header: []topo.Header{{Name: "A", Value: "b\nc"}}},
	} {
		if x := HTTP(t.Context(), d, tcp("127.0.0.1:1"), s, short); x.End != EndError || x.Text == "" {
			t.Errorf("%+v: %+v", s, x)
		}
	}
	if x := FastCGI(t.Context(), d, "tcp", "127.0.0.1:1", []topo.Header{{Name: "REQUEST_METHOD", Value: "PUT"}}, short); x.End != EndError {
		t.Errorf("%+v", x)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	spoken := get
	spoken.Method = "HEAD"
	x := HTTP(t.Context(), direct, tcp(says(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")), spoken, short)
	if x.BodyEnd != BodyNone || x.Length != 5 || x.Missing != 0 || x.End != EndComplete {
		t.Errorf("%+v", x)
	}
}

func TestResets(t *testing.T) {
	for _, c := range []struct {
		name, before string
		phase        Phase
		body         BodyEnd
	}{
		{"before any byte", "", PhaseNothing, ""},
		{"in the head", "HTTP/1.1 200 OK\r\nServer: x\r\n", PhaseHead, ""},
		{"in a body with length", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", PhaseBody, BodyShort},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", PhaseBody, BodyChunkCut},
		{"in a body until close", "HTTP/1.1 200 OK\r\n\r\nhello", PhaseBody, BodyReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := make(chan struct{})
			address := raw(t, func(conn *net.TCPConn) {
				request(conn)
				io.WriteString(conn, c.before)
				if c.before != "" {
					<-read // a reset throws away what the peer has not read
				}
				reset(conn)
			})
			x := HTTP(t.Context(), watched(read, len(c.before)), tcp(address), get, short)
			if x.End != EndReset || x.Phase != c.phase || x.BodyEnd != c.body {
				t.Errorf("end %s, phase %s, body %q: %s", x.End, x.Phase, x.BodyEnd, x.Text)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	for name, before := range map[string]string{"nothing": "", "half a head": "HTTP/1.1 200 OK\r\nA: b", "half a body": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell"} {
		address := raw(t, func(c *net.TCPConn) {
			request(c)
			io.WriteString(c, before)
			io.Copy(io.Discard, c)
		})
		x := HTTP(t.Context(), direct, tcp(address), get, Limits{FirstByte: 100 * time.Millisecond, Total: 300 * time.Millisecond})
		want := EndTimeout
		if before == "" {
			want = EndFirstByte
		}
		if x.End != want || before != "" && x.LongestPause < x.FirstByte {
			t.Errorf("%s: end %s, pause %v: %s", name, x.End, x.LongestPause, x.Text)
		}
	}
}

// TestEndless holds the bounds against servers that never end.
func TestEndless(t *testing.T) {
	repeat := func(begin, again string) string {
		return raw(t, func(c *net.TCPConn) {
			request(c)
			if _, err := io.WriteString(c, begin); err != nil {
				return
			}
			for b := bytes.Repeat([]byte(again), 1+4096/len(again)); ; {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		})
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, begin, again string
		end                End
		fault              http1.Kind
	}{
		{"header line", ok + "X: ", "x", EndBound, http1.HeadTooLarge},
		{"header lines", ok, "a: b\r\n", EndBound, http1.HeadTooLarge},
		{"status line", "HTTP/1.1 200 ", "x", EndBound, http1.HeadTooLarge},
		{"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", EndBound, http1.TooManyInterim},
		{"body until close", ok + "\r\n", "x", EndBound, ""},
		{"body with length", ok + "Content-Length: 9000000000\r\n\r\n", "x", EndBound, ""},
		{"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", EndBound, ""},
		{"chunk extension", ok + "Transfer-Encoding: chunked\r\n\r\n5;", "x", EndComplete, http1.TrailerTooLarge},
		{"trailers", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "a: b\r\n", EndComplete, http1.TrailerTooLarge},
		{"garbage", "", "\x00\x01", EndBound, http1.StatusLine},
		{"empty lines", "", "\r\n", EndBound, http1.StatusLine},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := HTTP(t.Context(), direct, tcp(repeat(c.begin, c.again)), get, short)
			if x.End != c.end || c.fault != "" && !x.Has(c.fault) {
				t.Errorf("%+v", x)
			}
			if x.Bytes > 2*(maxHead+short.Body) {
				t.Errorf("%d bytes were read", x.Bytes)
			}
			if n := len(asJSON(t, x)); n > 200<<10 {
				t.Errorf("the answer takes %d bytes", n)
			}
		})
	}
}

// TestDrip gives one byte at a time, for ever.
func TestDrip(t *testing.T) {
	address := raw(t, func(c *net.TCPConn) {
		request(c)
		for i := 0; ; i++ {
			if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nX: xxxxxxx"[min(i, 26) : min(i, 26)+1])); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	x := HTTP(t.Context(), direct, tcp(address), get, Limits{FirstByte: time.Second, Total: 200 * time.Millisecond})
	if x.End != EndTimeout || x.Phase != PhaseHead || x.Status != 200 {
		t.Errorf("end %s, phase %s, status %d", x.End, x.Phase, x.Status)
	}
}

func TestNotHTTP(t *testing.T) {
	for want, text := range map[string]string{
		SpeaksTLS:     "\x15\x03\x01\x00\x02\x02\x46",
		SpeaksHTTP2:   "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
		SpeaksFastCGI: "\x01\x0b\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		SpeaksSSH:     "SSH-2.0-OpenSSH_9.2p1\r\n",
		SpeaksSMTP:    "220 mail.example.com ESMTP Postfix\r\n",
		SpeaksFTP:     "220 ProFTPD FTP Server ready\r\n",
		SpeaksRedis:   "-ERR unknown command 'GET'\r\n",
		SpeaksMySQL:   "\x4a\x00\x00\x00\x0a8.0.36\x00",
		SpeaksIMAP:    "* OK [CAPABILITY IMAP4rev1] ready\r\n",
		SpeaksPOP3:    "+OK POP3 ready\r\n",
		SpeaksCGI:     "Status: 200 OK\r\n\r\n",
		SpeaksText:    "what do you want?\n",
		SpeaksBinary:  "\x00\xff\xfe",
	} {
		x := HTTP(t.Context(), direct, tcp(says(t, text)), get, short)
		if x.Speaks != want || string(x.First) != text || x.Status != 0 {
			t.Errorf("%q: speaks %q, first %q, end %s", text, x.Speaks, x.First, x.End)
		}
	}
}

// TestBannerThatStaysOpen must not cost the whole limit.
func TestBannerThatStaysOpen(t *testing.T) {
	address := raw(t, func(c *net.TCPConn) {
		io.WriteString(c, "SSH-2.0-x\r\n")
		io.Copy(io.Discard, c)
	})
	x := HTTP(t.Context(), direct, tcp(address), get, Limits{FirstByte: time.Minute, Total: time.Minute})
	if x.Speaks != SpeaksSSH || x.End != EndComplete || x.Seconds > 30 {
		t.Errorf("%+v", x)
	}
}

func TestProxyHeaderComesFirst(t *testing.T) {
	got := make(chan string, 1)
	address := raw(t, func(c *net.TCPConn) {
		got <- request(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	to := tcp(address)
	to.ProxyHeader = true
	x := HTTP(t.Context(), direct, to, get, short)
	host, p, _ := net.SplitHostPort(x.Connection.Local)
	dhost, dp, _ := net.SplitHostPort(address)
	if want, r := fmt.Sprintf("PROXY TCP4 %s %s %s %s\r\nGET / HTTP/1.0\r\n", host, dhost, p, dp), <-got; !strings.HasPrefix(r, want) {
		t.Errorf("sent %q, want %q", r, want)
	}
}

func TestAnswerBeforeTheRequestIsRead(t *testing.T) {
	address := raw(t, func(c *net.TCPConn) {
		io.WriteString(c, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
		c.CloseWrite()
		io.Copy(io.Discard, c)
	})
	if x := HTTP(t.Context(), direct, tcp(address), get, short); x.Status != 503 {
		t.Errorf("%+v", x)
	}
}
