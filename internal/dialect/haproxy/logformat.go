package haproxy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Format returns the log that a log-format describes (doc/configuration.txt,
// section 8.2.6). It fails where the format does not say how a request ended: the
// status, the state and the server, or which frontend took it.
func Format(format string) (dialect.Log, error) {
	f, err := compile(format)
	if err != nil {
		return dialect.Log{}, err
	}
	log := Logs[0]
	log.Line = f.line
	log.Sniff = dialect.Share(93, f.line)
	return log, nil
}

// piece is a text of a format, and the variable behind it.
type piece struct {
	text   string
	name   string // empty: none, the format ends here
	quoted bool   // the variable is written within quotes
}

// custom is a format taken apart.
type custom []piece

// compile takes a format apart. What a variable prints is told from what follows by
// the text between them, so there must be some.
func compile(format string) (custom, error) {
	var f custom
	var text strings.Builder
	all := false // %{+Q}o: everything is quoted
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '\\' && i+1 < len(format):
			i++
			text.WriteByte(format[i])
		case c != '%':
			text.WriteByte(c)
		case strings.HasPrefix(format[i:], "%%"):
			i++
			text.WriteByte('%')
		default:
			name, flags, n, err := variable(format[i:])
			if err != nil {
				return nil, err
			}
			i += n - 1
			quoted := all && !strings.Contains(flags, "-Q") || strings.Contains(flags, "+Q")
			if name == "o" {
				all = quoted
				if i+1 < len(format) && format[i+1] == ' ' {
					i++ // it prints nothing, and the space behind it neither
				}
				continue
			}
			if text.Len() == 0 && len(f) > 0 && !f[len(f)-1].quoted {
				return nil, fmt.Errorf("cannot read the log-format: nothing stands between %%%s and %%%s", f[len(f)-1].name, name)
			}
			f = append(f, piece{text.String(), name, quoted && quotable(name)})
			text.Reset()
		}
	}
	f = append(f, piece{text: text.String()})
	for _, must := range [][]string{{"ST"}, {"tsc", "ts"}, {"b"}, {"s"}, {"ft", "f"}} {
		if !f.has(must...) {
			return nil, fmt.Errorf("cannot read how a request ended from the log-format: it has no %%%s", must[0])
		}
	}
	return f, nil
}

// quotable reports whether a variable is a text: numbers, times and states are
// printed without quotes whatever the flags say (sess_build_logline, src/log.c).
func quotable(name string) bool {
	switch name {
	case "ci", "fi", "bi", "si", "ft", "f", "b", "s", "r", "HM", "HP", "HPO", "HQ", "HU", "HV", "CC", "CS", "hr", "hs", "hrl", "hsl", "ID", "sslv", "sslc", "H":
		return true
	}
	return strings.HasPrefix(name, "[")
}

func (f custom) has(names ...string) bool {
	for _, p := range f {
		for _, n := range names {
			if p.name == n {
				return true
			}
		}
	}
	return false
}

// variable reads "%ST", "%{+Q}r" or "%[expression]" and says how many bytes it
// takes.
func variable(s string) (name, flags string, n int, err error) {
	n = 1
	if strings.HasPrefix(s[n:], "{") {
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", "", 0, errors.New("cannot read the log-format: a brace is not closed")
		}
		flags, n = s[2:end], end+1
	}
	if strings.HasPrefix(s[n:], "[") {
		depth := 0
		for i := n; i < len(s); i++ {
			switch s[i] {
			case '[':
				depth++
			case ']':
				if depth--; depth == 0 {
					return s[n : i+1], flags, i + 1, nil
				}
			}
		}
		return "", "", 0, errors.New("cannot read the log-format: a bracket is not closed")
	}
	end := n
	for end < len(s) && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
		end++
	}
	if end == n {
		return "", "", 0, errors.New("cannot read the log-format: a % without a name")
	}
	return s[n:end], flags, end, nil
}

// line reads one line of the format; what is none says something about servers.
func (f custom) line(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Chomp(b)
	h, rest := line.Peel(b)
	if key := f.request(rest, r); key != dialect.Unparsed {
		r.PID = h.PID
		if r.Stamp == nil {
			r.Stamp = h.Stamp
		}
		return key
	}
	return read(b, r)
}

func (f custom) request(b []byte, r *dialect.Record) dialect.Key {
	var back, server, state, target []byte
	all, begin := b, 0 // begin is where "backend/server" begins
	status := int64(-1)
	for i, p := range f {
		var ok bool
		if b, ok = line.CutPrefix(b, p.text); !ok {
			return dialect.Unparsed
		}
		if p.name == "" {
			break
		}
		value, rest, ok := p.value(b, f[i+1].text, i == len(f)-2)
		if !ok {
			return dialect.Unparsed
		}
		switch p.name {
		case "b":
			back, begin = value, len(all)-len(b)
		case "s":
			server = value
			if i > 0 && f[i-1].name == "b" && p.text == "/" && !p.quoted && !f[i-1].quoted {
				target = all[begin : len(all)-len(rest)]
			}
		case "ts", "tsc":
			state = value
		case "ST":
			if status, ok = line.Int(value); !ok {
				return dialect.Unparsed
			}
		default:
			p.fill(value, r)
		}
		b = rest
	}
	if len(state) < 2 || len(back) == 0 {
		return dialect.Unparsed
	}
	nobody := line.Is(server, "<NOSRV>")
	r.Name, r.Endpoint, r.Status, r.UpKnown = target, target, int(max(status, 0)), true
	if nobody || target == nil {
		r.Name = back
	}
	if state[0] == '-' && state[1] == '-' {
		if !nobody {
			r.UpStatus = r.Status
		}
		return ended(r)
	}
	return terminated(state[0], state[1], nobody, r.Status)
}

// value cuts off what the variable printed: up to its closing quote, or to the text
// that follows.
func (p piece) value(b []byte, next string, last bool) (value, rest []byte, ok bool) {
	if p.quoted {
		if len(b) < 2 || b[0] != '"' {
			return nil, b, false
		}
		end := bytes.IndexByte(b[1:], '"') // HAProxy escapes quotes within
		if end < 0 {
			return nil, b, false
		}
		return b[1 : 1+end], b[end+2:], true
	}
	if next == "" && last {
		return b, nil, true
	}
	i := line.Index(b, next)
	if i < 0 {
		return nil, b, false
	}
	return b[:i], b[i:], true
}

// fill takes what the record has a field for.
func (p piece) fill(v []byte, r *dialect.Record) {
	switch p.name {
	case "ci":
		r.Client = v
	case "t", "tr", "T", "Tl", "trl", "trg":
		r.Stamp = bytes.Trim(v, "[]")
	case "ft", "f":
		r.Server = bytes.TrimSuffix(v, []byte{'~'})
	case "B":
		r.Bytes, _ = line.Int(bytes.TrimPrefix(v, []byte{'+'}))
	case "Tr":
		if n, ok := line.Int(v); ok && n >= 0 {
			r.UpSeconds = float64(n) / 1e3
		}
	case "Ta", "Tt":
		seconds(v, r)
	case "r":
		r.Request = v
		r.Method, r.Path = line.Request(v)
	case "HM":
		r.Method = v
	case "HP", "HPO", "HU":
		r.Path, _, _ = bytes.Cut(v, []byte{'?'})
	}
}
