package caddy

import (
	"bytes"
	"encoding/binary"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

var (
	accessHead   = []byte(`{"level":"info","ts":`)
	accessLogger = []byte(`,"logger":"http.log.access`)
	accessStatus = []byte(`,"status":`)
)

// countAccess is the Access function of Caddy's access log in JSON. It counts
// the lines of `handled request` whose level is info, which is all below 500,
// and hands on everything else. The text `,"status":` cannot stand within a
// string, where its quotes are escaped, and no request header has that name:
// net/http writes names with a capital.
func countAccess(block []byte, t *dialect.Tally, rest func(line []byte)) {
	// Fast path.
	for len(block) > 0 {
		line := block
		if end := bytes.IndexByte(block, '\n'); end >= 0 {
			line, block = block[:end], block[end+1:]
		} else {
			block = nil
		}
		t.Lines++
		status, ok := accessLine(line, t)
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

// accessLine reads the time and the status of a line. Afterwards t.Current is
// the line's minute.
func accessLine(line []byte, t *dialect.Tally) (status int, ok bool) {
	if !bytes.HasPrefix(line, accessHead) || line[len(line)-1] != '}' {
		return 0, false
	}
	s := line[len(accessHead):]
	if len(s) < 12 {
		return 0, false
	}
	unix := int64(0)
	for _, c := range s[:10] { // ten digits: from 2001 to 2286
		if c -= '0'; c > 9 {
			return 0, false
		}
		unix = unix*10 + int64(c)
	}
	s = s[10:]
	if s[0] == '.' {
		n := 1
		for n < len(s) && s[n]-'0' <= 9 {
			n++
		}
		s = s[n:]
	}
	if !bytes.HasPrefix(s, accessLogger) {
		return 0, false
	}
	i := bytes.Index(s, accessStatus)
	if i < 0 || len(s) < i+len(accessStatus)+4 {
		return 0, false
	}
	s = s[i+len(accessStatus):]
	a, b, c := s[0]-'0', s[1]-'0', s[2]-'0'
	if a > 9 || b > 9 || c > 9 || s[3] != ',' && s[3] != '}' {
		return 0, false
	}
	atMinute(unix-unix%60, t)
	return int(a)*100 + int(b)*10 + int(c), true
}

// atMinute makes t.Current the minute that begins at a Unix time.
func atMinute(unix int64, t *dialect.Tally) {
	if t.Current != nil && binary.NativeEndian.Uint64(t.Stamp[:]) == uint64(unix) {
		return
	}
	t.Current = t.Minute(unix)
	binary.NativeEndian.PutUint64(t.Stamp[:], uint64(unix))
}
