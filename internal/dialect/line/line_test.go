package line

import (
	"math"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	berlin := time.FixedZone("", 3600)
	for _, test := range []struct {
		stamp string
		loc   *time.Location
		want  string // RFC 3339 in UTC; empty: no time
	}{
		{"2026/08/21 10:15:30", time.UTC, "2026-08-21T10:15:30Z"},
		{"2026/08/21 10:15:30", berlin, "2026-08-21T09:15:30Z"},
		{"2026/05/01 20:43:35.854", time.UTC, "2026-05-01T20:43:35.854Z"},
		{"2026-08-21T10:15:30Z", berlin, "2026-08-21T10:15:30Z"},
		{"2026-08-21T10:15:30.123456789Z", time.UTC, "2026-08-21T10:15:30.123456789Z"},
		{"2026-08-21T10:15:30+02:00", time.UTC, "2026-08-21T08:15:30Z"},
		{"2026-11-20 06:29:45 +0000", berlin, "2026-11-20T06:29:45Z"},
		{"2026-11-20 06:29:45,123", time.UTC, "2026-11-20T06:29:45.123Z"},
		{"21/Aug/2026:10:15:30 -0130", time.UTC, "2026-08-21T11:45:30Z"},
		{"20/Nov/2026:06:28:24.629", time.UTC, "2026-11-20T06:28:24.629Z"},
		{"21-Aug-2026 10:15:30", time.UTC, "2026-08-21T10:15:30Z"},
		{"21-Aug-2026 10:15:30.123456 UTC", berlin, "2026-08-21T10:15:30.123456Z"},
		{"21-Aug-2026 10:15:30 Europe/Berlin", berlin, "2026-08-21T09:15:30Z"},
		{"Fri Aug 21 10:15:30 2026", time.UTC, "2026-08-21T10:15:30Z"},
		{"Fri Nov 20 06:28:24.693267 2026", time.UTC, "2026-11-20T06:28:24.693267Z"},
		{"Nov 20 06:28:24", time.UTC, "2026-11-20T06:28:24Z"},
		{"Nov  2 06:28:24", time.UTC, "2026-11-02T06:28:24Z"},
		{"Dec 31 23:59:59", time.UTC, "2025-12-31T23:59:59Z"},
		{"Nov 20 08:00:01", time.UTC, "2025-11-20T08:00:01Z"},
		{"Feb 29 12:00:00", time.UTC, "2024-02-29T12:00:00Z"},
		{"1787480130.123", berlin, "2026-08-23T10:15:30.123Z"},
		{"1787480130", time.UTC, "2026-08-23T10:15:30Z"},
		{"2026/13/21 10:15:30", time.UTC, ""},
		{"2026-02-31T10:15:30Z", time.UTC, ""},
		{"2026-08-21T24:15:30Z", time.UTC, ""},
		{"Xyz 20 06:28:24", time.UTC, ""},
		{"", time.UTC, ""},
		{"-", time.UTC, ""},
		{"99999999999999999999", time.UTC, ""},
	} {
		got, ok := Time([]byte(test.stamp), test.loc, now)
		if !ok {
			if test.want != "" {
				t.Errorf("%q: no time", test.stamp)
			}
			continue
		}
		if s := got.UTC().Format(time.RFC3339Nano); s != test.want && (test.want == "" || math.Abs(float64(got.Sub(parse(t, test.want)))) > 1000) {
			t.Errorf("%q: %s, want %s", test.stamp, s, test.want)
		}
	}
}

func parse(t *testing.T, s string) time.Time {
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPeel(t *testing.T) {
	for _, test := range []struct {
		line, program string
		pid           int64
		rest          string
	}{
		{"<134>Nov 20 06:28:24 host haproxy[565]: text", "haproxy", 565, "text"},
		{"<134>Nov 20 06:28:24 haproxy[565]: text", "haproxy", 565, "text"},
		{"2026-11-20T06:28:24+0000 host kernel: text", "kernel", 0, "text"},
		{"Nov 20 06:28:24 host kernel: [148522.291772] text", "kernel", 0, "text"},
		{"[148522.291772] text", "", 0, "text"},
		{"[Fri Nov 20 06:28:24 2026] text", "", 0, "text"},
		{"kernel: text", "kernel", 0, "text"},
		{"web_1  | text", "", 0, "text"},
		{"2026-11-20T06:28:24.123456789Z stderr F text", "", 0, "text"},
		{"host app[7]: text", "app", 7, "text"},
		{"FATAL ERROR: text", "", 0, "FATAL ERROR: text"},
		{"[7] ! text", "", 0, "[7] ! text"},
		{"a | b", "", 0, "b"},
		{"x y | b", "", 0, "x y | b"},
		{"2026-08-21T10:15:30: PM2 log: text", "", 0, "2026-08-21T10:15:30: PM2 log: text"},
		{"", "", 0, ""},
	} {
		h, rest := Peel([]byte(test.line))
		if string(h.Program) != test.program || h.PID != test.pid || string(rest) != test.rest {
			t.Errorf("%q: program %q, process %d, rest %q", test.line, h.Program, h.PID, rest)
		}
	}
}

func TestObject(t *testing.T) {
	f, ok := Object([]byte(` {"a":"x\"y","b":-1.5e3 , "c" : {"d":[1,"}"]},"e":[true],"f":null} tail`))
	if !ok {
		t.Fatal("no object")
	}
	want := []struct {
		key, value string
		kind       byte
	}{{"a", `x\"y`, '"'}, {"b", "-1.5e3", 'v'}, {"c", `{"d":[1,"}"]}`, '{'}, {"e", "[true]", '['}, {"f", "null", 'v'}}
	for _, w := range want {
		if !f.Next() || string(f.Key) != w.key || string(f.Value) != w.value || f.Kind != w.kind {
			t.Errorf("member %q: %q %c, want %q: %q %c", f.Key, f.Value, f.Kind, w.key, w.value, w.kind)
		}
	}
	if f.Next() {
		t.Errorf("one more member: %q", f.Key)
	}
	for _, bad := range []string{"", "[1]", `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":{`, `{a:1}`} {
		f, ok := Object([]byte(bad))
		if ok && f.Next() {
			t.Errorf("%q has a member", bad)
		}
	}
}

func TestNumbers(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "12": 12, "0.003": 0.003, "60.001": 60.001} {
		if v, ok := Seconds([]byte(s)); !ok || math.Abs(v-want) > 1e-12 {
			t.Errorf("%q: %v", s, v)
		}
	}
	for _, s := range []string{"", "-", "a", "1.", "1.a", ".5", "1 ", "1234567890123456789"} {
		if v, ok := Seconds([]byte(s)); ok {
			t.Errorf("%q is %v", s, v)
		}
	}
	if n, ok := Int([]byte("-12")); !ok || n != -12 {
		t.Errorf("-12 is %d", n)
	}
}

func TestRequest(t *testing.T) {
	for s, want := range map[string][2]string{
		"GET /a?b HTTP/1.1": {"GET", "/a"}, "GET /": {"GET", "/"}, "GET /a b HTTP/1.0": {"GET", "/a b"}, "": {}, "x": {}, `\x16\x03 y`: {}, "CONNECT h:1 HTTP/1.1": {"CONNECT", "h:1"},
	} {
		m, p := Request([]byte(s))
		if string(m) != want[0] || string(p) != want[1] {
			t.Errorf("%q: %q %q", s, m, p)
		}
	}
}

func TestNothingAllocates(t *testing.T) {
	stamp, head := []byte("Fri Nov 20 06:28:24.693267 2026"), []byte("<134>Nov 20 06:28:24 host haproxy[565]: a text that has no such words in it")
	if n := testing.AllocsPerRun(100, func() {
		Time(stamp, time.UTC, time.Time{})
		_, rest := Peel(head)
		Contains(rest, "some words that are longer than thirty-two bytes in all")
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"Nov 20 06:28:24 host a[1]: x", "2026-08-21T10:15:30.1+02:00", `{"a":{"b":[1]},"c":"\""}`, "21/Aug/2026:10:15:30 -0130"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Time(b, time.UTC, time.Unix(1792000000, 0))
		_, rest := Peel(b)
		if len(rest) > len(b) {
			t.Fatalf("%q grew to %q", b, rest)
		}
		if o, ok := Object(b); ok {
			for o.Next() {
			}
		}
		Request(b)
		Seconds(b)
	})
}
