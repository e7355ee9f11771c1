package nginx

import "testing"

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		in    string
		milli bool
		want  float64
		ok    bool
	}{
		{"60", true, 60, true}, {"60s", true, 60, true}, {"1m30s", true, 90, true}, {"1h 30m", true, 5400, true}, {"500ms", true, 0.5, true},
		{"1d", false, 86400, true}, {"1y2M3w", false, 365*86400 + 60*86400 + 21*86400, true}, {"1m30", true, 90, true}, {"0", true, 0, true},
		{"500ms", false, 0, false}, {"1s1m", true, 0, false}, {"5sec", true, 0, false}, {"", true, 0, false}, {"-1", true, 0, false}, {"s", true, 0, false},
		{"1m1m", true, 0, false}, {"99999999999999999999", true, 0, false},
	} {
		if got, ok := parseTime(c.in, c.milli); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %g %v, want %g %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		giga bool
		want float64
		ok   bool
	}{
		{"8k", false, 8192, true}, {"8K", false, 8192, true}, {"1m", false, 1 << 20, true}, {"2g", true, 2 << 30, true}, {"512", false, 512, true},
		{"2g", false, 0, false}, {"k", false, 0, false}, {"", false, 0, false}, {"1.5m", true, 0, false}, {"10mb", true, 0, false}, {"9223372036854775807k", true, 0, false},
	} {
		if got, ok := parseSize(c.in, c.giga); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %g %v, want %g %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestAtVersion(t *testing.T) {
	for _, c := range []struct {
		have, want string
		ok         bool
	}{{"1.29.7", "1.29.7", true}, {"1.29.10", "1.29.7", true}, {"1.30", "1.29.7", true}, {"1.22.1", "1.29.7", false}, {"", "1.29.7", false}} {
		if atVersion(c.have, c.want) != c.ok {
			t.Errorf("%s at least %s: %v", c.have, c.want, !c.ok)
		}
	}
}
