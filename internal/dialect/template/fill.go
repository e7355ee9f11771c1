package template

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// fill puts the value v of f into r. It reports false where v cannot be one.
func (t *Template) fill(f Field, v []byte, r *dialect.Record, x *Extra) bool {
	switch f {
	case Status:
		n := status(v)
		if n < 0 {
			return false
		}
		r.Status = n
		return true
	case TimeCLF:
		if len(v) != clfStamp || v[2] != '/' || v[6] != '/' {
			return false
		}
		r.Stamp = v
		return true
	case Bytes, Seconds, Millis, Micros, PID, Conn:
		return number(f, v, r)
	case UpAddr, UpStatus, UpSeconds, UpHeaderSeconds, UpReceived, UpLength:
		Attempts(f, v, r, x)
		return true
	}
	Text(f, v, r)
	return true
}

// Text puts the value of a field that is text into r. The sign "-" stands for
// none.
func Text(f Field, v []byte, r *dialect.Record) {
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return
	}
	switch f {
	case Client:
		r.Client = v
	case Time, TimeCLF:
		r.Stamp = v
	case Request:
		r.Request = v
		method, path := line.Request(v)
		if method != nil {
			r.Method, r.Path = method, path
		}
	case Method:
		r.Method = v
	case Target:
		if i := bytes.IndexByte(v, '?'); i >= 0 {
			v = v[:i]
		}
		r.Path = v
	case Referrer:
		r.Referrer = v
	case UserAgent:
		r.UserAgent = v
	case RequestID:
		r.RequestID = v
	case Host:
		r.Host = v
	case Server:
		r.Server = v
	case Pool:
		r.Name = v
	}
}

// Number puts the value of a field that is a number into r.
func Number(f Field, v []byte, r *dialect.Record) { number(f, v, r) }

func number(f Field, v []byte, r *dialect.Record) bool {
	if line.Is(v, "-") || len(v) == 0 {
		return true
	}
	if f == Seconds {
		s, ok := line.Seconds(v)
		if ok {
			r.Seconds = s
		}
		return ok
	}
	n, ok := line.Int(v)
	if !ok {
		return false
	}
	switch f {
	case Bytes:
		r.Bytes = n
	case Millis:
		r.Seconds = float64(n) / 1e3
	case Micros:
		r.Seconds = float64(n) / 1e6
	case PID:
		r.PID = n
	case Conn:
		r.Conn = n
	case Status:
		r.Status = int(n)
	}
	return true
}

// status reads three digits, or returns -1.
func status(v []byte) int {
	if len(v) != 3 || v[0]-'0' > 9 || v[1]-'0' > 9 || v[2]-'0' > 9 {
		return -1
	}
	return int(v[0]-'0')*100 + int(v[1]-'0')*10 + int(v[2]-'0')
}

// Attempts puts a list into r and x: one value per attempt at an upstream.
func Attempts(f Field, v []byte, r *dialect.Record, x *Extra) {
	switch f {
	case UpAddr:
		addresses(v, r, x)
	case UpStatus:
		statuses(v, r, x)
	case UpSeconds:
		if s, ok := line.Seconds(last(v)); ok {
			r.UpSeconds = s
		}
	case UpHeaderSeconds:
		_, x.HeaderTime = line.Seconds(last(v))
		x.HeaderNone = !x.HeaderTime
	case UpReceived:
		if n, ok := line.Int(last(v)); ok {
			x.Received = n
		}
	case UpLength:
		if n, ok := line.Int(last(v)); ok {
			x.Length = n
		}
	}
}

func addresses(v []byte, r *dialect.Record, x *Extra) {
	a := last(v)
	if line.Is(a, "-") || len(a) == 0 {
		x.AddrNone = len(v) == len(a)
		return
	}
	r.Upstream = v
	// A group's name stands there where no server of it could be chosen.
	if line.Has(a, "unix:") || bytes.IndexByte(a, ':') > 0 {
		r.Endpoint = a
	} else if r.Name == nil {
		r.Name = a
	}
}

// statuses reads "502, 200" and "502 : 200". Masked counts the failures that a
// later attempt made good; the client's status, which may come later in the
// line, is taken into account by finish.
func statuses(v []byte, r *dialect.Record, x *Extra) {
	r.UpKnown = true
	r.UpStatus = 0
	for len(v) > 0 {
		var word []byte
		word, v = next(v)
		n := status(word)
		if n < 0 {
			n = 0
		}
		if x.Attempts++; x.Attempts == 1 {
			x.UpFirst = n
		}
		if n >= 500 {
			r.Masked++
		}
		r.UpStatus = n
	}
}

// finish settles what needs the whole line.
func finish(r *dialect.Record, x *Extra) {
	if r.Masked > 0 && (r.Status >= 500 || r.UpStatus >= 500) {
		r.Masked = 0
	}
	x.UpAny = r.UpKnown && (r.UpStatus == r.Status || x.UpFirst == r.Status)
}

// Finish settles what needs the whole line, for readers that call Text, Number
// and Attempts themselves.
func Finish(r *dialect.Record, x *Extra) { finish(r, x) }

// next returns the first value of a list and the rest of it.
func next(v []byte) (value, rest []byte) {
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == ',':
			return v[:i], skip(v[i+1:])
		case v[i] == ' ':
			return v[:i], skip(v[i:])
		}
	}
	return v, nil
}

func skip(v []byte) []byte {
	for len(v) > 0 && (v[0] == ' ' || v[0] == ':' && len(v) > 1 && v[1] == ' ') {
		v = v[1:]
	}
	return v
}

// last returns the last value of a list.
func last(v []byte) []byte {
	if i := bytes.LastIndexByte(v, ' '); i >= 0 {
		return v[i+1:]
	}
	return v
}
