package goodgate

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Logs are the gateway's logs. Its combined format is the one of all others.
var Logs = []dialect.Log{{Name: "goodgate access", Kind: "access", Whole: true, Sites: true, Sniff: dialect.Share(99, read), Line: read, Time: line.Time, Conds: conds}, notices}

// seen is what the verdict needs of a line.
type seen struct {
	maker   []byte
	symptom []byte
	detail  []byte
	cut     bool
	// The last attempt that failed, which is nearer to the cause than what the
	// gateway made of it.
	last   attempt
	broken attempt // the last one that broke off when bytes of the request had left
	failed int
	won    bool
}

type attempt struct {
	symptom, phase, detail, upstream []byte
	sent                             int64
}

// begins is what every line begins with: the gateway writes its members in one
// order, and others that log JSON have other names.
var begins = []byte(`{"time":"`)

// read reads one line. Strings stay escaped as they are written.
func read(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	if !bytes.HasPrefix(b, begins) {
		return dialect.Unparsed
	}
	f, ok := line.Object(b)
	if !ok {
		return dialect.Unparsed
	}
	var s seen
	s.members(&f, r)
	if s.maker == nil || r.Status == 0 || r.Stamp == nil || r.Seconds < 0 {
		r.Reset()
		return dialect.Unparsed
	}
	r.UpKnown = true
	r.Message = s.detail
	if s.symptom == nil {
		r.Masked = s.failed
	}
	key := s.verdict(r)
	if conds[key].Phase == dialect.PhaseDNS {
		r.Name = looked(r.Message)
	}
	return key
}

// looked is the name that a resolver was asked for: "lookup app.internal on
// 127.0.0.1:53: no such host", as package net writes it.
func looked(detail []byte) []byte {
	rest, ok := bytes.CutPrefix(detail, []byte("lookup "))
	end := bytes.IndexAny(rest, " :")
	if !ok || end < 0 {
		return nil
	}
	return bytes.TrimSuffix(rest[:end], []byte{'.'})
}

func (s *seen) members(f *line.Fields, r *dialect.Record) {
	for f.Next() {
		switch string(f.Key) {
		case "time":
			r.Stamp = f.Value
		case "id":
			r.RequestID = f.Value
		case "client":
			r.Client = host(f.Value)
		case "site":
			r.Server = f.Value
		case "method":
			r.Method = f.Value
		case "host":
			r.Host = f.Value
		case "uri":
			r.Path, _, _ = bytes.Cut(f.Value, []byte{'?'})
		case "status":
			if n, ok := line.Int(f.Value); ok && n >= 100 && n <= 599 {
				r.Status = int(n)
			}
		case "made_by":
			s.maker = f.Value
		case "symptom":
			s.symptom = f.Value
		case "detail":
			s.detail = f.Value
		case "bytes":
			r.Bytes, _ = line.Int(f.Value)
		case "seconds":
			r.Seconds = decimal(f.Value)
		case "cut":
			s.cut = string(f.Value) == "true"
		case "referrer":
			r.Referrer = f.Value
		case "user_agent":
			r.UserAgent = f.Value
		case "out":
			r.Upstream, r.Endpoint = f.Value, f.Value
		case "pool":
			r.Name = f.Value
		case "attempts":
			s.attempts(f.Value, r)
		}
	}
}

// attempts reads the list of attempts.
func (s *seen) attempts(list []byte, r *dialect.Record) {
	for len(list) > 1 {
		list = list[1:] // the bracket, or a comma
		f, ok := line.Object(list)
		if !ok {
			return
		}
		var a attempt
		var status int64
		var total []byte
		won := false
		for f.Next() {
			switch string(f.Key) {
			case "upstream":
				a.upstream = f.Value
			case "status":
				status, _ = line.Int(f.Value)
			case "symptom":
				a.symptom = f.Value
			case "phase":
				a.phase = f.Value
			case "detail":
				a.detail = f.Value
			case "sent":
				a.sent, _ = line.Int(f.Value)
			case "total":
				total = f.Value
			case "won":
				won = true
			}
		}
		r.Upstream, r.Endpoint = a.upstream, a.upstream
		r.UpStatus, r.UpSeconds = int(status), decimal(total)
		s.won = s.won || won
		if a.symptom != nil {
			s.last = a
			s.failed++
			if a.sent > 0 && string(a.symptom) == string(vocab.ConnectionTerminated) {
				s.broken = a
			}
		}
		if list = after(list); len(list) == 0 || list[0] != ',' {
			return
		}
	}
}

// after returns what follows the object that b begins with.
func after(b []byte) []byte {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return b[i+1:]
			}
		}
	}
	return nil
}

// host drops the port of an address.
func host(b []byte) []byte {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 {
		return b
	}
	b = b[:i]
	if len(b) > 2 && b[0] == '[' {
		return b[1 : len(b)-1]
	}
	return b
}

// decimal reads "12.000345" without floating-point parsing; -1: no number.
func decimal(b []byte) float64 {
	whole, part, _ := bytes.Cut(b, []byte{'.'})
	n, ok := line.Int(whole)
	if !ok {
		return -1
	}
	v, scale := float64(n), 0.1
	for _, c := range part {
		if c < '0' || c > '9' {
			return -1
		}
		v += float64(c-'0') * scale
		scale /= 10
	}
	return v
}
