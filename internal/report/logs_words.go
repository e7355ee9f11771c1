package report

import (
	"fmt"
	"strconv"
)

// number writes n with commas.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func size(n float64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	i := 0
	for n >= 1000 && i < len(units)-1 {
		n /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f %s", n, units[i])
	}
	return fmt.Sprintf("%.3g %s", n, units[i])
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// many is a count with its noun.
func many(n uint64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

func percentage(share float64) string {
	switch {
	case share <= 0:
		return "0 %"
	case share < 0.0001:
		return "under 0.01 %"
	case share < 0.1:
		return fmt.Sprintf("%.2g %%", share*100)
	}
	return fmt.Sprintf("%.0f %%", share*100)
}
