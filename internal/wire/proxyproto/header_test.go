package proxyproto

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestHeaderIsReadAsWritten(t *testing.T) {
	for _, c := range [][2]string{
		{"192.0.2.1:1234", "198.51.100.2:80"},
		{"[2001:db8::1]:1234", "[2001:db8::2]:65535"},
		{"[::ffff:192.0.2.1]:1", "198.51.100.2:80"},
	} {
		s, d := netip.MustParseAddrPort(c[0]), netip.MustParseAddrPort(c[1])
		want := netip.AddrPortFrom(s.Addr().Unmap(), s.Port())
		for v, b := range map[int][]byte{1: AppendV1(nil, s, d), 2: AppendV2(nil, s, d, []byte("\x03\x00\x01x"))} {
			for cut := range len(b) {
				if _, _, err := Parse(b[:cut]); !errors.Is(err, ErrShort) {
					t.Fatalf("version %d cut at %d: %v", v, cut, err)
				}
			}
			h, n, err := Parse(append(bytes.Clone(b), "GET /"...))
			if err != nil || n != len(b) || h.Version != v || h.Source != want || h.Destination != d {
				t.Errorf("version %d: %+v, %d of %d, %v", v, h, n, len(b), err)
			}
		}
	}
}

func TestUnknownAndLocal(t *testing.T) {
	none, four, six := netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("[2001:db8::1]:1")
	for _, c := range [][2]netip.AddrPort{{none, none}, {four, six}, {four, none}} {
		if b := AppendV1(nil, c[0], c[1]); string(b) != "PROXY UNKNOWN\r\n" {
			t.Errorf("version 1: %q", b)
		}
		h, _, err := Parse(AppendV2(nil, c[0], c[1], nil))
		if err != nil || !h.Local {
			t.Errorf("version 2: %+v, %v", h, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]error{
		"GET / HTTP/1.1\r\n":                            ErrNone,
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n":              ErrInvalid,
		"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n":              ErrInvalid,
		"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n":           ErrInvalid,
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n":        ErrInvalid,
		"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n":            ErrInvalid,
		"PROXY TCP4 ::1 ::1 1 2\r\n":                    ErrInvalid,
		"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n":            ErrInvalid,
		"PROXY " + strings.Repeat("x", 200):             ErrInvalid,
		signature + "\x31\x11\x00\x0c" + "aaaabbbbccdd": ErrInvalid,
		signature + "\x21\x11\x00\x04" + "aaaa":         ErrInvalid,
		signature + "\x21\x51\x00\x0c" + "aaaabbbbccdd": ErrInvalid,
		signature + "\x21\x11\xff\xff" + "aaaabbbbccdd": ErrInvalid,
	} {
		if _, _, err := Parse([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.40q: %v, want %v", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	s, d := netip.MustParseAddrPort("192.0.2.1:1234"), netip.MustParseAddrPort("198.51.100.2:80")
	f.Add(AppendV1(nil, s, d))
	f.Add(AppendV2(nil, s, d, []byte("\x04\x00\x02ab")))
	f.Add([]byte("PROXY UNKNOWN ffff\r\nGET / HTTP/1.1"))
	f.Add([]byte(signature + "\x21\x31\x00\xd8"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := Parse(b)
		if err != nil {
			return
		}
		if n <= 0 || n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		if !h.Source.IsValid() || h.Source.Addr().Is4() != h.Source.Addr().Unmap().Is4() || h.Destination.Addr().Is4() != h.Destination.Addr().Unmap().Is4() {
			return // unmapped when written
		}
		again := AppendV1(nil, h.Source, h.Destination)
		if h.Version == 2 {
			again = AppendV2(nil, h.Source, h.Destination, h.TLVs)
		}
		g, _, err := Parse(again)
		if err != nil || g.Source != h.Source || g.Destination != h.Destination || !bytes.Equal(g.TLVs, h.TLVs) {
			t.Fatalf("%+v was written and read as %+v, %v", h, g, err)
		}
	})
}
