package http1

import (
	"bytes"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
)

// decode feeds b in pieces of that size and returns the data, the first fatal
// fault, and the decoder.
func decode(b []byte, piece int) (data []byte, fatal *Fault, c Chunked) {
	var pending []byte
	for len(b) > 0 || len(pending) > 0 {
		n := min(piece, len(b))
		pending = append(pending, b[:n]...)
		b = b[n:]
		for {
			got, used, fault := c.Next(pending)
			data = append(data, got...)
			pending = pending[used:]
			if fault != nil && fault.Fatal {
				return data, fault, c
			}
			if used == 0 {
				break
			}
		}
		if c.Done() {
			return data, nil, c
		}
	}
	return data, nil, c
}

func TestChunked(t *testing.T) {
	for _, c := range []struct {
		name, body, data string
		fatal            Kind
		done             bool
	}{
		{"good", "5\r\nhello\r\n0\r\n\r\n", "hello", "", true},
		{"two", "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", "hello0123456789", "", true},
		{"extension", "5;a=b\r\nhello\r\n0;x\r\n\r\n", "hello", "", true},
		{"padded", "5  \r\nhello\r\n0\r\n\r\n", "hello", "", true},
		{"trailers", "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", "x", "", true},
		{"bare LF", "5\nhello\n0\n\n", "hello", "", true},
		{"cut in data", "5\r\nhel", "hel", "", false},
		{"cut before the last", "5\r\nhello\r\n", "hello", "", false},
		{"cut in trailers", "5\r\nhello\r\n0\r\n", "hello", "", false},
		{"no size", "\r\nhello", "", ChunkSize, false},
		{"not hexadecimal", "hello", "", ChunkSize, false},
		{"negative", "-5\r\nhello", "", ChunkSize, false},
		{"0x", "0x5\r\nhello", "", ChunkSize, false},
		{"too large", "ffffffffffffffff\r\n", "", ChunkSize, false},
		{"data too long", "3\r\nhello\r\n", "hel", ChunkEnd, false},
		{"CR in the line", "5\rx\n", "", BareCR, false},
		{"long extension", "5;" + strings.Repeat("x", 1<<20), "", TrailerTooLarge, false},
		{"endless trailers", "0\r\n" + strings.Repeat("a: b\r\n", 1<<16), "", TrailerTooLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{1, 2, 3, 7, 1 << 21} {
				data, fatal, d := decode([]byte(c.body), piece)
				if string(data) != c.data || d.Done() != c.done {
					t.Fatalf("pieces of %d: data %q, done %v", piece, data, d.Done())
				}
				if c.fatal == "" && fatal != nil || c.fatal != "" && (fatal == nil || fatal.Kind != c.fatal) {
					t.Fatalf("pieces of %d: fault %v, want %q", piece, fatal, c.fatal)
				}
			}
		})
	}
}

func TestChunkedKeepsTrailers(t *testing.T) {
	body := []byte("1\r\nx\r\n0;last\r\nDigest: a=b\r\nX: y\r\n\r\n")
	for _, piece := range []int{1, 3, len(body)} {
		c := Chunked{Keep: true}
		for b := body; len(b) > 0; {
			take := b[:min(piece, len(b))]
			b = b[len(take):]
			for len(take) > 0 {
				_, n, fault := c.Next(take)
				if fault != nil {
					t.Fatal(fault)
				}
				take = take[n:]
			}
		}
		var r Response
		r.ParseTrailer(c.Trailer, 10)
		if v, ok := r.Get("digest"); !ok || string(v) != "a=b" || len(r.Fields) != 2 || len(r.Faults) != 0 {
			t.Errorf("pieces of %d: %q gave %q, faults %v", piece, c.Trailer, r.Fields, r.Faults)
		}
	}
}

func TestChunkedLeavesWhatFollows(t *testing.T) {
	b := []byte("1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 OK")
	var c Chunked
	for !c.Done() {
		_, n, fault := c.Next(b)
		if fault != nil {
			t.Fatal(fault)
		}
		b = b[n:]
	}
	if string(b) != "HTTP/1.1 200 OK" {
		t.Errorf("left %q", b)
	}
}

func TestChunkedDoesNotAllocate(t *testing.T) {
	body := []byte("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() {
		var c Chunked
		for b := body; !c.Done(); {
			_, n, _ := c.Next(b)
			b = b[n:]
		}
	}); n != 0 {
		t.Errorf("%v allocations per body", n)
	}
}

// FuzzChunked holds the decoder against net/http's, and against itself fed byte
// by byte.
func FuzzChunked(f *testing.F) {
	for _, seed := range []string{"5\r\nhello\r\n0\r\n\r\n", "5;x\nhello\n0\nA: b\n\n", "f\r\n", "ffffffffffffffff\r\n", "0\r\n\r\nrest", "3\r\nhello"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		data, fatal, c := decode(b, len(b)+1)
		slow, slowFatal, d := decode(b, 1)
		if !bytes.Equal(data, slow) || c.Done() != d.Done() || (fatal == nil) != (slowFatal == nil) || c.Offset != d.Offset {
			t.Fatalf("at once %q %v %d, byte by byte %q %v %d", data, fatal, c.Offset, slow, slowFatal, d.Offset)
		}
		last := c.state == chunkTrailer || c.state == chunkDone
		theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b)))
		switch {
		case bytes.Contains(b, []byte(" ;")) || bytes.Contains(b, []byte("\t;")): // BWS, which net/http refuses
		case c.bare: // net/http refuses a bare LF, which RFC 9112 section 2.2 lets pass
		case last && fatal == nil && err != nil:
			if !strings.Contains(err.Error(), "too much") && !strings.Contains(err.Error(), "too long") {
				t.Fatalf("read to the last chunk, net/http: %v", err)
			}
		case last && err == nil && !bytes.Equal(data, theirs):
			t.Fatalf("data %q, net/http %q", data, theirs)
		case err == nil && !last && fatal == nil:
			t.Fatalf("net/http read to the end %q, we did not", theirs)
		}
	})
}
