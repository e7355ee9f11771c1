package caddy

import (
	"bytes"
	"encoding/binary"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// countAccess is the Access function of Caddy's log in JSON. It counts the lines
// of the access log whose level is info, which is all below 500, and hands on
// everything else. It walks over the members as read does, and takes from them
// the four that it needs.
func countAccess(block []byte, t *dialect.Tally, rest func(row []byte)) {
	// Fast path.
	for len(block) > 0 {
		row := block
		if end := bytes.IndexByte(block, '\n'); end >= 0 {
			row, block = block[:end], block[end+1:]
		} else {
			block = nil
		}
		t.Lines++
		status, ok := plainAccess(row, t)
		if !ok || status < 100 || status >= 500 || status == 499 {
			rest(row)
			continue
		}
		m := t.Current
		if m.Mode != dialect.Counted {
			if m.Mode == dialect.Asked {
				rest(row)
			}
			continue
		}
		t.Status[status]++
		m.Requests++
	}
}

// plainAccess reads the time and the status of a line. Afterwards t.Current is
// the line's minute.
func plainAccess(row []byte, t *dialect.Tally) (status int, ok bool) {
	o, ok := line.Object(row)
	if !ok || row[0] != '{' {
		return 0, false
	}
	var level, stamp, logger, msg, code []byte
	for o.Next() {
		switch string(o.Key) {
		case "level":
			level = o.Value
		case "ts":
			stamp = o.Value
		case "logger":
			logger = o.Value
		case "msg":
			msg = o.Value
		case "status":
			code = o.Value
		}
	}
	if msg == nil || !line.Is(level, "info") || !line.Has(logger, "http.log.access") || len(code) != 3 {
		return 0, false
	}
	a, b, c := code[0]-'0', code[1]-'0', code[2]-'0'
	if a > 9 || b > 9 || c > 9 || !atTime(stamp, t) {
		return 0, false
	}
	return int(a)*100 + int(b)*10 + int(c), true
}

// atTime makes t.Current the minute of a stamp in Unix seconds: ten digits, from
// 2001 to 2286, and perhaps a fraction.
func atTime(stamp []byte, t *dialect.Tally) bool {
	if len(stamp) < 10 || len(stamp) > 10 && (stamp[10] != '.' || len(stamp) == 11) {
		return false
	}
	unix := int64(0)
	for i, c := range stamp {
		if i == 10 {
			continue
		}
		if c -= '0'; c > 9 {
			return false
		}
		if i < 10 {
			unix = unix*10 + int64(c)
		}
	}
	if unix >= maxTime {
		return false
	}
	atMinute(unix-unix%60, t)
	return true
}

// maxTime is the year 2200: no log is of later.
const maxTime = 7_258_118_400

// atMinute makes t.Current the minute that begins at a Unix time.
func atMinute(unix int64, t *dialect.Tally) {
	if t.Current != nil && binary.NativeEndian.Uint64(t.Stamp[:]) == uint64(unix) {
		return
	}
	t.Current = t.Minute(unix)
	binary.NativeEndian.PutUint64(t.Stamp[:], uint64(unix))
}
