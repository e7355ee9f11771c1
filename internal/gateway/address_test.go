package gateway

import (
	"net/netip"
	"strings"
	"testing"
)

// TestClient: the client is whom the last trusted proxy saw, and nothing that it says of
// itself.
func TestClient(t *testing.T) {
	at := &table{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}, trustsUnix: true}
	const xff, fwd = "X-Forwarded-For", "Forwarded"
	for _, c := range []struct {
		remote string
		header []Field
		want   string
	}{
		{"192.0.2.1:5", []Field{{xff, "198.51.100.1"}, {fwd, "for=198.51.100.1"}}, "192.0.2.1"}, // nobody to be believed
		{"10.0.0.1:5", nil, "10.0.0.1"},
		{"10.0.0.1:5", []Field{{xff, "192.0.2.1"}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{xff, "6.6.6.6, 192.0.2.1"}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{xff, "6.6.6.6, 192.0.2.1,10.0.0.2 "}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{xff, "6.6.6.6"}, {"Accept", "x"}, {xff, "192.0.2.1"}, {xff, "10.0.0.2"}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{xff, "10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"10.0.0.1:5", []Field{{xff, "6.6.6.6, unknown, 10.0.0.2"}}, "10.0.0.2"},
		{"10.0.0.1:5", []Field{{xff, ""}}, "10.0.0.1"},
		{"10.0.0.1:5", []Field{{xff, "192.0.2.1:4711"}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{xff, "::ffff:192.0.2.1"}}, "192.0.2.1"},
		{"[fd00::1]:5", []Field{{xff, "2001:db8::1"}}, "2001:db8::1"},
		{"[::ffff:10.0.0.1]:5", []Field{{xff, "[2001:db8::1]:4711"}}, "2001:db8::1"},
		{"[2001:db8::1]:5", nil, "2001:db8::1"},
		{"@", []Field{{xff, "192.0.2.1"}}, "192.0.2.1"},
		{"", nil, ""},
		{"10.0.0.1:5", []Field{{fwd, "for=192.0.2.1"}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{fwd, "for=6.6.6.6"}, {xff, "192.0.2.1"}}, "192.0.2.1"}, // as most balancers say it
		{"10.0.0.1:5", []Field{{fwd, `for=6.6.6.6;proto=http, proto=https;For="[2001:db8::1]:80";by=10.0.0.1 , for=10.0.0.2`}}, "2001:db8::1"},
		{"10.0.0.1:5", []Field{{fwd, `for="6.6.6.6, for=192.0.2.1;host="a,b;for=6.6.6.6"`}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{fwd, `for=192.0.2.1;host="a\",for=6.6.6.6"`}}, "192.0.2.1"},
		{"10.0.0.1:5", []Field{{fwd, `for=6.6.6.6, for=_hidden`}}, "10.0.0.1"},
		{"10.0.0.1:5", []Field{{fwd, `for=6.6.6.6, by=10.0.0.2`}}, "10.0.0.1"},
	} {
		h := &handler{t: at, r: &Request{Remote: c.remote, Header: c.header}}
		if got := h.client(); got != c.want {
			t.Errorf("from %q with %q: %q, want %q", c.remote, c.header, got, c.want)
		}
	}
}

// FuzzLastFor: every element is taken once, and nothing that is outside of quotes is
// between two.
func FuzzLastFor(f *testing.F) {
	for _, s := range []string{"", "for=1.2.3.4", `for="[::1]:80";by=x, for=_a`, `for="a,b`, `"\",for=a`, ",,;=;", `\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		for rest, more := list, true; more; {
			before := rest
			var one string
			one, rest, more = lastFor(rest)
			if len(rest) >= len(before) && more || !strings.HasPrefix(before, rest) || !strings.Contains(before, one) {
				t.Fatalf("%q, %q of %q", one, rest, before)
			}
			node(one)
		}
	})
}
