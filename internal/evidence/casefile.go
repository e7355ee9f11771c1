package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// caseHeader is the first line of a case file. The number changes only when an
// older goodgate could not read the file any more.
const caseHeader = "goodgate/case/v1"

// Bounds of what Read takes.
const (
	maxCaseBytes   = 256 << 20
	maxCaseAnswers = 100_000
)

const caseComment = `
This is a captured examination: every question that goodgate asked, with its
answer. Credentials, query values, tokens and client addresses were taken out
before they were written here; read it before you hand it on all the same.
"goodgate diagnose THIS-FILE" repeats it anywhere, without network.

`

// envelope is the first part of a case file: the case without its answers.
type envelope struct {
	Case
	Answers int `json:"answers"` // how many follow: a file that was cut is noticed
}

// Write writes c as a case file: a txtar archive with one part per answer. Each
// part is JSON, in which bytes are base64 and text is escaped, so that no line
// of it can be taken for the beginning of another part.
func Write(w io.Writer, c *Case) error {
	var b bytes.Buffer
	b.WriteString(caseHeader + "\n" + caseComment)
	head := envelope{Case: *c, Answers: len(c.Answers)}
	head.Case.Answers = nil
	if err := writePart(&b, "case.json", head); err != nil {
		return fmt.Errorf("cannot write the case: %w", err)
	}
	for i, a := range c.Answers {
		if err := writePart(&b, fmt.Sprintf("%04d %s", i+1, partName(a.Source)), a); err != nil {
			return fmt.Errorf("cannot write the answer of %s to the case: %w", a.Source, err)
		}
		if b.Len() > 1<<20 {
			if _, err := b.WriteTo(w); err != nil {
				return fmt.Errorf("cannot write the case: %w", err)
			}
		}
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("cannot write the case: %w", err)
	}
	return nil
}

func writePart(b *bytes.Buffer, name string, v any) error {
	fmt.Fprintf(b, "-- %s --\n", name)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(v)
}

// partName keeps what may stand in the name of a part.
func partName(source string) string {
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' || c == '.' || c == '_' || c == '-' {
			return c
		}
		return '_'
	}, source)
}

// IsCase reports whether a file that begins with head is a case file.
func IsCase(head []byte) bool { return bytes.HasPrefix(head, []byte("goodgate/case/")) }

// CaseError says where a case file cannot be read.
type CaseError struct {
	Line int // counts from 1
	Part string
	Why  string
}

func (e *CaseError) Error() string {
	if e.Part == "" {
		return fmt.Sprintf("cannot read the case: line %d: %s", e.Line, e.Why)
	}
	return fmt.Sprintf("cannot read the case: line %d, part %q: %s", e.Line, e.Part, e.Why)
}

// Read reads a case file. It takes at most 256 MiB. Parts that it does not know
// are left out.
func Read(r io.Reader) (*Case, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCaseBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the case: %w", err)
	}
	if len(data) > maxCaseBytes {
		return nil, fmt.Errorf("cannot read the case: it is larger than %d MiB", maxCaseBytes>>20)
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	switch first = bytes.TrimRight(first, "\r"); {
	case IsCase(first) && string(first) != caseHeader:
		return nil, &CaseError{1, "", fmt.Sprintf("this goodgate reads %s, the file is %.40q: a newer goodgate made it", caseHeader, first)}
	case string(first) != caseHeader:
		return nil, &CaseError{1, "", fmt.Sprintf("a case begins with %q, this begins with %.40q", caseHeader, first)}
	}
	return readParts(data)
}

// part is one file of the archive.
type part struct {
	name string
	line int // of its first line of data
	data []byte
}

func readParts(data []byte) (*Case, error) {
	parts := splitParts(data)
	if len(parts) == 0 || parts[0].name != "case.json" {
		return nil, &CaseError{1, "", `the part "case.json" is missing`}
	}
	var head envelope
	if err := parts[0].decode(&head); err != nil {
		return nil, err
	}
	if head.Answers < 0 || head.Answers > maxCaseAnswers {
		return nil, &CaseError{parts[0].line, parts[0].name, fmt.Sprintf("it announces %d answers, at most %d are read", head.Answers, maxCaseAnswers)}
	}
	c := head.Case
	c.Answers = make([]Answer, 0, min(head.Answers, len(parts)))
	for _, p := range parts[1:] {
		if p.name == "" || p.name[0] < '0' || p.name[0] > '9' {
			continue
		}
		var a Answer
		if err := p.decode(&a); err != nil {
			return nil, err
		}
		c.Answers = append(c.Answers, a)
	}
	if len(c.Answers) != head.Answers {
		last := parts[len(parts)-1]
		return nil, &CaseError{last.line, last.name, fmt.Sprintf("%d answers were announced and %d are here: the file was cut or changed", head.Answers, len(c.Answers))}
	}
	return &c, nil
}

// splitParts takes the archive apart. What stands before the first part is
// comment.
func splitParts(data []byte) []part {
	var parts []part
	line := 0
	for len(data) > 0 {
		line++
		l, rest, _ := bytes.Cut(data, []byte("\n"))
		text := bytes.TrimRight(l, "\r")
		if name, ok := bytes.CutPrefix(text, []byte("-- ")); ok && bytes.HasSuffix(name, []byte(" --")) {
			parts = append(parts, part{name: string(name[:len(name)-3]), line: line + 1, data: rest[:0]})
		} else if n := len(parts); n > 0 {
			p := &parts[n-1]
			p.data = p.data[:len(p.data)+len(data)-len(rest)] // the lines follow each other in memory
		}
		data = rest
	}
	return parts
}

// decode reads the part's JSON and says the line where it is broken.
func (p part) decode(v any) error {
	err := json.Unmarshal(p.data, v)
	if err == nil {
		return nil
	}
	at := int64(0)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	at = min(max(at, 0), int64(len(p.data)))
	return &CaseError{p.line + bytes.Count(p.data[:at], []byte("\n")), p.name, err.Error()}
}
