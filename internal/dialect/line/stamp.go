package line

import "time"

// Time reads a stamp in any of the shapes that the products write:
//
//	2026/08/21 10:15:30            nginx error, Go's log
//	2026-08-21T10:15:30.123Z       ISO 8601, also with a space for T, a comma for the point, a zone with or without colon
//	21/Aug/2026:10:15:30 +0000     common log format, HAProxy without the zone
//	21-Aug-2026 10:15:30 UTC       php-fpm, Tomcat
//	Fri Aug 21 10:15:30.12 2026    ctime, Apache, uwsgi
//	Aug 21 10:15:30                syslog, journalctl
//	1787480130.123                 seconds since 1970
//
// Where the stamp names no zone it is taken to be in loc, where it names no
// year the latest year is chosen in which the time is not after now.
func Time(b []byte, loc *time.Location, now time.Time) (time.Time, bool) {
	if len(b) < 8 {
		return time.Time{}, false
	}
	switch {
	case b[0]-'0' > 9:
		return wordTime(b, loc, now)
	case b[4] == '/' || b[4] == '-':
		return isoTime(b, loc)
	case b[2] == '/' || b[2] == '-':
		return dayTime(b, loc)
	}
	return unixTime(b)
}

// isoTime reads "2026/08/21 10:15:30" and "2026-08-21T10:15:30.123+02:00".
func isoTime(b []byte, loc *time.Location) (time.Time, bool) {
	if len(b) < 19 || b[4] != b[7] || (b[10] != ' ' && b[10] != 'T' && b[10] != '-') {
		return time.Time{}, false
	}
	year, ok1 := digits(b[:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	sec, nanos, rest, ok4 := clock(b[11:])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return time.Time{}, false
	}
	return date(year, month, day, sec, nanos, rest, loc)
}

// dayTime reads "21/Aug/2026:10:15:30 +0000" and "21-Aug-2026 10:15:30 UTC".
func dayTime(b []byte, loc *time.Location) (time.Time, bool) {
	if len(b) < 20 || b[6] != b[2] || (b[11] != ':' && b[11] != ' ') {
		return time.Time{}, false
	}
	day, ok1 := digits(b[:2])
	month := month(b[3:6])
	year, ok2 := digits(b[7:11])
	sec, nanos, rest, ok3 := clock(b[12:])
	if !ok1 || !ok2 || !ok3 || month == 0 {
		return time.Time{}, false
	}
	return date(year, month, day, sec, nanos, rest, loc)
}

// wordTime reads "Fri Aug 21 10:15:30 2026", with the zone before the year as
// date(1) writes it, and "Aug 21 10:15:30".
func wordTime(b []byte, loc *time.Location, now time.Time) (time.Time, bool) {
	m := month(b[:3])
	if m == 0 && b[3] == ' ' {
		b = b[4:]
		if len(b) < 3 {
			return time.Time{}, false
		}
		m = month(b[:3])
	}
	if m == 0 || len(b) < 15 || b[3] != ' ' {
		return time.Time{}, false
	}
	day, ok := digits(b[5:6])
	if b[4] != ' ' {
		day, ok = digits(b[4:6])
	}
	rest := b[6:]
	if !ok || len(rest) == 0 || rest[0] != ' ' {
		return time.Time{}, false
	}
	sec, nanos, rest, ok := clock(rest[1:])
	if !ok {
		return time.Time{}, false
	}
	if len(rest) >= 5 && rest[0] == ' ' {
		if year, ok := digits(rest[len(rest)-4:]); ok {
			return date(year, m, day, sec, nanos, rest[:len(rest)-5], loc)
		}
	}
	return latest(m, day, sec, nanos, loc, now)
}

// latest returns the day and time of the last year in which they exist and are
// not after now. 29 February may be eight years back.
func latest(month, day, sec, nanos int, loc *time.Location, now time.Time) (time.Time, bool) {
	for year, n := now.In(loc).Year(), 0; n < 9; year, n = year-1, n+1 {
		t, ok := date(year, month, day, sec, nanos, nil, loc)
		if ok && !t.After(now) {
			return t, true
		}
	}
	return time.Time{}, false
}

// unixTime reads "1787480130" and "1787480130.123".
func unixTime(b []byte) (time.Time, bool) {
	sec, rest, ok := Number(b)
	if !ok || sec > 1<<36 {
		return time.Time{}, false
	}
	nanos, rest := fraction(rest)
	if len(rest) > 0 {
		return time.Time{}, false
	}
	return time.Unix(sec, int64(nanos)).UTC(), true
}

// date puts a time together. rest is what follows the clock: a zone, or
// something that is none.
func date(year, month, day, sec, nanos int, rest []byte, loc *time.Location) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	if offset, ok := zone(rest); ok {
		// A fixed zone would be allocated: the time is moved to UTC instead.
		t := time.Date(year, time.Month(month), day, 0, 0, sec, nanos, time.UTC)
		return t.Add(-offset), t.Day() == day
	}
	t := time.Date(year, time.Month(month), day, sec/3600, sec/60%60, sec%60, nanos, loc)
	return t, t.Month() == time.Month(month) || day < 29
}

// clock reads "10:15:30" and a fraction, and returns the second of the day.
func clock(b []byte) (sec, nanos int, rest []byte, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, 0, nil, false
	}
	h, ok1 := digits(b[:2])
	m, ok2 := digits(b[3:5])
	s, ok3 := digits(b[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 60 {
		return 0, 0, nil, false
	}
	nanos, rest = fraction(b[8:])
	return h*3600 + m*60 + s, nanos, rest, true
}

// fraction reads ".123" or ",123" as nanoseconds.
func fraction(b []byte) (nanos int, rest []byte) {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') || b[1]-'0' > 9 {
		return 0, b
	}
	b = b[1:]
	scale := 100_000_000
	for len(b) > 0 && b[0]-'0' <= 9 {
		nanos += int(b[0]-'0') * scale
		scale /= 10
		b = b[1:]
	}
	return nanos, b
}

// zone reads "Z", "+02:00", " +0200", " UTC".
func zone(b []byte) (time.Duration, bool) {
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	switch {
	case Is(b, "Z") || Is(b, "UTC") || Is(b, "GMT"):
		return 0, true
	case len(b) < 5 || (b[0] != '+' && b[0] != '-'):
		return 0, false
	}
	minutes := b[3:]
	if minutes[0] == ':' {
		minutes = minutes[1:]
	}
	h, ok1 := digits(b[1:3])
	m, ok2 := digits(minutes)
	if !ok1 || !ok2 || len(minutes) != 2 {
		return 0, false
	}
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if b[0] == '-' {
		d = -d
	}
	return d, true
}

func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

func month(b []byte) int {
	switch string(b) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}
