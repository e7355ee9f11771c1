package event

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends x as one line of JSON with its newline. Strangers' text is
// escaped so that the line stays ASCII where it could act on a terminal, and
// bytes that are no UTF-8 become U+FFFD.
func (x *Exchange) AppendJSON(b []byte) []byte {
	b = append(b, `{"time":"`...)
	b = x.Start.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, '"')
	b = text(b, "id", x.ID)
	b = text(b, "client", x.Client)
	b = text(b, "for", x.For)
	b = text(b, "site", x.Site)
	b = text(b, "route", x.Route)
	b = text(b, "method", x.Method)
	b = text(b, "scheme", x.Scheme)
	b = text(b, "host", x.Host)
	b = text(b, "uri", x.Target)
	b = text(b, "proto", x.Proto)
	b = number(b, "status", int64(x.Status))
	b = text(b, "made_by", string(x.MadeBy))
	b = text(b, "symptom", string(x.Symptom))
	b = text(b, "detail", x.Detail)
	b = number(b, "received", x.Received)
	b = number(b, "bytes", x.Sent)
	b = seconds(b, "seconds", x.Total)
	if x.Held > 0 {
		b = seconds(b, "held", x.Held)
	}
	b = text(b, "out", x.Out)
	b = few(b, "retries", x.Retries)
	b = few(b, "hedges", x.Hedges)
	b = flag(b, "cut", x.Cut)
	b = text(b, "referrer", x.Referrer)
	b = text(b, "user_agent", x.UserAgent)
	b = text(b, "pool", x.Pool)
	if len(x.Attempts) > 0 {
		b = append(b, `,"attempts":[`...)
		for i := range x.Attempts {
			if i > 0 {
				b = append(b, ',')
			}
			b = x.Attempts[i].append(b)
		}
		b = append(b, ']')
	}
	return append(b, '}', '\n')
}

func (a *Attempt) append(b []byte) []byte {
	b = append(b, `{"upstream":`...)
	b = quote(b, a.Endpoint)
	b = number(b, "status", int64(a.Status))
	b = flag(b, "reused", a.Reused)
	if a.Reused {
		b = seconds(b, "idle", a.Idle)
	}
	b = flag(b, "hedge", a.Hedge)
	b = flag(b, "won", a.Won)
	b = phase(b, "connect", a.Connect)
	b = phase(b, "tls", a.TLS)
	b = phase(b, "send", a.Send)
	b = phase(b, "first", a.First)
	b = seconds(b, "total", a.Total)
	b = number(b, "sent", a.Sent)
	b = text(b, "symptom", string(a.Symptom))
	if a.Symptom != "" {
		b = text(b, "phase", string(a.Phase))
		b = text(b, "detail", a.Detail)
	}
	return append(b, '}')
}

func key(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func text(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return quote(key(b, name), value)
}

func number(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(key(b, name), n, 10)
}

func few(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return number(b, name, int64(n))
}

func flag(b []byte, name string, on bool) []byte {
	if !on {
		return b
	}
	return append(key(b, name), "true"...)
}

func phase(b []byte, name string, d time.Duration) []byte {
	if d <= 0 {
		return b
	}
	return seconds(b, name, d)
}

// seconds writes a duration as seconds with six decimals, without floating point.
func seconds(b []byte, name string, d time.Duration) []byte {
	b = key(b, name)
	us := d.Microseconds()
	if us < 0 {
		us = 0
	}
	b = strconv.AppendInt(b, us/1e6, 10)
	us %= 1e6
	b = append(b, '.')
	for div := int64(100000); div > 0; div /= 10 {
		b = append(b, byte('0'+us/div%10))
	}
	return b
}

const hexDigits = "0123456789abcdef"

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < 0x7f { // Fast path
			i++
			continue
		}
		b = append(b, s[from:i]...)
		if c < utf8.RuneSelf {
			b = escape(b, rune(c))
			i++
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				b = append(b, `\ufffd`...)
			case hidden(r):
				b = escape(b, r)
			default:
				b = append(b, s[i:i+n]...)
			}
			i += n
		}
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func escape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// hidden reports whether a terminal or an editor could act on r: C1 controls,
// line separators, and what changes the direction of text.
func hidden(r rune) bool {
	return r >= 0x80 && r <= 0x9f || r == 0x61c || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}
