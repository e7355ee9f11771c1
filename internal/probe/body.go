package probe

import (
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// bodyReader reads one body by its framing and notes how it ended.
type bodyReader struct {
	t       *talk
	framing http1.Framing
	left    int64 // ByLength: bytes still to come
	chunks  http1.Chunked
	raw     int64 // bytes taken, framing included
}

// read takes rest, which came together with the head, and then reads on.
func (r *bodyReader) read(rest []byte) {
	x := r.t.x
	if r.framing.Kind == http1.NoBody {
		r.complete(BodyNone, rest)
		return
	}
	for {
		if r.take(rest) {
			return
		}
		if r.raw > r.t.limits.Body {
			x.BodyEnd, x.End = BodyBound, EndBound
			return
		}
		var ok bool
		if rest, ok = r.t.read(); !ok {
			r.broken()
			return
		}
	}
}

// take reads b and reports whether the body has ended.
func (r *bodyReader) take(b []byte) (end bool) {
	r.raw += int64(len(b))
	switch r.framing.Kind {
	case http1.ByLength:
		n := min(r.left, int64(len(b)))
		r.data(b[:n])
		if r.left -= n; r.left == 0 {
			r.complete(BodyLength, b[n:])
			return true
		}
		return false
	case http1.ByChunks:
		return r.takeChunks(b)
	}
	r.data(b)
	return false
}

func (r *bodyReader) takeChunks(b []byte) (end bool) {
	for {
		data, n, fault := r.chunks.Next(b)
		r.data(data)
		b = b[n:]
		switch {
		case fault != nil:
			if x := r.t.x; len(x.Faults) < maxFaults {
				x.Faults = append(x.Faults, *fault)
			}
			if fault.Fatal {
				r.t.x.BodyEnd, r.t.x.End = BodyChunkBad, EndComplete
				return true
			}
		case r.chunks.Done():
			r.complete(BodyChunked, b)
			return true
		case n == 0:
			return false
		}
	}
}

// data counts and keeps body bytes.
func (r *bodyReader) data(b []byte) {
	x := r.t.x
	x.BodyBytes += int64(len(b))
	if room := r.t.limits.Quote - len(x.Body); room > 0 && len(b) > 0 {
		x.Body = append(x.Body, b[:min(room, len(b))]...)
	}
}

func (r *bodyReader) complete(how BodyEnd, after []byte) {
	x := r.t.x
	x.BodyEnd, x.End, x.Phase = how, EndComplete, PhaseAfter
	r.t.extra(after)
}

// broken says what the end of the connection means for the body.
func (r *bodyReader) broken() {
	x := r.t.x
	fault := func(k http1.Kind) { x.Faults = append(x.Faults, http1.NewFault(k, x.BodyBytes, nil)) }
	if r.framing.Kind == http1.ByLength {
		x.Missing = r.left
	}
	switch {
	case x.End != EndEOF && x.End != EndReset:
		x.BodyEnd = BodyStalled
	case r.framing.Kind == http1.ByLength:
		x.BodyEnd = BodyShort
		fault(http1.BodyShort)
	case r.framing.Kind == http1.ByChunks:
		x.BodyEnd = BodyChunkCut
		fault(http1.ChunkCut)
	case x.End == EndReset:
		x.BodyEnd = BodyReset
	default:
		x.BodyEnd, x.Phase, x.Text = BodyClose, PhaseAfter, ""
	}
}
