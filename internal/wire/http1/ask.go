package http1

import (
	"net/textproto"
	"net/url"
	"strings"
)

// The kinds of fault that only requests have.
const (
	RequestLine  Kind = "request_line"  // malformed request line
	BadTarget    Kind = "target"        // a request target that is none, or of the wrong form for the method
	HostMissing  Kind = "host_missing"  // HTTP/1.1 without Host
	HostRepeated Kind = "host_repeated" // several Host fields
	HostInvalid  Kind = "host_invalid"  // a Host with bytes that no host has
	BadExpect    Kind = "expect"        // an expectation other than 100-continue
)

// Pair is one header field of a request. Name is in canonical form (Content-Type).
// Both are parts of the head that was parsed, except a Name that came in another
// form.
type Pair struct{ Name, Value string }

// Request is a parsed request head. Its memory is used again by the next Parse.
type Request struct {
	Method string
	Target string // origin form, as sent; "*"; "/" for CONNECT and an absolute form without a path
	Minor  int    // of the version: HTTP/1.0 or HTTP/1.1
	Host   string // of the Host field, or of a target in absolute form, which wins
	Fields []Pair // without Host and Transfer-Encoding

	Length int64 // of the body; -1: chunked
	Close  bool  // the connection ends with the answer: the client says so, or is HTTP/1.0 and does not say otherwise
	Expect bool  // the client waits for 100 before it sends the body

	hosts, lengths, codings int
	chunked                 bool
	stay                    bool // Connection: keep-alive
	expects                 bool
}

// Parse reads the whole head of a request, as HeadEnd measures it. It is strict:
// whatever RFC 9112 lets a server refuse because it has been used to smuggle
// requests is a fault (LF without CR, folded values, Content-Length beside
// Transfer-Encoding, repeated lengths and codings, chunked that is not the only
// coding). The first fault ends reading; what was read before stays in r.
func (r *Request) Parse(head string, maxFields int) *Fault {
	clear(r.Fields)
	*r = Request{Fields: r.Fields[:0]}
	line, rest, fault := cutLine(head, 0)
	if fault == nil {
		fault = r.requestLine(line)
	}
	for fault == nil {
		at := len(head) - len(rest)
		line, rest, fault = cutLine(rest, at)
		if fault != nil || line == "" {
			break
		}
		if len(r.Fields) >= maxFields {
			return faulty(TooManyFields, at, line)
		}
		fault = r.field(line, at)
	}
	if fault == nil {
		fault = r.check()
	}
	return fault
}

func faulty(k Kind, at int, seen string) *Fault {
	f := NewFault(k, int64(at), []byte(seen[:min(len(seen), MaxQuote)]))
	f.Fatal = true
	return &f
}

// cutLine cuts a line that ends with CRLF.
func cutLine(s string, at int) (line, rest string, fault *Fault) {
	i := strings.IndexByte(s, '\n')
	switch {
	case i < 0:
		return "", "", faulty(HeadCut, at, s)
	case i == 0 || s[i-1] != '\r':
		return "", "", faulty(BareLF, at, s[:i])
	}
	return s[:i-1], s[i+1:], nil
}

func (r *Request) requestLine(line string) *Fault {
	method, rest, ok := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	r.Method, r.Target, r.Minor = method, target, 1
	if !ok || !ok2 || !token(method) {
		return faulty(RequestLine, 0, line)
	}
	switch {
	case version == "HTTP/1.1":
	case version == "HTTP/1.0":
		r.Minor = 0
	case len(version) == 8 && version[:5] == "HTTP/" && digit(version[5]) && version[6] == '.' && digit(version[7]):
		return faulty(BadVersion, len(line)-8, version)
	default:
		return faulty(RequestLine, 0, line)
	}
	if !r.target() {
		return faulty(BadTarget, len(method)+1, target)
	}
	return nil
}

// target checks the request target and brings it to origin form (RFC 9112 section
// 3.2).
func (r *Request) target() bool {
	t := r.Target
	switch {
	case t == "" || !visible(t):
		return false
	case r.Method == "CONNECT" && t[0] != '/':
		r.Target = "/"
		u, err := url.ParseRequestURI("http://" + t)
		return err == nil && u.Host == t && u.Port() != "" && ValidHost(t)
	case t[0] == '/':
		return escaped(t)
	case t == "*":
		return r.Method == "OPTIONS"
	}
	u, err := url.ParseRequestURI(t)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || !ValidHost(u.Host) {
		return false
	}
	r.Host = u.Host
	_, t, _ = strings.Cut(t, "://")
	switch i := strings.IndexAny(t, "/?"); {
	case i < 0:
		r.Target = "/"
	case t[i] == '?':
		r.Target = "/" + t[i:]
	default:
		r.Target = t[i:]
	}
	return escaped(r.Target)
}

// CheckRequest holds what came in another protocol against the rules of an HTTP/1.1
// request line in origin form and a Host field; nil where it fits. The target of
// CONNECT is not looked at.
func CheckRequest(method, target, host string) *Fault {
	switch {
	case !token(method):
		return faulty(RequestLine, 0, method)
	case method == "CONNECT":
	case target == "*" && method == "OPTIONS":
	case target == "" || target[0] != '/' || !visible(target) || !escaped(target):
		return faulty(BadTarget, 0, target)
	}
	if !ValidHost(host) {
		return faulty(HostInvalid, 0, host)
	}
	return nil
}

// visible reports whether t has neither controls nor spaces nor a fragment. Bytes
// above ASCII are let through: clients send them, and servers read them.
func visible(t string) bool {
	for i := 0; i < len(t); i++ {
		if c := t[i]; c <= ' ' || c == 0x7f || c == '#' {
			return false
		}
	}
	return true
}

// escaped reports whether every percent sign of the path is followed by two digits.
func escaped(t string) bool {
	for i := 0; i < len(t) && t[i] != '?'; i++ {
		if t[i] != '%' {
			continue
		}
		if i+2 >= len(t) {
			return false
		}
		_, a := hex(t[i+1])
		_, b := hex(t[i+2])
		if !a || !b {
			return false
		}
	}
	return true
}

func (r *Request) field(line string, at int) *Fault {
	if line[0] == ' ' || line[0] == '\t' {
		if len(r.Fields)+r.hosts+r.codings == 0 {
			return faulty(LeadingSpace, at, line)
		}
		return faulty(ObsFold, at, line)
	}
	colon := strings.IndexByte(line, ':')
	if colon < 0 {
		return faulty(NoColon, at, line)
	}
	name := line[:colon]
	switch canonical, ok := nameForm(name); {
	case !ok && badToken(name) == tokenSpace:
		return faulty(NameSpace, at, line)
	case !ok:
		return faulty(NameChar, at, line)
	case !canonical:
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	value := trim(line[colon+1:])
	for i := 0; i < len(value); i++ {
		if c := value[i]; (c < ' ' && c != '\t') || c == 0x7f {
			if c == '\r' {
				return faulty(BareCR, at, line)
			}
			return faulty(ValueChar, at, line)
		}
	}
	return r.keep(name, value, at)
}

// keep takes a field and what it means for the message.
func (r *Request) keep(name, value string, at int) *Fault {
	switch name {
	case "Host":
		if r.hosts++; r.hosts > 1 {
			return faulty(HostRepeated, at, value)
		}
		if !ValidHost(value) {
			return faulty(HostInvalid, at, value)
		}
		if r.Host == "" { // a target in absolute form wins (RFC 9112 section 3.2.2)
			r.Host = value
		}
		return nil
	case "Transfer-Encoding":
		if r.codings++; r.codings > 1 {
			return faulty(CodingRepeated, at, value)
		}
		if !EqualFold(value, "chunked") {
			return faulty(codingFault(value), at, value)
		}
		r.chunked = true
		return nil
	case "Content-Length":
		if r.lengths++; r.lengths > 1 {
			return faulty(LengthDiffers, at, value)
		}
		n, ok := decimal(value)
		if !ok {
			return faulty(LengthInvalid, at, value)
		}
		r.Length = n
	case "Connection":
		for rest, more := value, true; more; {
			var one string
			one, rest, more = strings.Cut(rest, ",")
			switch one = trim(one); {
			case EqualFold(one, "close"):
				r.Close = true
			case EqualFold(one, "keep-alive"):
				r.stay = true
			}
		}
	case "Expect":
		if !EqualFold(value, "100-continue") {
			return faulty(BadExpect, at, value)
		}
		r.expects = true
	}
	r.Fields = append(r.Fields, Pair{name, value})
	return nil
}

// codingFault names what is wrong with a transfer coding other than chunked.
func codingFault(value string) Kind {
	chunks, unknown, last := 0, false, false
	for rest, more := value, true; more; {
		var one string
		one, rest, more = strings.Cut(rest, ",")
		one = trim(one)
		if last = EqualFold(one, "chunked"); last {
			chunks++
		} else if !registered(one) {
			unknown = true
		}
	}
	switch {
	case chunks > 1:
		return CodingRepeated
	case chunks == 1 && !last:
		return CodingOrder
	case unknown && chunks == 0 && value == "":
		return CodingOrder
	}
	return CodingUnknown // registered ones as well: a gateway decodes none
}

// check looks at the fields together.
func (r *Request) check() *Fault {
	switch {
	case r.codings > 0 && r.lengths > 0:
		return faulty(LengthAndCoding, 0, "")
	case r.codings > 0 && r.Minor == 0:
		return faulty(CodingForbidden, 0, "")
	case r.Minor == 1 && r.hosts == 0 && r.Method != "CONNECT":
		return faulty(HostMissing, 0, "")
	}
	if r.chunked {
		r.Length = -1
	}
	r.Expect = r.expects && r.Minor == 1 && r.Length != 0
	if r.Minor == 0 && !r.stay {
		r.Close = true
	}
	return nil
}

// nameForm reports whether name is in canonical form, and whether it is a token at
// all.
func nameForm(name string) (canonical, ok bool) {
	canonical = true
	upper := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !tokens[c] {
			return false, false
		}
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			canonical = false
		}
		upper = c == '-'
	}
	return canonical, len(name) > 0
}
