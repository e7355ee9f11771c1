package http1

import "bytes"

// BodyKind says how the end of a body is found.
type BodyKind uint8

// The kinds of body.
const (
	NoBody     BodyKind = iota // there is none by definition
	ByLength                   // Content-Length bytes
	ByChunks                   // chunked
	UntilClose                 // the end of the connection
)

// String returns the kind in one word.
func (k BodyKind) String() string {
	return [...]string{"none", "length", "chunked", "close"}[k]
}

// Framing says how the body of a response is delimited.
type Framing struct {
	Kind   BodyKind
	Length int64 // of the Content-Length field, valid whatever the Kind; -1: none, or not usable
}

// Framing returns how the body of the response to a request with that method is
// delimited (RFC 9112 section 6.3), and adds to r.Faults what is wrong with it.
func (r *Response) Framing(method string) Framing {
	coded, chunked := r.codings()
	f := Framing{Kind: UntilClose, Length: r.length()}
	bodyless := r.Status >= 100 && r.Status < 200 || r.Status == 204
	switch {
	case bodyless || r.Status == 304 || method == "HEAD":
		f.Kind = NoBody
		if bodyless && coded {
			r.fault(CodingForbidden, 0, nil)
		}
		if bodyless && f.Length >= 0 {
			r.fault(LengthForbidden, 0, nil)
		}
	case coded && chunked:
		f.Kind = ByChunks
	case coded:
		f.Kind = UntilClose
	case f.Length >= 0:
		f.Kind = ByLength
	}
	if !coded || bodyless {
		return f
	}
	if r.Major == 1 && r.Minor == 0 {
		r.fault(CodingForbidden, 0, nil)
	}
	if _, ok := r.Get("content-length"); ok {
		r.fault(LengthAndCoding, 0, nil)
	}
	return f
}

// length reads every Content-Length value; -1: none that can be used.
func (r *Response) length() int64 {
	length, seen := int64(-1), 0
	for _, f := range r.Fields {
		if !EqualFold(f.Name, "content-length") {
			continue
		}
		for rest, more := f.Value, true; more; {
			var one []byte
			one, rest, more = bytes.Cut(rest, []byte(","))
			n, ok := decimal(trim(one))
			seen++
			switch {
			case !ok:
				r.fault(LengthInvalid, 0, f.Value)
				return -1
			case seen > 1 && n != length:
				r.fault(LengthDiffers, 0, f.Value)
				return -1
			case seen == 2:
				r.fault(LengthRepeated, 0, f.Value)
			}
			length = n
		}
	}
	return length
}

// codings reads the Transfer-Encoding fields: is there one, and is chunked the
// last coding.
func (r *Response) codings() (coded, chunked bool) {
	fields, chunks := 0, 0
	for _, f := range r.Fields {
		if !EqualFold(f.Name, "transfer-encoding") {
			continue
		}
		coded = true
		fields++
		for rest, more := f.Value, true; more; {
			var one []byte
			one, rest, more = bytes.Cut(rest, []byte(","))
			one = trim(one)
			chunked = EqualFold(one, "chunked")
			switch {
			case chunked:
				chunks++
			case !registered(one):
				r.fault(CodingUnknown, 0, f.Value)
			}
		}
	}
	if fields > 1 || chunks > 1 {
		r.fault(CodingRepeated, 0, nil)
	}
	if coded && !chunked {
		r.fault(CodingOrder, 0, nil)
	}
	return coded, chunked
}

// registered reports whether a transfer coding is in IANA's registry.
func registered[T text](coding T) bool {
	for _, known := range [...]string{"compress", "deflate", "gzip", "x-compress", "x-gzip"} {
		if EqualFold(coding, known) {
			return true
		}
	}
	return false
}
