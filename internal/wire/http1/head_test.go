package http1

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// whole parses a complete head and its framing as the answer to GET.
func whole(t testing.TB, text string) (*Response, Framing) {
	t.Helper()
	end := HeadEnd([]byte(text), 0)
	if end < 0 {
		t.Fatalf("no end of head in %q", text)
	}
	var r Response
	r.Parse([]byte(text)[:end], 100)
	return &r, r.Framing("GET")
}

func TestFaults(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, head string
		want       []Kind
		status     int
	}{
		{"good", ok + "Content-Length: 5\r\n\r\n", nil, 200},
		{"no fields", ok + "\r\n", nil, 200},
		{"empty reason", "HTTP/1.1 200 \r\n\r\n", nil, 200},
		{"no space", "HTTP/1.1 200\r\n\r\n", []Kind{StatusSpace}, 200},
		{"shoutcast", "ICY 200 OK\r\n\r\n", []Kind{StatusLine}, 0},
		{"words", "hello world\r\n\r\n", []Kind{StatusLine}, 0},
		{"two spaces", "HTTP/1.1  200 OK\r\n\r\n", []Kind{StatusLine}, 0},
		{"four digits", "HTTP/1.1 2000 OK\r\n\r\n", []Kind{StatusLine}, 0},
		{"status 099", "HTTP/1.1 099 No\r\n\r\n", []Kind{StatusLine}, 0},
		{"lower case", "http/1.1 200 OK\r\n\r\n", []Kind{StatusLine}, 0},
		{"http 2", "HTTP/2.0 200 OK\r\n\r\n", []Kind{BadVersion}, 200},
		{"no colon", ok + "Server\r\n\r\n", []Kind{NoColon}, 200},
		{"space before colon", ok + "Server : x\r\n\r\n", []Kind{NameSpace}, 200},
		{"space in name", ok + "My Server: x\r\n\r\n", []Kind{NameSpace}, 200},
		{"no name", ok + ": x\r\n\r\n", []Kind{NameChar}, 200},
		{"name with a parenthesis", ok + "A(b): x\r\n\r\n", []Kind{NameChar}, 200},
		{"folded", ok + "A: b\r\n c\r\n\r\n", []Kind{ObsFold}, 200},
		{"leading space", ok + " A: b\r\n\r\n", []Kind{LeadingSpace}, 200},
		{"bare LF", "HTTP/1.1 200 OK\nA: b\n\n", []Kind{BareLF}, 200},
		{"bare CR", ok + "A: b\rc\r\n\r\n", []Kind{BareCR}, 200},
		{"NUL", ok + "A: b\x00c\r\n\r\n", []Kind{ValueChar}, 200},
		{"length is no number", ok + "Content-Length: five\r\n\r\n", []Kind{LengthInvalid}, 200},
		{"length has a sign", ok + "Content-Length: +5\r\n\r\n", []Kind{LengthInvalid}, 200},
		{"length too large", ok + "Content-Length: 9223372036854775808\r\n\r\n", []Kind{LengthInvalid}, 200},
		{"lengths differ", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", []Kind{LengthDiffers}, 200},
		{"length twice", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", []Kind{LengthRepeated}, 200},
		{"length list", ok + "Content-Length: 5, 5, 5\r\n\r\n", []Kind{LengthRepeated}, 200},
		{"both", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", []Kind{LengthAndCoding}, 200},
		{"coding twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", []Kind{CodingRepeated}, 200},
		{"chunked twice", ok + "Transfer-Encoding: chunked, chunked\r\n\r\n", []Kind{CodingRepeated}, 200},
		{"gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", nil, 200},
		{"identity", ok + "Transfer-Encoding: identity\r\n\r\n", []Kind{CodingUnknown, CodingOrder}, 200},
		{"Kelvin sign", ok + "Transfer-Encoding: chun\u212aed\r\n\r\n", []Kind{CodingUnknown, CodingOrder}, 200},
		{"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", []Kind{CodingForbidden}, 200},
		{"coding in 204", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", []Kind{CodingForbidden}, 204},
		{"length in 204", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", []Kind{LengthForbidden}, 204},
		{"length in 304", "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", nil, 304},
		{"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", []Kind{StatusLine}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := whole(t, c.head)
			var got []Kind
			for _, f := range r.Faults {
				got = append(got, f.Kind)
				if f.Section == "" || f.Rule == "" {
					t.Errorf("fault %s has no section", f.Kind)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("faults %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Fatalf("faults %v, want %v", got, c.want)
				}
			}
			if r.Status != c.status {
				t.Errorf("status %d, want %d", r.Status, c.status)
			}
		})
	}
}

func TestFraming(t *testing.T) {
	for _, c := range []struct {
		head, method string
		want         Framing
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", "GET", Framing{UntilClose, -1}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "GET", Framing{ByLength, 7}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HEAD", Framing{NoBody, 7}},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "GET", Framing{NoBody, 7}},
		{"HTTP/1.1 204 No Content\r\n\r\n", "GET", Framing{NoBody, -1}},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\nContent-Length: 7\r\n\r\n", "GET", Framing{ByChunks, 7}},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", Framing{UntilClose, -1}},
		{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "GET", Framing{UntilClose, -1}},
	} {
		var r Response
		r.Parse([]byte(c.head), 100)
		if got := r.Framing(c.method); got != c.want {
			t.Errorf("%q to %s: %+v, want %+v", c.head, c.method, got, c.want)
		}
	}
}

func TestFoldedValueIsJoined(t *testing.T) {
	r, _ := whole(t, "HTTP/1.1 200 OK\r\nA: b\r\n \t c \r\nD: e\r\n\r\n")
	if v, _ := r.Get("a"); string(v) != "b c" {
		t.Errorf("a is %q, want %q", v, "b c")
	}
	if v, _ := r.Get("d"); string(v) != "e" {
		t.Errorf("d is %q", v)
	}
}

func TestHeadEndMayBeFoundInPieces(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", "HTTP/1.1 200 OK\nA: b\n\nbody", "\r\nx", "\nx"} {
		want := HeadEnd([]byte(text), 0)
		got := -1
		for n := 0; n <= len(text) && got < 0; n++ {
			got = HeadEnd([]byte(text[:n]), n-1)
		}
		if want < 0 || got != want {
			t.Errorf("%q: in pieces %d, at once %d", text, got, want)
		}
	}
}

func TestCutHead(t *testing.T) {
	for _, c := range []struct {
		text   string
		status int
		fields int
		fault  bool
	}{
		{"", 0, 0, false},
		{"HT", 0, 0, false},
		{"HTTP/1.1 20", 0, 0, false},
		{"HTTP/1.1 200 OK\r", 200, 0, false},
		{"HTTP/1.1 200 OK\r\nA: b\r\nC: d", 200, 1, false},
		{"SSH-2.0-x", 0, 0, true},
	} {
		var r Response
		r.Parse([]byte(c.text), 100)
		if r.Status != c.status || len(r.Fields) != c.fields || (len(r.Faults) > 0) != c.fault {
			t.Errorf("%q: status %d, fields %d, faults %v", c.text, r.Status, len(r.Fields), r.Faults)
		}
	}
}

func TestFieldsAndFaultsAreBounded(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\n" + strings.Repeat("bad line\r\n", 5000) + strings.Repeat("a: b\r\n", 5000) + "\r\n"
	var r Response
	r.Parse([]byte(head), 100)
	if len(r.Fields) > 100 || len(r.Faults) > maxFaults {
		t.Errorf("%d fields, %d faults", len(r.Fields), len(r.Faults))
	}
}

func TestCGI(t *testing.T) {
	for _, c := range []struct {
		head   string
		status int
		reason string
	}{
		{"Content-Type: text/html\r\n\r\n", 200, ""},
		{"Status: 404 Not Found\nContent-Type: text/html\n\n", 404, "Not Found"},
		{"Location: /x\r\n\r\n", 302, ""},
		{"Location: /x\r\nStatus: 301\r\n\r\n", 301, ""},
		{"HTTP/1.1 500 Internal Server Error\r\nA: b\r\n\r\n", 500, "Internal Server Error"},
		{"Status: lots\r\n\r\n", 0, ""},
	} {
		var r Response
		r.ParseCGI([]byte(c.head), 100)
		if r.Status != c.status || string(r.Reason) != c.reason && c.status != 0 {
			t.Errorf("%q: %d %q", c.head, r.Status, r.Reason)
		}
		if (len(r.Faults) > 0) != (c.status == 0) {
			t.Errorf("%q: faults %v", c.head, r.Faults)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	head := []byte("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n")
	var r Response
	r.Parse(head, 100)
	if n := testing.AllocsPerRun(100, func() {
		r.Parse(head[:HeadEnd(head, 0)], 100)
		r.Framing("GET")
	}); n != 0 {
		t.Errorf("%v allocations per head", n)
	}
}

// FuzzResponse holds the parser against net/http: where it finds nothing wrong,
// net/http must agree; where net/http refuses a complete head, it must have found
// something.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200\nA:b\n c\n\n",
		"HTTP/1.1 099 x\r\n: y\r\nA B: c\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var cgi Response
		cgi.ParseCGI(b, 50)
		end := HeadEnd(b, 0)
		if end < 0 {
			end = len(b)
			var r Response
			r.Parse(b, 50)
			return
		}
		var r Response
		r.Parse(b[:end], 1000)
		framing := r.Framing("GET")
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
		if err != nil {
			if len(r.Faults) == 0 {
				t.Fatalf("net/http: %v, and no fault found in %q", err, b[:end])
			}
			return
		}
		defer resp.Body.Close()
		if len(r.Faults) > 0 {
			return
		}
		if resp.StatusCode != r.Status {
			t.Fatalf("status %d, net/http %d", r.Status, resp.StatusCode)
		}
		if framing.Kind == ByLength && resp.ContentLength != framing.Length {
			t.Fatalf("length %d, net/http %d", framing.Length, resp.ContentLength)
		}
		for _, x := range r.Fields {
			switch http.CanonicalHeaderKey(string(x.Name)) {
			case "Content-Length", "Transfer-Encoding", "Trailer":
				continue // net/http takes them out
			}
			if !contains(resp.Header.Values(string(x.Name)), string(x.Value)) {
				t.Fatalf("field %q: %q is not among net/http's %q", x.Name, x.Value, resp.Header.Values(string(x.Name)))
			}
		}
	})
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
