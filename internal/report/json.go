package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// JSON writes v as one document with a newline at its end. Characters that a
// terminal would act on are written as escapes; the document's value is the same.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("cannot write JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON writes what is not printable as \u escapes. encoding/json escapes
// the control characters of ASCII only.
func escapeJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for i := 0; i < len(doc); {
		r, n := utf8.DecodeRune(doc[i:])
		switch {
		case r == '\n' || r < 0x7f:
			out = append(out, doc[i])
		case unicode.IsPrint(r) && !blank(r):
			out = append(out, doc[i:i+n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		i += n
	}
	return out
}

// complete makes every list of d present: a program that reads it need not tell
// null from empty.
func complete(d doctor.Diagnosis) doctor.Diagnosis {
	d.Schema = doctor.Schema
	d.Causes = completeCauses(d.Causes)
	d.Path = list(d.Path)
	d.Items = list(d.Items)
	d.Gaps = list(d.Gaps)
	d.Next = list(d.Next)
	d.Window.From, d.Window.To = d.Window.From.UTC(), d.Window.To.UTC()
	d.Items = utc(d.Items)
	groups := make([]doctor.Group, len(d.Others))
	for i, g := range d.Others {
		if g.Cause != nil {
			c := completeCauses([]doctor.Cause{*g.Cause})[0]
			g.Cause = &c
		}
		groups[i] = g
	}
	d.Others = groups
	return d
}

func completeExplanation(e doctor.Explanation) doctor.Explanation {
	e.Schema = doctor.ExplanationSchema
	e.Causes = completeCauses(e.Causes)
	e.Items = utc(e.Items)
	if e.Symptom != nil && *e.Symptom == "" {
		e.Symptom = (*vocab.Symptom)(nil)
	}
	return e
}

func completeCauses(causes []doctor.Cause) []doctor.Cause {
	out := make([]doctor.Cause, len(causes))
	for i, c := range causes {
		c.For, c.Against, c.Fixes = utc(c.For), utc(c.Against), list(c.Fixes)
		out[i] = c
	}
	return out
}

func utc(items []evidence.Item) []evidence.Item {
	out := make([]evidence.Item, len(items))
	for i, it := range items {
		it.When = it.When.UTC()
		out[i] = it
	}
	return out
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
