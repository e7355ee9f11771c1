package http1

import "bytes"

// Field is one header field. Name and Value are parts of the bytes that were
// parsed, except the Value of a folded field, and are valid as long as those are.
// The Value has no white space around it.
type Field struct {
	Name  []byte
	Value []byte
}

// Response is a parsed response head. Its memory is used again by the next Parse.
type Response struct {
	Major, Minor int
	Status       int // 0: the status line was not understood
	Reason       []byte
	Fields       []Field
	Size         int // bytes parsed, the empty line included
	Faults       []Fault
}

// maxFaults bounds the faults of one message; a thousand bad lines say no more
// than the first of them.
const maxFaults = 32

// HeadEnd returns the length of the head at the beginning of b, the empty line
// included, or -1 where the empty line is not there yet. Bytes before from were
// looked at by an earlier call on the same, shorter b.
func HeadEnd(b []byte, from int) int {
	if n := emptyLine(b); n > 0 {
		return n // a head without any line
	}
	i := from - 3 // the empty line may have been cut anywhere
	if i < 0 {
		i = 0
	}
	for {
		lf := bytes.IndexByte(b[i:], '\n')
		if lf < 0 {
			return -1
		}
		i += lf + 1
		if n := emptyLine(b[i:]); n > 0 {
			return i + n
		}
	}
}

// emptyLine returns the length of the empty line at the front of b, else 0.
func emptyLine(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == '\n':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}

// Parse reads the head b: all of it, as HeadEnd measures it, or a part that was
// cut short. It reads on after faults as far as that makes sense. At most
// maxFields fields are kept.
func (r *Response) Parse(b []byte, maxFields int) {
	r.reset(len(b))
	l := lines{b: b}
	line, ok := l.next()
	if !ok {
		line = bytes.TrimSuffix(b, []byte("\r")) // cut inside the status line
	}
	r.statusLine(line, ok)
	r.ending(&l, line)
	r.fields(&l, maxFields)
}

// ParseCGI reads the head of a CGI response (RFC 3875 section 6): fields, of which
// Status and Location make the status. A head that begins with a status line is
// read as one. Lines may end with LF alone.
func (r *Response) ParseCGI(b []byte, maxFields int) {
	if bytes.HasPrefix(b, []byte("HTTP/")) {
		r.Parse(b, maxFields)
		r.drop(BareLF)
		return
	}
	r.reset(len(b))
	r.fields(&lines{b: b}, maxFields)
	r.drop(BareLF)
	r.Status = 200
	for _, f := range r.Fields {
		switch {
		case EqualFold(f.Name, "status"):
			code, reason, _ := bytes.Cut(f.Value, []byte(" "))
			r.Status, r.Reason = number3(code), reason
			if r.Status == 0 {
				r.fault(StatusLine, 0, f.Value)
			}
			return
		case EqualFold(f.Name, "location"):
			r.Status = 302 // nginx and RFC 3875 section 6.2.3, unless Status says otherwise
		}
	}
}

// ParseTrailer reads the trailer section b that Chunked.Trailer kept, its empty
// line included. Framing and status have no meaning afterwards.
func (r *Response) ParseTrailer(b []byte, maxFields int) {
	r.reset(len(b))
	r.fields(&lines{b: b}, maxFields)
}

// Get returns the value of the first field of that name, given in lower case, and
// whether there is one.
func (r *Response) Get(lower string) ([]byte, bool) {
	for _, f := range r.Fields {
		if EqualFold(f.Name, lower) {
			return f.Value, true
		}
	}
	return nil, false
}

func (r *Response) reset(size int) {
	*r = Response{Fields: r.Fields[:0], Faults: r.Faults[:0], Size: size}
}

func (r *Response) fault(k Kind, offset int, seen []byte) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, NewFault(k, int64(offset), seen))
	}
}

func (r *Response) has(k Kind) bool {
	for i := range r.Faults {
		if r.Faults[i].Kind == k {
			return true
		}
	}
	return false
}

func (r *Response) drop(k Kind) {
	kept := r.Faults[:0]
	for _, f := range r.Faults {
		if f.Kind != k {
			kept = append(kept, f)
		}
	}
	r.Faults = kept
}

// ending records that the line just read ended with LF alone, once.
func (r *Response) ending(l *lines, line []byte) {
	if l.bare && !r.has(BareLF) {
		r.fault(BareLF, l.start, line)
	}
}

// statusLine reads "HTTP/1.1 200 OK". A line that is cut is judged only by what
// is there.
func (r *Response) statusLine(line []byte, whole bool) {
	const least = len("HTTP/1.1 200")
	if !whole && len(line) < least {
		if !bytes.HasPrefix([]byte("HTTP/1.1 "), line) && !bytes.HasPrefix(line, []byte("HTTP/")) {
			r.fault(StatusLine, 0, line)
		}
		return
	}
	if len(line) < least || string(line[:5]) != "HTTP/" || !digit(line[5]) || line[6] != '.' || !digit(line[7]) || line[8] != ' ' {
		r.fault(StatusLine, 0, line)
		return
	}
	r.Major, r.Minor = int(line[5]-'0'), int(line[7]-'0')
	if r.Major != 1 {
		r.fault(BadVersion, 0, line)
	}
	code, rest := number3(line[9:12]), line[12:]
	switch {
	case code < 100 || len(rest) > 0 && rest[0] != ' ':
		r.fault(StatusLine, 0, line)
		return
	case len(rest) == 0 && whole:
		r.fault(StatusSpace, 0, line)
	case len(rest) > 0:
		r.Reason = rest[1:]
		r.control(rest[1:], 13, line)
	}
	r.Status = code
}

// fields reads field lines up to the empty line or the end.
func (r *Response) fields(l *lines, max int) {
	for first := true; ; first = false {
		line, ok := l.next()
		if !ok || len(line) == 0 {
			if ok {
				r.ending(l, line)
			}
			return
		}
		r.ending(l, line)
		switch {
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			r.folded(l.start, line, first)
		case len(r.Fields) >= max:
			r.fault(TooManyFields, l.start, line)
			return
		default:
			r.field(l.start, line)
		}
	}
}

// folded reads a line that begins with white space.
func (r *Response) folded(at int, line []byte, first bool) {
	if first || len(r.Fields) == 0 {
		r.fault(LeadingSpace, at, line)
		return
	}
	if !r.has(ObsFold) {
		r.fault(ObsFold, at, line)
	}
	rest := trim(line)
	r.control(rest, at, line)
	// RFC 9112 section 5.2: replace each obs-fold with one or more SP octets.
	last := &r.Fields[len(r.Fields)-1]
	joined := make([]byte, 0, len(last.Value)+1+len(rest))
	joined = append(append(joined, last.Value...), ' ')
	last.Value = trim(append(joined, rest...))
}

func (r *Response) field(at int, line []byte) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		r.fault(NoColon, at, line)
		return
	}
	name, value := line[:colon], trim(line[colon+1:])
	switch badToken(name) {
	case tokenSpace:
		r.fault(NameSpace, at, line)
	case tokenChar:
		r.fault(NameChar, at, line)
	}
	r.control(value, at, line)
	r.Fields = append(r.Fields, Field{name, value})
}

// control looks for bytes that no value has: controls other than HT.
func (r *Response) control(value []byte, at int, line []byte) {
	for _, c := range value {
		switch {
		case c >= ' ' && c != 0x7f || c == '\t':
		case c == '\r':
			r.fault(BareCR, at, line)
			return
		default:
			r.fault(ValueChar, at, line)
			return
		}
	}
}

// lines cuts bytes at LF, dropping one CR before it.
type lines struct {
	b     []byte
	at    int
	start int  // of the line last returned
	bare  bool // the line last returned ended with LF alone
}

// next returns a whole line without its end; ok is false where none is left.
func (l *lines) next() (line []byte, ok bool) {
	l.start, l.bare = l.at, false
	i := bytes.IndexByte(l.b[l.at:], '\n')
	if i < 0 {
		return nil, false
	}
	line = l.b[l.at : l.at+i]
	l.at += i + 1
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1], true
	}
	l.bare = true
	return line, true
}
