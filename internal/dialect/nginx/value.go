package nginx

import (
	"math"
	"strconv"
	"strings"
)

// parseSize reads a size as ngx_parse_size and ngx_parse_offset do: "8k", "1m",
// and with giga "1g".
func parseSize(s string, giga bool) (float64, bool) {
	if s == "" {
		return 0, false
	}
	scale := 1.0
	switch s[len(s)-1] {
	case 'k', 'K':
		scale = 1 << 10
	case 'm', 'M':
		scale = 1 << 20
	case 'g', 'G':
		if giga {
			scale = 1 << 30
		}
	}
	if scale > 1 {
		s = s[:len(s)-1]
	}
	n, ok := parseCount(s)
	if !ok || n*scale > math.MaxInt64 {
		return 0, false
	}
	return n * scale, true
}

// parseCount reads a number as ngx_atoi does: digits only.
func parseCount(s string) (float64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return float64(n), err == nil
}

// timeUnits are the units of ngx_parse_time in the order that it demands, in
// seconds. Months are 30 days.
var timeUnits = [...]struct {
	name    string
	seconds float64
}{{"y", 365 * 86400}, {"M", 30 * 86400}, {"w", 7 * 86400}, {"d", 86400}, {"h", 3600}, {"ms", 0.001}, {"m", 60}, {"s", 1}, {" ", 1}}

// parseTime reads a time as ngx_parse_time does and returns seconds: "90",
// "1m30s", "1h 30m", and with milli "500ms". Units must come from the longest to
// the shortest; a number without one is seconds.
func parseTime(s string, milli bool) (seconds float64, ok bool) {
	const ms = 8 // the rank of milliseconds, after blanks
	rank := -1
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n > 15 {
			return 0, false
		}
		ok = ok || n > 0
		v, _ := strconv.ParseFloat(s[:n], 64)
		s = s[n:]
		if s == "" {
			return seconds + v, ok && seconds+v < math.MaxInt32*1000.0
		}
		unit := timeUnit(s)
		if unit < 0 {
			return 0, false
		}
		step := unit
		switch timeUnits[unit].name {
		case "ms":
			step = ms
		case "m", "s", " ":
			step--
		}
		if step <= rank || (step == ms && !milli) {
			return 0, false
		}
		rank = step
		seconds += v * timeUnits[unit].seconds
		s = strings.TrimLeft(s[len(timeUnits[unit].name):], " ")
	}
	return seconds, ok && seconds < math.MaxInt32*1000.0
}

// timeUnit returns the unit that s begins with, or -1.
func timeUnit(s string) int {
	for i, u := range timeUnits {
		if strings.HasPrefix(s, u.name) {
			return i
		}
	}
	return -1
}

// formatNumber writes a number as nginx takes it.
func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// atVersion reports whether version is at least want, both as "1.22.1". An
// unknown version is older than any.
func atVersion(version, want string) bool {
	v, w := strings.Split(version, "."), strings.Split(want, ".")
	for i := range w {
		var a int
		if i < len(v) {
			a, _ = strconv.Atoi(v[i])
		}
		b, _ := strconv.Atoi(w[i])
		if a != b {
			return a > b
		}
	}
	return true
}
