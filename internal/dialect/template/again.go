package template

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// tries bounds the search of the slow path.
const tries = 400

// again is the slow path: a field's text holds the literal that ends it, as a
// user's name with a space does. Each field is tried at every place where its
// literal stands until the rest of the line fits.
func (t *Template) again(b []byte, r *dialect.Record, x *Extra) bool {
	budget := tries
	if end, ok := t.solve(b[len(t.first):], 0, &budget, r, x); ok && (end == 0 || t.opts.Loose) {
		finish(r, x)
		return true
	}
	r.Reset()
	return false
}

// solve reads the steps from the i-th on in b and returns how many bytes are left.
func (t *Template) solve(b []byte, i int, budget *int, r *dialect.Record, x *Extra) (left int, ok bool) {
	if i == len(t.steps) {
		if len(b) == 0 || t.opts.Loose && b[0] == ' ' {
			return len(b), true
		}
		return 0, false
	}
	s := &t.steps[i]
	for from := 0; *budget > 0; {
		*budget--
		end := t.end(s, b, from)
		if end < 0 {
			return 0, false
		}
		if t.valid(s.field, b[:end]) {
			if left, ok := t.solve(b[end+len(s.until):], i+1, budget, r, x); ok {
				return left, t.fill(s.field, b[:end], r, x)
			}
		}
		if s.field.list() || s.until == "" && !s.slash {
			return 0, false
		}
		from = end + 1
		if from > len(b) {
			return 0, false
		}
	}
	return 0, false
}

// valid reports whether fill would take v.
func (t *Template) valid(f Field, v []byte) bool {
	switch f {
	case Status:
		return status(v) >= 0
	case TimeCLF:
		return len(v) == clfStamp && v[2] == '/' && v[6] == '/'
	case Bytes, Millis, Micros:
		_, ok := line.Int(v)
		return ok || line.Is(v, "-")
	case Seconds:
		_, ok := line.Seconds(v)
		return ok || line.Is(v, "-")
	}
	return true
}
