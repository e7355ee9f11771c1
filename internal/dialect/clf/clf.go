// Package clf reads the beginning that the access logs of many products share:
// the common log format of NCSA httpd, ADDRESS IDENT USER [TIME] "REQUEST"
// STATUS. It is the fast way through such a log; the products' own Line
// functions are the full one.
package clf

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Combined is the Access function of the combined format, which ends in two
// quoted fields.
func Combined(block []byte, t *dialect.Tally, rest func(line []byte)) {
	count(block, t, rest, false)
}

// Extended is the Access function of formats that begin as the combined format
// does; more fields may follow after a space.
func Extended(block []byte, t *dialect.Tally, rest func(line []byte)) {
	count(block, t, rest, true)
}

func count(block []byte, t *dialect.Tally, rest func(line []byte), more bool) {
	// Fast path: three searches and a handful of comparisons per line. Whatever
	// deviates from the canonical shape goes to rest, so that nothing here has
	// to be lenient.
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n')
		if end < 0 {
			t.Lines++
			rest(block)
			return
		}
		line := block[:end]
		block = block[end+1:]
		t.Lines++
		status, ok := head(line, t, more)
		if !ok || status < 100 || status >= 500 || status == 499 {
			rest(line)
			continue
		}
		m := t.Current
		if m.Mode != dialect.Counted {
			if m.Mode == dialect.Asked {
				rest(line)
			}
			continue
		}
		t.Status[status]++
		m.Requests++
	}
}

// The offsets within `[21/Aug/2026:10:15:30 +0000] "`.
const (
	stampSeconds = 19
	stampZone    = 21
	stampEnd     = 27
	requestStart = 30
)

// dashes is " - -" as the bytes stand in memory.
const dashes = ' ' | '-'<<8 | ' '<<16 | '-'<<24

// head reads the time and the status of a line. Afterwards t.Current is the
// line's minute.
func head(line []byte, t *dialect.Tally, more bool) (status int, ok bool) {
	i := bytes.IndexByte(line, '[')
	if i < 6 || len(line) < i+requestStart+16 {
		return 0, false
	}
	if binary.LittleEndian.Uint32(line[i-5:]) != dashes || line[i-1] != ' ' {
		if !user(line[:i]) {
			return 0, false
		}
	}
	s := line[i:]
	_ = s[requestStart]
	if binary.LittleEndian.Uint32(s[stampEnd-1:])>>8 != closing || !sameMinute(s, t) && !newMinute(s, t) || s[stampSeconds]-'0' > 5 || s[stampSeconds+1]-'0' > 9 {
		return 0, false
	}
	s = s[requestStart:]
	e := bytes.IndexByte(s, '"')
	// \" is Apache's way to write a quote inside the request.
	if e < 1 || s[e-1] == '\\' || len(s) < e+14 {
		return 0, false
	}
	// `" 200 `, then the number of bytes and two quoted fields.
	s = s[e:]
	a, b, c := s[2]-'0', s[3]-'0', s[4]-'0'
	if s[1] != ' ' || s[5] != ' ' || a > 9 || b > 9 || c > 9 {
		return 0, false
	}
	n := 6 + digits(s[6:])
	if n == 6 || len(s) < n+6 || s[n] != ' ' || s[n+1] != '"' {
		return 0, false
	}
	s = s[n+2:]
	if n = bytes.IndexByte(s, '"'); n < 0 || n > 0 && s[n-1] == '\\' || len(s) < n+4 || s[n+1] != ' ' || s[n+2] != '"' {
		return 0, false
	}
	return int(a)*100 + int(b)*10 + int(c), closed(s[n+3:], more)
}

// closing is `] "` as the bytes stand in memory.
const closing = ']' | ' '<<8 | '"'<<16

// user reports whether b, what stands before the time, is ADDRESS IDENT USER
// with a user who has logged in.
func user(b []byte) bool {
	k := bytes.IndexByte(b, ' ')
	return k > 0 && k+5 <= len(b) && b[k+1] == '-' && b[k+2] == ' ' && b[k+3] != ' ' && b[len(b)-1] == ' '
}

// closed reports whether s, the last quoted field and what follows it where more
// may follow, is closed by a quote. One at the end closes it, whatever stands
// before it.
func closed(s []byte, more bool) bool {
	n := len(s) - 1
	if s[n] == '"' {
		return (n == 0 || s[n-1] != '\\') && n < tailLimit
	}
	if !more {
		return false
	}
	n = bytes.IndexByte(s, '"')
	return n >= 0 && (n == 0 || s[n-1] != '\\') && n+1 < len(s) && s[n+1] == ' '
}

// digits returns how many digits s begins with, at most as many as eight. It
// looks at eight bytes at once, because the number differs from line to line and
// a loop's end would be guessed wrongly each time: a byte that is no digit has
// its high bit set in x or in x+0x76.
func digits(s []byte) int {
	if len(s) < 8 {
		return 0
	}
	x := binary.LittleEndian.Uint64(s) ^ 0x3030303030303030
	other := (x | (x + 0x7676767676767676)) & 0x8080808080808080
	return bits.TrailingZeros64(other) / 8
}

// tailLimit bounds the last field: Line gives a longer one up that is full of
// quotes.
const tailLimit = 400

// sameMinute compares everything but the seconds with the last stamp.
func sameMinute(s []byte, t *dialect.Tally) bool {
	if t.Current == nil {
		return false
	}
	w := binary.LittleEndian
	return w.Uint64(s[1:]) == w.Uint64(t.Stamp[1:]) && w.Uint64(s[9:]) == w.Uint64(t.Stamp[9:]) &&
		s[17] == t.Stamp[17] && s[18] == t.Stamp[18] &&
		w.Uint32(s[stampZone:]) == w.Uint32(t.Stamp[stampZone:]) && w.Uint32(s[stampZone+2:]) == w.Uint32(t.Stamp[stampZone+2:])
}

// newMinute reads a stamp whose minute is not the last one's.
func newMinute(s []byte, t *dialect.Tally) bool {
	unix, ok := minute(s)
	if !ok {
		return false
	}
	t.Current = t.Minute(unix)
	copy(t.Stamp[:], s)
	return true
}

// minute reads "[21/Aug/2026:10:15:30 +0200]" without its seconds.
func minute(s []byte) (unix int64, ok bool) {
	if s[3] != '/' || s[7] != '/' || s[12] != ':' || s[15] != ':' || s[18] != ':' || s[21] != ' ' || (s[22] != '+' && s[22] != '-') {
		return 0, false
	}
	day, ok1 := two(s[1:])
	century, ok2 := two(s[8:])
	year, ok3 := two(s[10:])
	hour, ok4 := two(s[13:])
	min, ok5 := two(s[16:])
	zoneHour, ok6 := two(s[23:])
	zoneMin, ok7 := two(s[25:])
	mon := month(s[4:7])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || mon == 0 || day < 1 || day > 31 || hour > 23 || min > 59 || zoneHour > 24 || zoneMin > 59 {
		return 0, false
	}
	year += century * 100
	if year < 1971 || year > 2199 {
		return 0, false
	}
	date := time.Date(year, mon, day, hour, min, 0, 0, time.UTC)
	if date.Day() != day {
		return 0, false // 31 February
	}
	offset := int64(zoneHour)*3600 + int64(zoneMin)*60
	if s[22] == '-' {
		offset = -offset
	}
	return date.Unix() - offset, true
}

func two(s []byte) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func month(s []byte) time.Month {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for m := range 12 {
		if string(s) == names[3*m:3*m+3] {
			return time.Month(m + 1)
		}
	}
	return 0
}
