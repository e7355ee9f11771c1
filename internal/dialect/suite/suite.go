// Package suite is the contract of dialect.Log as a test: what every member's
// logs must do. A member runs it in three lines.
package suite

import (
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Example is a line that a log wrote.
type Example struct {
	Log  string // name of the log that wrote it
	Line string
}

// Run checks logs against the contract, with examples of what they write.
func Run(t *testing.T, logs []dialect.Log, examples []Example) {
	t.Helper()
	for _, log := range logs {
		t.Run(log.Name, func(t *testing.T) {
			Conds(t, log)
			shape(t, log)
			for _, e := range examples {
				Line(t, log, []byte(e.Line)) // also those of the other logs
			}
		})
	}
	for _, e := range examples {
		sniffs(t, logs, e)
		allocates(t, logs, e)
	}
}

func shape(t *testing.T, log dialect.Log) {
	t.Helper()
	switch log.Kind {
	case "error", "access", "app", "kernel":
	default:
		t.Errorf("%s: kind %q is none", log.Name, log.Kind)
	}
	if log.Name == "" || log.Sniff == nil || log.Line == nil || log.Time == nil {
		t.Fatalf("%s: a log needs a name, Sniff, Line and Time", log.Name)
	}
	for _, head := range []string{"", "\n", "\n\n\n", "x", "\x00\xff\x1b[31m", strings.Repeat("A", 70000)} {
		if n := log.Sniff([]byte(head)); n != 0 {
			t.Errorf("%s: is %d sure that %.20q is its own", log.Name, n, head)
		}
	}
}

// Conds checks the table of a log: complete, and in the words of the vocabulary.
func Conds(t *testing.T, log dialect.Log) {
	t.Helper()
	if len(log.Conds) < 2 {
		t.Fatalf("%s: conditions begin at 2", log.Name)
	}
	symptoms := map[vocab.Symptom]bool{"": true}
	for _, s := range vocab.Symptoms {
		symptoms[s.ID] = true
	}
	causes := map[vocab.Cause]bool{}
	for _, c := range vocab.Causes {
		causes[c.ID] = true
	}
	seen := map[string]bool{}
	for key, c := range log.Conds {
		if key < 2 {
			if c.ID != "" || c.Fails {
				t.Errorf("%s: condition %d is not zero", log.Name, key)
			}
			continue
		}
		if c.ID == "" || seen[c.ID] {
			t.Errorf("%s: condition %d: id %q is empty or used twice", log.Name, key, c.ID)
		}
		seen[c.ID] = true
		if !symptoms[c.Symptom] {
			t.Errorf("%s: %s: symptom %q is not in the vocabulary", log.Name, c.ID, c.Symptom)
		}
		if _, ok := c.Fact.Info(); c.Fact != "" && !ok {
			t.Errorf("%s: %s: fact %q is not in the vocabulary", log.Name, c.ID, c.Fact)
		}
		for _, cause := range c.Causes {
			if !causes[cause] {
				t.Errorf("%s: %s: cause %q is not in the vocabulary", log.Name, c.ID, cause)
			}
		}
		if c.Distinguish == "" || c.Source == "" {
			t.Errorf("%s: %s: lacks what distinguishes it, or its source", log.Name, c.ID)
		}
		if c.Fails && len(c.Causes) == 0 {
			t.Errorf("%s: %s: a failure needs a candidate", log.Name, c.ID)
		}
	}
}

// Line checks what Line does with any bytes: no panic, a key of the table, and
// a record of pieces of the line.
func Line(t testing.TB, log dialect.Log, line []byte) dialect.Key {
	t.Helper()
	// The capacity ends with the line, so that a piece can be found by it.
	line = append(make([]byte, 0, len(line)), line...)
	line = line[:len(line):len(line)]
	before := string(line)
	r := dialect.Record{Client: []byte("left over"), Status: -999, Seconds: -7}
	key := log.Line(line, &r)
	if string(line) != before {
		t.Fatalf("%s: the line was changed", log.Name)
	}
	if int(key) >= len(log.Conds) {
		t.Fatalf("%s: key %d of %d: %q", log.Name, key, len(log.Conds), before)
	}
	if r.Status == -999 || r.Seconds == -7 {
		t.Fatalf("%s: the record was not reset: %q", log.Name, before)
	}
	for name, piece := range pieces(&r) {
		if !inside(line, piece) {
			t.Fatalf("%s: %s is no piece of the line %q: %q", log.Name, name, before, piece)
		}
	}
	if r.Stamp != nil {
		log.Time(r.Stamp, time.UTC, time.Unix(1792000000, 0))
	}
	return key
}

func pieces(r *dialect.Record) map[string][]byte {
	return map[string][]byte{
		"stamp": r.Stamp, "level": r.Level, "message": r.Message, "client": r.Client, "server": r.Server, "request": r.Request,
		"method": r.Method, "path": r.Path, "upstream": r.Upstream, "endpoint": r.Endpoint, "host": r.Host, "referrer": r.Referrer,
		"user agent": r.UserAgent, "request id": r.RequestID, "name": r.Name,
	}
}

// inside reports whether piece is a part of line.
func inside(line, piece []byte) bool {
	if len(piece) == 0 {
		return true
	}
	at := cap(line) - cap(piece)
	return at >= 0 && at+len(piece) <= len(line) && &line[at] == &piece[0]
}

func sniffs(t *testing.T, logs []dialect.Log, e Example) {
	t.Helper()
	own, best, name := 0, 0, ""
	for _, log := range logs {
		n := log.Sniff([]byte(e.Line + "\n"))
		if n < 0 || n > 100 {
			t.Errorf("%s: Sniff returns %d", log.Name, n)
		}
		if log.Name == e.Log {
			own = n
		} else if n > best {
			best, name = n, log.Name
		}
	}
	if own == 0 || own < best {
		t.Errorf("%s is %d sure of its own line, %s is %d sure: %q", e.Log, own, name, best, e.Line)
	}
}

func allocates(t *testing.T, logs []dialect.Log, e Example) {
	t.Helper()
	line := []byte(e.Line)
	var r dialect.Record
	for _, log := range logs {
		if n := testing.AllocsPerRun(20, func() { log.Line(line, &r) }); n > 0 {
			t.Errorf("%s: Line allocates %v times for %q", log.Name, n, e.Line)
		}
	}
}

// Fuzz checks Line, Sniff and Time with arbitrary bytes; the examples are the
// seeds.
func Fuzz(f *testing.F, logs []dialect.Log, examples []Example) {
	f.Helper()
	for _, e := range examples {
		f.Add([]byte(e.Line))
		f.Add([]byte(e.Line[:len(e.Line)/2]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, log := range logs {
			Line(t, log, b)
			if n := log.Sniff(b); n < 0 || n > 100 {
				t.Fatalf("%s: Sniff returns %d", log.Name, n)
			}
			log.Time(b, time.UTC, time.Unix(1792000000, 0))
		}
	})
}
