package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// phase is what nginx was doing: the text that follows " while ", log->action
// in its source.
type phase uint8

const (
	phaseNone phase = iota // the line does not say
	phaseConnecting
	phaseHandshaking
	phaseSending
	phaseHeader
	phaseBody
	phaseUpgraded
	phaseStream
	phaseResolving
	phaseProxyHeader
	phaseOther // something that is not about an upstream
)

var phases = [...]struct {
	text  string
	phase phase
}{
	{"connecting to upstream", phaseConnecting},
	{"reading response header from upstream", phaseHeader},
	{"reading upstream", phaseBody},
	{"sending request to upstream", phaseSending},
	{"SSL handshaking to upstream", phaseHandshaking},
	{"proxying upgraded connection", phaseUpgraded},
	{"proxying connection", phaseStream},
	{"proxying and ", phaseStream},
	{"resolving", phaseResolving},
	{"reading PROXY protocol", phaseProxyHeader},
	{"sending to client", phaseOther},
}

// action reads the phase in b, which begins at " while ", at a field or at the
// end. It returns the fields that follow it.
func action(b []byte) (phase, []byte) {
	if rest, ok := line.CutPrefix(b, " while "); ok {
		for _, p := range &phases {
			if tail, ok := line.CutPrefix(rest, p.text); ok {
				if len(tail) == 0 || tail[0] == ',' || line.Has(tail, ": \"") {
					return p.phase, tail
				}
				return p.phase, toFields(tail)
			}
		}
		return phaseOther, toFields(rest)
	}
	if len(b) == 0 || b[0] == ',' {
		return phaseNone, toFields(b)
	}
	tail := toFields(b)
	if len(tail) == 0 {
		return phaseNone, nil
	}
	return phaseOther, tail
}

// toFields returns b from its first field on.
func toFields(b []byte) []byte {
	if line.Has(b, ", client: ") {
		return b
	}
	if i := line.Index(b, ", client: "); i >= 0 {
		return b[i:]
	}
	if i := line.Index(b, ", udp client: "); i >= 0 {
		return b[i:]
	}
	if i := line.Index(b, ", server: "); i >= 0 {
		return b[i:]
	}
	return nil
}

// tail reads what follows a message: phase and fields. rest is the end of msg
// and begins where the message proper ends.
func tail(msg, rest []byte, r *dialect.Record) phase {
	p, f := action(rest)
	r.Message = msg[:len(msg)-len(f)]
	if p == phaseResolving {
		if name, ok := line.CutPrefix(f, ", resolver: "); ok {
			r.Name, _ = plain(name)
			return p
		}
	}
	fields(f, r)
	return p
}

// foreign reads what follows a message that quotes the upstream or the
// application, which may write anything there. The first phase that is followed
// by fields which explain the line to its end is the true one, unless the
// fields themselves hold another such text: then a stranger wrote one of the
// two, and neither address is taken.
func foreign(msg, text []byte, r *dialect.Record) (phase, []byte) {
	first, several := -1, false
	for i := 0; i < len(text); i++ {
		j := line.Index(text[i:], " while ")
		if j < 0 {
			break
		}
		i += j
		p, f := action(text[i:])
		if p == phaseOther || (len(f) > 0 && !line.Has(f, ", client: ")) {
			continue
		}
		if !fields(f, r) {
			clearFields(r)
			several = first >= 0
			if first < 0 {
				first = i
			}
			continue
		}
		r.Message = msg[:len(msg)-len(f)]
		if line.Contains(r.Referrer, ", client: ") && line.Contains(r.Referrer, " while ") {
			r.Sub, r.Upstream, r.Endpoint, r.Name = nil, nil, nil, nil
		}
		return p, text[:i]
	}
	if first < 0 {
		r.Message = msg
		return phaseNone, text
	}
	// The line is cut short, by a copy or by nginx's limit of 2048 bytes.
	p, f := action(text[first:])
	r.Message = msg[:len(msg)-len(f)]
	if fields(f, r); several {
		r.Sub, r.Upstream, r.Endpoint, r.Name = nil, nil, nil, nil
	}
	return p, text[:first]
}

func clearFields(r *dialect.Record) {
	r.Client, r.Server, r.Request, r.Method, r.Path, r.Sub, r.Upstream, r.Endpoint, r.Host, r.Referrer, r.Name =
		nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil
}

// failed reads "failed (111: Connection refused)".
func failed(b []byte, r *dialect.Record) (errno int, rest []byte, ok bool) {
	b, ok = line.CutPrefix(b, "failed (")
	if !ok {
		return 0, nil, false
	}
	return paren(b, r)
}

// paren reads "111: Connection refused)". Numbers of other systems are turned
// into those of Linux.
func paren(b []byte, r *dialect.Record) (errno int, rest []byte, ok bool) {
	n, rest, ok := line.Number(b)
	if !ok || n > 20000 || len(rest) == 0 || rest[0] != ':' {
		return 0, nil, false
	}
	r.Errno = int(n)
	for i, c := range rest {
		if c == ')' {
			return line.Linux(int(n)), rest[i+1:], true
		}
	}
	return line.Linux(int(n)), nil, true // cut short
}
