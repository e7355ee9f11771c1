package fastcgi

import (
	"bytes"
	"net"
	"net/http"
	"net/http/fcgi"
	"strings"
	"testing"
)

func TestRecordIsReadAsWritten(t *testing.T) {
	for _, size := range []int{0, 1, 7, 8, 9, 65528, 65529, 65535, 200000} {
		content := bytes.Repeat([]byte("x"), size)
		b := AppendRecord(nil, Stdin, 7, content)
		var got []byte
		for len(b) > 0 {
			r, n, err := Parse(b)
			if err != nil || r.Type != Stdin || r.ID != 7 {
				t.Fatalf("size %d: %+v, %v", size, r, err)
			}
			got = append(got, r.Content...)
			b = b[n:]
		}
		if !bytes.Equal(got, content) {
			t.Errorf("size %d: read %d bytes", size, len(got))
		}
	}
}

func TestParamsAreReadAsWritten(t *testing.T) {
	want := map[string]string{"A": "", "": "b", "LONG": strings.Repeat("v", 300), strings.Repeat("n", 128): strings.Repeat("w", 127)}
	var b []byte
	for name, value := range want {
		b = AppendParam(b, name, value)
	}
	got := map[string]string{}
	if err := ParseParams(b, func(name, value []byte) bool { got[string(name)] = string(value); return true }); err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%.10q: %.10q, want %.10q", name, got[name], value)
		}
	}
}

// TestRequestIsUnderstood sends a request to the standard library's responder.
func TestRequestIsUnderstood(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Path", r.URL.Path)
			w.WriteHeader(http.StatusTeapot)
		}))
	}()
	defer func() { l.Close(); <-served }()

	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var params []byte
	for _, p := range [][2]string{{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/tea"}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"HTTP_HOST", "x"}} {
		params = AppendParam(params, p[0], p[1])
	}
	b := AppendBegin(nil, 1, Responder, 0)
	b = AppendRecord(b, Params, 1, params)
	b = AppendRecord(b, Params, 1, nil)
	b = AppendRecord(b, Stdin, 1, nil)
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	var all, out []byte
	for buf := make([]byte, 4096); ; {
		n, err := conn.Read(buf)
		if all = append(all, buf[:n]...); err != nil {
			break
		}
	}
	ended := false
	for len(all) > 0 {
		r, n, err := Parse(all)
		if err != nil {
			t.Fatal(err)
		}
		switch r.Type {
		case Stdout:
			out = append(out, r.Content...)
		case EndRequest:
			app, status, err := ParseEnd(r.Content)
			ended = err == nil && app == 0 && status == RequestComplete
		}
		all = all[n:]
	}
	if !ended || !bytes.HasPrefix(out, []byte("Status: 418")) || !bytes.Contains(out, []byte("X-Path: /tea")) {
		t.Errorf("ended %v, answer %q", ended, out)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(AppendBegin(nil, 1, Responder, KeepConn))
	f.Add(AppendRecord(nil, Stdout, 1, []byte("Status: 200\r\n\r\nhello")))
	f.Add(AppendRecord(nil, EndRequest, 1, make([]byte, 8)))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add([]byte{1, 6, 0, 1, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			r, n, err := Parse(b)
			if err != nil {
				return
			}
			if n < HeaderSize || n > len(b) {
				t.Fatalf("a record of %d bytes in %d", n, len(b))
			}
			again, _, err := Parse(AppendRecord(nil, r.Type, r.ID, r.Content))
			if len(r.Content) <= MaxContent&^7 && (err != nil || again.Type != r.Type || again.ID != r.ID || !bytes.Equal(again.Content, r.Content)) {
				t.Fatalf("%+v was written and read as %+v, %v", r, again, err)
			}
			ParseEnd(r.Content)
			b = b[n:]
		}
	})
}

func FuzzParams(f *testing.F) {
	f.Add(AppendParam(AppendParam(nil, "A", "b"), "LONG", strings.Repeat("x", 200)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		err := ParseParams(b, func(name, value []byte) bool {
			again = AppendParam(again, string(name), string(value))
			return true
		})
		if err != nil {
			return
		}
		if err := ParseParams(again, func(name, value []byte) bool { return true }); err != nil {
			t.Fatalf("pairs written from %q are not read: %v", b, err)
		}
	})
}
