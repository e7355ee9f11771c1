package http1

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestAskFaults is a corpus of what has been used to smuggle requests past one
// parser to another, and of plain mistakes.
func TestAskFaults(t *testing.T) {
	const h = "Host: a\r\n"
	for _, c := range []struct {
		name, head string
		want       Kind
	}{
		{"plain", "GET / HTTP/1.1\r\n" + h + "\r\n", ""},
		{"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", ""},
		{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ""},
		{"odd target", "GET /a//b/%2e%2E?q=%zz HTTP/1.1\r\n" + h + "\r\n", ""},
		{"absolute form", "GET http://b:80/x?y HTTP/1.1\r\n" + h + "\r\n", ""},
		{"asterisk", "OPTIONS * HTTP/1.1\r\n" + h + "\r\n", ""},
		{"authority", "CONNECT b:443 HTTP/1.1\r\n" + h + "\r\n", ""},
		{"chunked", "POST / HTTP/1.1\r\n" + h + "transfer-encoding: \tChunked \r\n\r\n", ""},

		{"length and coding", "POST / HTTP/1.1\r\n" + h + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", LengthAndCoding},
		{"coding and length", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", LengthAndCoding},
		{"two lengths", "POST / HTTP/1.1\r\n" + h + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", LengthDiffers},
		{"one length twice", "POST / HTTP/1.1\r\n" + h + "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", LengthDiffers},
		{"list of lengths", "POST / HTTP/1.1\r\n" + h + "Content-Length: 4, 4\r\n\r\n", LengthInvalid},
		{"signed length", "POST / HTTP/1.1\r\n" + h + "Content-Length: +4\r\n\r\n", LengthInvalid},
		{"negative length", "POST / HTTP/1.1\r\n" + h + "Content-Length: -1\r\n\r\n", LengthInvalid},
		{"hexadecimal length", "POST / HTTP/1.1\r\n" + h + "Content-Length: 0x4\r\n\r\n", LengthInvalid},
		{"no length", "POST / HTTP/1.1\r\n" + h + "Content-Length: \r\n\r\n", LengthInvalid},
		{"length that overflows", "POST / HTTP/1.1\r\n" + h + "Content-Length: 9223372036854775808\r\n\r\n", LengthInvalid},
		{"space before colon", "POST / HTTP/1.1\r\n" + h + "Content-Length : 4\r\n\r\n", NameSpace},
		{"tab before colon", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding\t: chunked\r\n\r\n", NameSpace},
		{"chunked not last", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked, gzip\r\n\r\n", CodingOrder},
		{"chunked twice", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked, chunked\r\n\r\n", CodingRepeated},
		{"two codings", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", CodingRepeated},
		{"identity", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: identity\r\n\r\n", CodingUnknown},
		{"xchunked", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: xchunked\r\n\r\n", CodingUnknown},
		{"quoted chunked", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: \"chunked\"\r\n\r\n", CodingUnknown},
		{"vertical tab before chunked", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: \vchunked\r\n\r\n", ValueChar},
		{"Kelvin sign", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chun\u212aed\r\n\r\n", CodingUnknown},
		{"empty coding", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding:\r\n\r\n", CodingOrder},
		{"coding in 1.0", "POST / HTTP/1.0\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n", CodingForbidden},
		{"bare LF", "GET / HTTP/1.1\n" + h + "\r\n", BareLF},
		{"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", BareLF},
		{"bare LF at the end", "GET / HTTP/1.1\r\n" + h + "\n", BareLF},
		{"bare CR", "GET / HTTP/1.1\r\n" + h + "X: a\rContent-Length: 4\r\n\r\n", BareCR},
		{"NUL", "GET / HTTP/1.1\r\n" + h + "X: a\x00b\r\n\r\n", ValueChar},
		{"NUL in a name", "GET / HTTP/1.1\r\n" + h + "X\x00: a\r\n\r\n", NameChar},
		{"folded", "GET / HTTP/1.1\r\n" + h + "X: a\r\n b\r\n\r\n", ObsFold},
		{"folded coding", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding:\r\n chunked\r\n\r\n", CodingOrder}, // found first
		{"white space first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", LeadingSpace},
		{"no colon", "GET / HTTP/1.1\r\n" + h + "nonsense\r\n\r\n", NoColon},
		{"no name", "GET / HTTP/1.1\r\n" + h + ": x\r\n\r\n", NameChar},
		{"no Host", "GET / HTTP/1.1\r\n\r\n", HostMissing},
		{"two Hosts", "GET / HTTP/1.1\r\n" + h + "Host: b\r\n\r\n", HostRepeated},
		{"list of Hosts", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HostInvalid},
		{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HostInvalid},
		{"Host with a user", "GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", HostInvalid},
		{"two spaces", "GET  / HTTP/1.1\r\n" + h + "\r\n", RequestLine},
		{"tab", "GET\t/ HTTP/1.1\r\n" + h + "\r\n", RequestLine},
		{"three words too many", "GET / b HTTP/1.1\r\n" + h + "\r\n", RequestLine},
		{"HTTP/0.9", "GET /\r\n\r\n", RequestLine},
		{"no method", " / HTTP/1.1\r\n" + h + "\r\n", RequestLine},
		{"method", "G(T / HTTP/1.1\r\n" + h + "\r\n", RequestLine},
		{"version", "GET / HTTP/2.0\r\n" + h + "\r\n", BadVersion},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", BadVersion},
		{"small letters", "GET / http/1.1\r\n" + h + "\r\n", RequestLine},
		{"no slash", "GET a HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"asterisk for GET", "GET * HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"fragment", "GET /a#b HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"escape", "GET /%zz HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"escape that is cut", "GET /%2 HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"control", "GET /\x01 HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"another scheme", "GET ftp://b/x HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"user in the target", "GET http://u:p@b/x HTTP/1.1\r\n" + h + "\r\n", BadTarget},
		{"expectation", "POST / HTTP/1.1\r\n" + h + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", BadExpect},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Request
			got := Kind("")
			if f := r.Parse(c.head, 100); f != nil {
				got = f.Kind
				if RuleOf(f.Kind).Section == "" || !f.Fatal {
					t.Errorf("%+v", f)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAskIsUnderstood(t *testing.T) {
	var r Request
	if f := r.Parse("POST http://b:80?q HTTP/1.1\r\nhost: a\r\nx-one-TWO:  v w\t\r\nCONNECTION: x, Close\r\nExpect: 100-Continue\r\nTrailer: T\r\ncontent-length: 012\r\n\r\n", 100); f != nil {
		t.Fatal(f)
	}
	if r.Method != "POST" || r.Target != "/?q" || r.Host != "b:80" || r.Minor != 1 || r.Length != 12 || !r.Close || !r.Expect {
		t.Errorf("%+v", r)
	}
	want := []Pair{{"X-One-Two", "v w"}, {"Connection", "x, Close"}, {"Expect", "100-Continue"}, {"Trailer", "T"}, {"Content-Length", "012"}}
	for i, p := range want {
		if i >= len(r.Fields) || r.Fields[i] != p {
			t.Fatalf("%+v", r.Fields)
		}
	}
	if f := r.Parse("GET / HTTP/1.0\r\n\r\n", 100); f != nil || !r.Close || len(r.Fields) != 0 || r.Host != "" || r.Length != 0 {
		t.Errorf("%+v %v", r, f)
	}
	if f := r.Parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 100); f != nil || r.Close {
		t.Errorf("%+v %v", r, f)
	}
	if f := r.Parse("GET / HTTP/1.0\r\n"+strings.Repeat("A: b\r\n", 11)+"\r\n", 10); f == nil || f.Kind != TooManyFields {
		t.Error(f)
	}
}

func TestAskDoesNotAllocate(t *testing.T) {
	var r Request
	head := "GET /a?b HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: x\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n"
	if n := testing.AllocsPerRun(100, func() {
		if f := r.Parse(head, 100); f != nil {
			t.Fatal(f)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// peer is net/http's server over pipes.
type peer struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	asked chan *http.Request
}

func (p *peer) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *peer) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *peer) Addr() net.Addr { return &net.TCPAddr{} }

// ask returns the request as net/http's server hands it to a handler; nil where it
// refuses it.
func (p *peer) ask(head string) *http.Request {
	mine, its := net.Pipe()
	defer mine.Close()
	p.conns <- its
	go io.WriteString(mine, head)
	refused := make(chan struct{})
	go func() {
		defer close(refused)
		if resp, err := http.ReadResponse(bufio.NewReader(mine), nil); err == nil && resp.StatusCode >= 400 {
			return
		}
		<-p.done // the handler has it
	}()
	select {
	case r := <-p.asked:
		return r
	case <-refused:
		return nil
	}
}

// FuzzAsk holds the verdict on a request against that of net/http's server: what
// that refuses is never taken, and what both take both understand alike.
func FuzzAsk(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x?%zz HTTP/1.1\r\nhost: a:1\r\ncontent-length: 5\r\nX: y\r\n\r\n", "GET http://u/x HTTP/1.0\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET //a/%41 HTTP/1.1\r\nHost: [::1]:80\r\nX-\xc3: \xff\r\n\r\n", "GET http://[::1%25a]/ HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		f.Add(seed)
	}
	p := &peer{conns: make(chan net.Conn), done: make(chan struct{}), asked: make(chan *http.Request)}
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), DisableGeneralOptionsHandler: true, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p.asked <- r
		panic(http.ErrAbortHandler)
	})}
	go s.Serve(p)
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, head string) {
		if n := HeadEnd([]byte(head), 0); n != len(head) {
			return
		}
		var r Request
		if r.Parse(head, 100) != nil {
			return
		}
		his := p.ask(head)
		if his == nil {
			t.Fatalf("taken, and refused by net/http: %q", head)
		}
		length := his.ContentLength
		if r.Method != his.Method || r.Host != his.Host && r.Method != "CONNECT" || r.Length != length || r.Minor != his.ProtoMinor {
			t.Fatalf("%q: %s %q %d, net/http %s %q %d", head, r.Method, r.Host, r.Length, his.Method, his.Host, length)
		}
		if r.Close != his.Close && r.Minor == 1 {
			t.Fatalf("%q: close is %v, for net/http %v", head, r.Close, his.Close)
		}
		seen := map[string]int{}
		for _, f := range r.Fields {
			if n := seen[f.Name]; f.Name != "Trailer" && (n >= len(his.Header[f.Name]) || his.Header[f.Name][n] != f.Value) {
				t.Fatalf("%q: %s is %q, for net/http %q", head, f.Name, f.Value, his.Header[f.Name])
			}
			seen[f.Name]++
		}
	})
}

func TestValidHost(t *testing.T) {
	for host, want := range map[string]bool{"": true, "a": true, "a.example": true, "a.example:": true, "a.example:80": true, "127.0.0.1:8080": true, "[::1]": true, "[::1]:80": true, "[fe80::1%25eth0]:80": true, "_dmarc.a": true,
		"a:evil": false, "a:80:90": false, "a:80@b": false, "::1": false, "[::1": false, "[]": false, "[::1]x": false, "[::1]:x": false, "[a/b]": false, "a]": false, "a b": false, "a/b": false, "a\\b": false, "a@b": false, "a\x00": false, "a#": false, "a?": false} {
		if ValidHost(host) != want {
			t.Errorf("%q is %v", host, !want)
		}
	}
}

func TestCheckRequest(t *testing.T) {
	for _, c := range []struct {
		method, target, host string
		kind                 Kind
	}{
		{"GET", "/a?b c", "a", BadTarget}, {"GET", "/a?b", "a:80", ""}, {"OPTIONS", "*", "a", ""}, {"GET", "*", "a", BadTarget}, {"GET", "", "a", BadTarget}, {"GET", "a", "a", BadTarget}, {"GET", "http://a/", "a", BadTarget},
		{"G T", "/", "a", RequestLine}, {"", "/", "a", RequestLine}, {"GET", "/%0", "a", BadTarget}, {"GET", "/", "a b", HostInvalid}, {"CONNECT", "a:443", "a:443", ""},
	} {
		var kind Kind
		if f := CheckRequest(c.method, c.target, c.host); f != nil {
			kind = f.Kind
		}
		if kind != c.kind {
			t.Errorf("%+v: %q", c, kind)
		}
	}
}
