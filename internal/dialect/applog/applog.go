// Package applog is the frame of the logs of application servers: a member says
// what its own lines mean, and this package adds what programs of any language
// write when they fail: uncaught exceptions, refused dependencies, exhausted
// descriptors.
package applog

import (
	"cmp"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Reader reads one line of a product, of which line.Peel has taken the heads of
// syslog, journald or a container runtime. It returns Unparsed for a line that
// is not the product's own, Plain for one that tells of nothing.
type Reader func(b []byte, h line.Head, r *dialect.Record) dialect.Key

// Table collects the conditions of a log. Keys are handed out in the order of
// the calls, so that a member names its keys as its variables.
type Table struct {
	conds  []dialect.Condition
	source string // of conditions that name none
}

// NewTable returns an empty table.
func NewTable() *Table { return TableOf("") }

// TableOf returns an empty table whose conditions come from one source.
func TableOf(source string) *Table {
	return &Table{conds: make([]dialect.Condition, 2), source: source}
}

// Add adds a condition and returns its key.
func (t *Table) Add(c dialect.Condition) dialect.Key {
	t.conds = append(t.conds, c)
	return dialect.Key(len(t.conds) - 1)
}

// From adds a condition that ends no request with a status of its own.
func (t *Table) From(id string, symptom vocab.Symptom, phase dialect.Phase, fact vocab.Fact, fails bool, source, distinguish string, causes ...vocab.Cause) dialect.Key {
	return t.Add(dialect.Condition{ID: id, Symptom: symptom, Phase: phase, Fact: fact, Fails: fails, Source: source, Distinguish: distinguish, Causes: causes})
}

// Own is From from the table's own source.
func (t *Table) Own(id string, symptom vocab.Symptom, phase dialect.Phase, fact vocab.Fact, fails bool, distinguish string, causes ...vocab.Cause) dialect.Key {
	return t.From(id, symptom, phase, fact, fails, t.source, distinguish, causes...)
}

// Status adds a condition with the status that the client gets, 0 where it depends,
// from the table's own source.
func (t *Table) Status(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, fails bool, distinguish string, causes ...vocab.Cause) dialect.Key {
	key := t.Own(id, symptom, phase, fact, fails, distinguish, causes...)
	t.conds[key].Status = status
	return key
}

// Word explains a term by a condition; where explain is empty, by what distinguishes
// its causes.
func (t *Table) Word(text string, key dialect.Key, explain string) dialect.Word {
	c := t.conds[key]
	return dialect.Word{Text: text, Cond: c, Explain: cmp.Or(explain, c.Distinguish)}
}

// New returns the log of a product. sure is what Sniff answers where every line
// is the product's own. own is the member's table.
func New(name, kind string, sure int, own *Table, read Reader) dialect.Log {
	first := dialect.Key(len(own.conds))
	conds := append(own.conds[:len(own.conds):len(own.conds)], signs()...)
	read2 := func(b []byte, r *dialect.Record) dialect.Key {
		r.Reset()
		b = line.Chomp(b)
		h, rest := line.Peel(b)
		r.Stamp, r.PID = h.Stamp, h.PID
		r.Message = rest
		key := read(rest, h, r)
		if key != dialect.Unparsed && key != dialect.Plain {
			return key
		}
		if s := find(r.Message, r); s != none {
			return first + dialect.Key(s) - 1
		}
		if key == dialect.Unparsed && frame(rest) {
			return dialect.Plain
		}
		if key == dialect.Unparsed {
			r.Reset()
		}
		return key
	}
	return dialect.Log{
		Name: name, Kind: kind, Line: read2, Time: line.Time, Conds: conds,
		Sniff: dialect.Share(sure, func(b []byte, r *dialect.Record) dialect.Key {
			r.Reset()
			h, text := line.Peel(line.Chomp(b))
			return read(text, h, r) // the signs that any program may show do not count
		}),
	}
}

// frame reports whether b is the inner line of a trace: Python's `  File "…",
// line 5`, JavaScript's and Java's "    at …", PHP's "#0 …".
func frame(b []byte) bool {
	if line.Has(b, "  File \"") || line.Has(b, "Stack trace:") || line.Has(b, "\tat ") {
		return true
	}
	if len(b) > 3 && b[0] == '#' && b[1]-'0' <= 9 && (b[2] == ' ' || b[2]-'0' <= 9) {
		return true
	}
	return line.Has(b, "    at ") && (line.Contains(b, ":") || line.Contains(b, "("))
}

// Conds returns the conditions of the table, for logs that are not application
// logs.
func (t *Table) Conds() []dialect.Condition { return t.conds }
