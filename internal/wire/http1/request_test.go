package http1

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
)

func TestRequestIsReadAsWritten(t *testing.T) {
	b, err := AppendRequestLine(nil, "GET", "/a?b=c", "1.1")
	if err == nil {
		b, err = AppendField(b, "Host", "example.com")
	}
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(b, "\r\n"...))))
	if err != nil {
		t.Fatal(err)
	}
	if req.Method != "GET" || req.RequestURI != "/a?b=c" || req.Host != "example.com" || req.ProtoMinor != 1 {
		t.Errorf("read %+v", req)
	}
}

func TestRequestRefusesInjection(t *testing.T) {
	for _, c := range [][3]string{{"G T", "/", "1.1"}, {"", "/", "1.1"}, {"GET", "", "1.1"}, {"GET", "/\r\nA: b", "1.1"}, {"GET", "/\x00", "1.1"}, {"GET", "/", "2"}} {
		if b, err := AppendRequestLine(nil, c[0], c[1], c[2]); err == nil {
			t.Errorf("%q was written as %q", c, b)
		}
	}
	for _, c := range [][2]string{{"", "x"}, {"A b", "x"}, {"A:", "x"}, {"A", "x\ny"}, {"A", "x\ry"}, {"A", "\x00"}} {
		if b, err := AppendField(nil, c[0], c[1]); err == nil {
			t.Errorf("%q was written as %q", c, b)
		}
	}
}
