package ajp

import (
	"encoding/binary"
	"strings"
	"testing"
)

// head is a SendHeaders packet as Tomcat writes it.
func head(status int, reason string, fields ...Field) []byte {
	c := binary.BigEndian.AppendUint16([]byte{SendHeaders}, uint16(status))
	c = appendString(c, reason)
	c = binary.BigEndian.AppendUint16(c, uint16(len(fields)))
	for _, f := range fields {
		if f.Name == "Content-Type" {
			c = append(c, 0xa0, 1)
		} else {
			c = appendString(c, f.Name)
		}
		c = appendString(c, f.Value)
	}
	return append(binary.BigEndian.AppendUint16([]byte("AB"), uint16(len(c))), c...)
}

func TestHeadIsRead(t *testing.T) {
	b := head(503, "", Field{"Content-Type", "text/html"}, Field{"Retry-After", "5"})
	for i := range b {
		if _, _, err := Parse(b[:i]); err != ErrShort {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
	p, n, err := Parse(append(b, "AB"...))
	if err != nil || n != len(b) || p.Type != SendHeaders {
		t.Fatalf("%+v %d %v", p, n, err)
	}
	status, _, fields, err := ParseHead(p.Content)
	if err != nil || status != 503 || len(fields) != 2 || fields[0] != (Field{"Content-Type", "text/html"}) || fields[1].Value != "5" {
		t.Errorf("%d %v %v", status, fields, err)
	}
}

func TestWhatIsNoAJP(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 400 Bad Request\r\n", "\x15\x03\x01", "A HTTP", "\x12\x34\x00\x01"} {
		if _, _, err := Parse([]byte(text)); err != ErrSignature {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := Parse([]byte("AB\x00\x00")); err == nil || err == ErrShort {
		t.Errorf("a packet without a type: %v", err)
	}
}

func TestRequestIsBounded(t *testing.T) {
	if _, err := AppendRequest(nil, Request{Method: "POST"}); err == nil {
		t.Error("a POST is written")
	}
	if _, err := AppendRequest(nil, Request{Method: "GET", URI: strings.Repeat("/a", MaxPacket)}); err == nil {
		t.Error("a packet larger than a packet is written")
	}
	b, err := AppendRequest(nil, Request{Method: "GET", URI: "/x", Query: "q=1", ServerName: "a.test", ServerPort: 80, Header: []Field{{"Host", "a.test"}}, Secret: "s"})
	if err != nil || b[0] != 0x12 || b[1] != 0x34 || int(binary.BigEndian.Uint16(b[2:]))+4 != len(b) || b[len(b)-1] != 0xff {
		t.Errorf("%x %v", b, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(head(200, "OK", Field{"Content-Type", "text/plain"}))
	f.Add([]byte("AB\x00\x02\x05\x01"))
	f.Add([]byte("AB\x00\x0a\x04\x00\xc8\xff\xff\x00\x01\xa0\x63\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, n, err := Parse(b)
		if err != nil {
			return
		}
		if n < 5 || n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		ParseHead(p.Content)
	})
}
