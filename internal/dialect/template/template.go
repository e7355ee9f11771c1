// Package template reads access log lines that were written by a format string:
// log_format of nginx, LogFormat of Apache, and their like. A format is compiled
// once into fields and the literal text between them; a line is then read by
// searching that text. Nothing is allocated per line.
package template

import (
	"errors"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// Field says what a piece of a line is.
type Field uint8

// The fields. Those named List hold one value per attempt at an upstream,
// separated as nginx does: ", " between servers, " : " between groups of them.
const (
	Literal  Field = iota // text of the format itself
	Ignore                // something that no record holds
	Client                // client's address
	Time                  // any stamp that line.Time reads
	TimeCLF               // "21/Aug/2026:10:15:30 +0000"
	Request               // request line
	Method                // request method
	Target                // request target: begins with "/" nearly always
	Status                // three digits
	Bytes                 // of the body, "-" for none
	Seconds               // "0.123"
	Millis                // "123"
	Micros                // "123456"
	Referrer              //
	UserAgent
	RequestID
	Host
	Server // site, as the gateway names it
	Pool   // name of the group of servers
	PID
	Conn
	UpAddr          // List
	UpStatus        // List
	UpSeconds       // List
	UpHeaderSeconds // List: until the header was complete
	UpReceived      // List: bytes received of the upstream
	UpLength        // List: bytes of the body
	UpIgnore        // List
)

// list reports whether f holds one value per attempt.
func (f Field) list() bool { return f >= UpAddr }

// Part is one piece of a format.
type Part struct {
	Field Field
	Text  string // Literal
	Rank  int    // where two parts have one field, the one of the higher rank is kept
}

// Options say how a line is written.
type Options struct {
	Escaped bool // a quote inside a value is written with a backslash before it
	Loose   bool // more text may follow the last part, after a space
}

// Template is a compiled format. It is safe for use by several goroutines.
type Template struct {
	first string // literal before the first field
	steps []step
	opts  Options
	has   [UpIgnore + 1]bool
}

// step is one field and the literal after it.
type step struct {
	field Field
	until string // literal that ends the field; empty: the end of the line
	slash bool   // the field ends before a "/"
}

// Extra is what a line says beyond its record about who made its status.
type Extra struct {
	AddrNone   bool  // the field for the upstream's address is "-": none was asked
	HeaderNone bool  // the last attempt has no time of a complete header
	HeaderTime bool  // the last attempt has one
	Received   int64 // bytes of the last attempt; -1: not in the format or not known
	Length     int64 // bytes of its body; -1: not in the format or not known
	UpFirst    int   // the first status of an upstream, 0: none
	UpAny      bool  // one of the upstream's statuses is the one that the client got
	Attempts   int   // how many statuses the upstream has
}

// ErrAmbiguous says that no reader could tell where a field ends.
var ErrAmbiguous = errors.New("two fields stand side by side")

// Compile makes a template of parts.
func Compile(parts []Part, opts Options) (*Template, error) {
	parts = single(merge(parts))
	t := &Template{opts: opts}
	if len(parts) > 0 && parts[0].Field == Literal {
		t.first, parts = parts[0].Text, parts[1:]
	}
	for i := 0; i < len(parts); i++ {
		p := parts[i]
		s := step{field: p.Field}
		switch {
		case i+1 == len(parts):
		case parts[i+1].Field == Literal:
			s.until = parts[i+1].Text
			i++
		case parts[i+1].Field == Target:
			s.slash = true
		default:
			return nil, fmt.Errorf("cannot compile format: %w", ErrAmbiguous)
		}
		t.steps = append(t.steps, s)
		t.has[p.Field] = true
	}
	if !t.has[Status] {
		return nil, errors.New("cannot compile format: it has no status")
	}
	return t, nil
}

// Must is Compile for a format that is part of the program.
func Must(parts []Part, opts Options) *Template {
	t, err := Compile(parts, opts)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return t
}

// Has reports whether the format has f.
func (t *Template) Has(f Field) bool { return t.has[f] }

// merge joins literals, and fields between which nothing stands, into one.
func merge(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		n := len(out)
		switch {
		case p.Field == Literal && p.Text == "":
		case n > 0 && p.Field == Literal && out[n-1].Field == Literal:
			out[n-1].Text += p.Text
		case n > 0 && p.Field != Literal && out[n-1].Field != Literal && p.Field != Target &&
			(p.Field == Ignore || out[n-1].Field == Ignore):
			out[n-1] = Part{Field: Ignore}
		default:
			out = append(out, p)
		}
	}
	return out
}

// single keeps, of several parts with one field, the one of the highest rank.
func single(parts []Part) []Part {
	best := map[Field]int{}
	for i, p := range parts {
		if j, ok := best[p.Field]; !ok || p.Rank > parts[j].Rank {
			best[p.Field] = i
		}
	}
	out := make([]Part, len(parts))
	copy(out, parts)
	for i, p := range out {
		if p.Field == Literal || best[p.Field] == i {
			continue
		}
		out[i].Field = Ignore
		if p.Field.list() {
			out[i].Field = UpIgnore
		}
	}
	return out
}

// Match reads b into r and x and reports whether the template explains it. r is
// reset first; it holds pieces of b.
func (t *Template) Match(b []byte, r *dialect.Record, x *Extra) bool {
	r.Reset()
	*x = Extra{Received: -1, Length: -1}
	b = line.Chomp(b)
	if !line.Has(b, t.first) {
		return false
	}
	// Fast path: every field ends at the first place where its literal stands.
	rest := b[len(t.first):]
	for i := range t.steps {
		s := &t.steps[i]
		end := t.end(s, rest, 0)
		if end < 0 || !t.fill(s.field, rest[:end], r, x) {
			return t.again(b, r, x)
		}
		rest = rest[end+len(s.until):]
	}
	if len(rest) > 0 && !(t.opts.Loose && rest[0] == ' ') {
		return t.again(b, r, x)
	}
	finish(r, x)
	return true
}

// end returns where the field of s that begins at b ends, looking from the
// offset from on, or -1.
func (t *Template) end(s *step, b []byte, from int) int {
	switch {
	case s.slash:
		if i := line.Index(b[from:], "/"); i >= 0 {
			return from + i
		}
		return -1
	case s.field.list():
		return listEnd(b, s.until)
	case s.until == "":
		if t.opts.Loose {
			return loose(s.field, b)
		}
		return len(b)
	case s.field == TimeCLF && from == 0:
		if len(b) >= clfStamp && line.Has(b[clfStamp:], s.until) {
			return clfStamp
		}
		return -1
	}
	for i := from; ; i++ {
		j := line.Index(b[i:], s.until)
		if j < 0 {
			return -1
		}
		i += j
		if !t.opts.Escaped || s.until[0] != '"' || !escaped(b[:i]) {
			return i
		}
	}
}

// clfStamp is the length of "21/Aug/2026:10:15:30 +0000".
const clfStamp = 26

// loose ends the last field at a space.
func loose(f Field, b []byte) int {
	if i := line.Index(b, " "); i >= 0 && f != Ignore {
		return i
	}
	return len(b)
}

// escaped reports whether the byte after b has a backslash before it that is
// not itself escaped.
func escaped(b []byte) bool {
	n := 0
	for i := len(b) - 1; i >= 0 && b[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// listEnd returns where a list ends that begins at b and is followed by until.
func listEnd(b []byte, until string) int {
	i := 0
	for {
		for i < len(b) && b[i] != ' ' && b[i] != ',' && (until == "" || b[i] != until[0] || !line.Has(b[i:], until)) {
			i++
		}
		switch {
		case line.Has(b[i:], ", "):
			i += 2
		case line.Has(b[i:], " : "):
			i += 3
		case line.Has(b[i:], until):
			return i
		default:
			return -1
		}
	}
}
