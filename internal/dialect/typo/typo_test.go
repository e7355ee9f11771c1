package typo

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b       string
		most, want int
	}{{"", "", 2, 0}, {"a", "", 2, 1}, {"ab", "ba", 2, 1}, {"server", "sevrer", 2, 1}, {"proxy_pas", "proxy_pass", 2, 1}, {"abc", "xyz", 2, 3}, {"a", "abcd", 2, 3}} {
		if got := Distance(c.a, c.b, c.most); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
