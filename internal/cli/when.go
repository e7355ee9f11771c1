package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// moments are the forms in which a time may be written, in the local zone where
// they name none.
var moments = []string{
	time.RFC3339Nano, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02",
	"2006/01/02 15:04:05", "2006/01/02 15:04", "02/Jan/2006:15:04:05 -0700", "Jan _2 15:04:05", "Jan 2 15:04:05",
}

// parseWhen reads a time: "15m", "2h30m", "1d" and "1w" ago, "now", "today",
// "yesterday", "03:00" (the last one), or a date with or without a time.
func parseWhen(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch text {
	case "":
		return time.Time{}, nil
	case "now":
		return now, nil
	case "today":
		return day, nil
	case "yesterday":
		return day.AddDate(0, 0, -1), nil
	}
	if ago, ok := parseAgo(strings.TrimSuffix(text, " ago")); ok {
		return now.Add(-ago), nil
	}
	for _, form := range []string{"15:04:05", "15:04"} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			at := day.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second)
			if at.After(now) {
				at = at.AddDate(0, 0, -1)
			}
			return at, nil
		}
	}
	for _, form := range moments {
		t, err := time.ParseInLocation(form, text, now.Location())
		if err != nil {
			continue
		}
		if t.Year() == 0 {
			t = t.AddDate(now.Year(), 0, 0)
			if t.After(now) {
				t = t.AddDate(-1, 0, 0)
			}
		}
		return t, nil
	}
	return time.Time{}, withHint(fmt.Errorf("cannot read the time %q", text), `15m, 2h, 1d, yesterday, 03:00, "2026-11-20 03:00" or 2026-11-20T03:00:00Z`)
}

// parseAgo reads durations with days and weeks.
func parseAgo(text string) (time.Duration, bool) {
	if n, err := strconv.ParseFloat(strings.TrimRight(text, "dw"), 64); err == nil && len(text) > 1 && n >= 0 && n < 5000 {
		switch text[len(text)-1] {
		case 'd':
			return time.Duration(n * float64(24*time.Hour)), true
		case 'w':
			return time.Duration(n * float64(7*24*time.Hour)), true
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
