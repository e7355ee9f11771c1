package probe

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// summary is what matters of an exchange in one line.
func summary(x Exchange) string {
	return fmt.Sprintf("%d %s %d %s %s", x.Status, x.BodyEnd, x.BodyBytes, x.Speaks, x.End)
}

func TestAskIsMarked(t *testing.T) {
	got := make(chan string, 1)
	address := raw(t, func(c *net.TCPConn) {
		got <- request(c)
		io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n")
	})
	r := Ask(t.Context(), direct, AskRequest{Network: "tcp", Address: address, Host: "example.com:8080", Method: "GET", URI: "/a?b=c", Token: "gg-123", Version: "0.1"})
	want := "GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: goodgate/0.1 (+diagnose; gg-123)\r\nAccept: */*\r\nX-Request-Id: gg-123\r\nReferer: http://example.com:8080/a?gg-123\r\nConnection: close\r\n\r\n"
	if s := <-got; s != want {
		t.Errorf("sent %q\nwant %q", s, want)
	}
	if r.Status != 302 || r.Made.Product != "nginx" || r.Connection.Local == "" || r.Started.After(r.Ended) || r.Token != "gg-123" {
		t.Errorf("%+v", r)
	}
}

func TestAskIsNotStoppedByACertificate(t *testing.T) {
	ca := (*authority)(nil).issue(t, root("test authority"))
	expired := leaf("example.com")
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	server := tlsServer(t, &tls.Config{}, ca.issue(t, expired))
	r := Ask(t.Context(), direct, AskRequest{Network: "tcp", Address: server, TLS: true, Host: "example.com", SNI: "example.com", Method: "GET", URI: "/", Roots: ca.pem})
	if r.Status != 200 || r.TLS == nil || r.TLS.Verified || r.TLS.VerifyError != VerifyExpired || r.TLS.SentName != "example.com" {
		t.Errorf("%+v, %+v", r, r.TLS)
	}
	server = tlsServer(t, &tls.Config{}, ca.issue(t, leaf("example.com")))
	r = Ask(t.Context(), direct, AskRequest{Network: "tcp", Address: server, TLS: true, Host: "www.example.org:443", SNI: "www.example.org", Method: "GET", URI: "/", Roots: ca.pem})
	if r.Status != 200 || r.TLS.VerifyError != VerifyNameDiffers {
		t.Errorf("%+v", r.TLS)
	}
}

func TestAskRefusesOtherMethods(t *testing.T) {
	if r := Ask(t.Context(), nil, AskRequest{Method: "POST", URI: "/", Host: "x"}); r.End != EndError {
		t.Errorf("%+v", r)
	}
}

func TestIdle(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5, max=100\r\n\r\nok"
	for _, c := range []struct {
		name, text string
		after      func(c *net.TCPConn)
		held       bool
		closed     string
	}{
		{"closes", head, func(c *net.TCPConn) { c.CloseWrite() }, true, "fin"},
		{"resets", head, func(c *net.TCPConn) { time.Sleep(50 * time.Millisecond); reset(c) }, true, "reset"},
		{"stays", head, func(c *net.TCPConn) { io.Copy(io.Discard, c) }, true, ""},
		{"says something", head, func(c *net.TCPConn) {
			time.Sleep(50 * time.Millisecond)
			io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n")
		}, true, "fin"},
		{"Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", nil, false, ""},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", nil, false, ""},
		{"until close", "HTTP/1.1 200 OK\r\n\r\nok", nil, false, ""},
		{"nothing", "", nil, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(chan string, 1)
			address := raw(t, func(conn *net.TCPConn) {
				got <- request(conn)
				io.WriteString(conn, c.text)
				if c.after != nil {
					c.after(conn)
				}
			})
			spoken := get
			spoken.Version = "1.1"
			r := Idle(t.Context(), direct, tcp(address), spoken, short, 300*time.Millisecond, false)
			if r.Held != c.held || r.Closed != c.closed || r.Held == (r.NotHeld != "") {
				t.Errorf("held %v (%s), closed %q after %v", r.Held, r.NotHeld, r.Closed, r.Seconds)
			}
			if r.Held && (r.Timeout != 5 || r.Seconds <= 0) {
				t.Errorf("%+v", r)
			}
			if (c.name == "says something") != (len(r.Unasked) > 0) {
				t.Errorf("unasked %q", r.Unasked)
			}
			if s := <-got; strings.Contains(s, "Connection") {
				t.Errorf("sent %q", s)
			}
		})
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	const secret = "s3cr3tT0kenV4lue99"
	x := Exchange{
		Request: "GET /a?key=" + secret + " HTTP/1.1",
		Header:  []topo.Header{{Name: "Set-Cookie", Value: "sid=" + secret}, {Name: "Authorization", Value: "Bearer " + secret}, {Name: "Set-Cookie ", Value: secret}},
		Body:    []byte(`{"password": "` + secret + `"}`),
		First:   []byte("Set-Cookie: sid=" + secret + "\r\nX: y"),
		Faults: []http1.Fault{http1.NewFault(http1.NameSpace, 0, []byte("Set-Cookie : sid="+secret)), http1.NewFault(http1.ObsFold, 0, []byte(" "+secret)),
			http1.NewFault(http1.HeadCut, 0, []byte("Set-Cookie: "+secret))},
		TLS:     &TLSResult{PlainAnswer: "HTTP/1.1 400 Bad Request\r\nSet-Cookie: sid=" + secret + "\r\n\r\n"},
		FastCGI: &FastCGIPart{Stderr: "PHP message: password=" + secret},
	}
	cgi := Exchange{Request: "GET /a?key=" + secret, Text: "dial http://u:" + secret + "@h/"}
	r := evidence.NewRedactor([]byte("key"))
	for name, v := range map[string]evidence.Redactable{
		"exchange": &x, "cgi": &cgi, "ask": &AskResult{Exchange: x, URI: "/a?key=" + secret}, "idle": &IdleResult{Exchange: x, Unasked: []byte("Set-Cookie: sid=" + secret)},
		"separation": &Separation{First: *x.TLS, WithName: x.TLS}, "values": &FastCGIAbility{First: x.First},
	} {
		v.RedactWith(r)
		var all any
		if err := json.Unmarshal([]byte(asJSON(t, v)), &all); err != nil {
			t.Fatal(err)
		}
		if text := texts(all); strings.Contains(text, secret) {
			t.Errorf("%s: the secret is still there: %s", name, text)
		}
	}
	if !strings.Contains(x.TLS.PlainAnswer, "400 Bad Request") {
		t.Errorf("too much was taken out: %q", x.TLS.PlainAnswer)
	}
}

// TestAnswersSurviveACase: every answer is the same after a trip through JSON.
func TestAnswersSurviveACase(t *testing.T) {
	x := HTTP(t.Context(), direct, tcp(says(t, "HTTP/1.1 502 Bad Gateway\r\nServer : x\r\nContent-Length: 9\r\n\r\n\x00\xff")), get, short)
	var back Exchange
	if err := json.Unmarshal([]byte(asJSON(t, x)), &back); err != nil {
		t.Fatal(err)
	}
	if a, b := asJSON(t, x), asJSON(t, back); a != b || string(back.Body) != "\x00\xff" {
		t.Errorf("before %s\nafter %s", a, b)
	}
}

// texts joins every string inside v, as it is and decoded from base64.
func texts(v any) string {
	var all strings.Builder
	switch v := v.(type) {
	case string:
		all.WriteString(v + "\n")
		if b, err := base64.StdEncoding.DecodeString(v); err == nil {
			all.Write(b)
		}
	case []any:
		for _, x := range v {
			all.WriteString(texts(x))
		}
	case map[string]any:
		for _, x := range v {
			all.WriteString(texts(x))
		}
	}
	return all.String()
}
