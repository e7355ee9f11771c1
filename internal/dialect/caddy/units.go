package caddy

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// duration reads a time as Caddy does: that of Go, and days (caddy.ParseDuration).
func duration(s string) (time.Duration, bool) {
	var days strings.Builder
	for {
		i := strings.IndexByte(s, 'd')
		if i < 0 {
			break
		}
		start := i
		for start > 0 && (s[start-1] >= '0' && s[start-1] <= '9' || s[start-1] == '.') {
			start--
		}
		n, err := strconv.ParseFloat(s[start:i], 64)
		if err != nil {
			return 0, false
		}
		days.WriteString(s[:start] + strconv.FormatFloat(n*24, 'f', -1, 64) + "h")
		s = s[i+1:]
	}
	d, err := time.ParseDuration(days.String() + s)
	return d, err == nil
}

// sizes are the units that go-humanize knows, which Caddy reads sizes with.
var sizes = map[string]float64{
	"": 1, "b": 1,
	"k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
	"ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30, "ti": 1 << 40, "tib": 1 << 40,
}

// bytesOf reads a size: "10MB", "16KiB".
func bytesOf(s string) (int64, bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == ',') {
		i++
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(s[:i], ",", ""), 64)
	by, ok := sizes[strings.ToLower(strings.TrimSpace(s[i:]))]
	if err != nil || !ok || n*by > math.MaxInt64/2 {
		return 0, false
	}
	return int64(n * by), true
}
