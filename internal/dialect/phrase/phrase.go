// Package phrase reads what is known by its words: the codes, stable texts and
// pages of products whose logs people see only in pieces, as of cloud balancers,
// platforms and runtimes. A member is a table of rows; this package makes a log
// of it, and the terms for explain. Nothing is allocated per line.
package phrase

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Row is one condition and the words by which a line is known to tell of it. Of
// several rows that fit a line the first one counts.
type Row struct {
	ID string

	// Says are texts of which one is in the line. "a…b" is a, and b somewhere
	// behind it; "^a" stands at the beginning, "a$" at the end.
	Says []string

	// More returns further such texts, where they are many. It is called when the
	// first line is read.
	More func() []string

	// Codes are the product's terms. In a line of the product's own they count
	// wherever they stand by themselves; in a line of unknown origin where they
	// begin it, or where they are long enough to be nobody else's.
	Codes []string

	// Terms are explained where they are asked for, and tell nothing in a line:
	// the names of settings.
	Terms []string

	Symptom vocab.Symptom
	Status  int
	Phase   dialect.Phase
	Fact    vocab.Fact
	Causes  []vocab.Cause
	News    bool   // no request failed
	Means   string // one sentence: what it says
	Check   string // the next check that tells the candidates apart
	Source  string // empty: that of Options
}

// Options say where the rows come from and how a line of the product looks.
type Options struct {
	Name   string // "heroku router"
	Kind   string // "app", "error"
	Source string // the product's documentation

	// Own reports whether a line is written by the product, and fills what it
	// says about its request. Nil: no line can be told by its shape.
	Own func(b []byte, r *dialect.Record) bool

	// Sure is what Sniff answers for lines that are the product's own, Words for
	// those that only hold its words; 0 stands for 85 and 25. A file is taken for
	// a product's log from 30 on.
	Sure, Words int
}

// New returns the log and the terms of a table.
func New(o Options, rows []Row) (dialect.Log, []dialect.Word) {
	if o.Sure == 0 {
		o.Sure = 85
	}
	if o.Words == 0 {
		o.Words = 25
	}
	t := &table{opts: o, conds: make([]dialect.Condition, 2, 2+len(rows))}
	t.ready = sync.OnceFunc(func() {
		for i, row := range rows {
			t.add(row, dialect.Key(i+2))
		}
	})
	var words []dialect.Word
	for _, row := range rows {
		c := condition(row, o.Source)
		t.conds = append(t.conds, c)
		for _, code := range append(row.Codes[:len(row.Codes):len(row.Codes)], row.Terms...) {
			words = append(words, dialect.Word{Text: code, Cond: c, Explain: strings.TrimSpace(row.Means + " " + row.Check)})
		}
	}
	return dialect.Log{Name: o.Name, Kind: o.Kind, Sniff: dialect.Mean(t.weigh), Line: t.line, Time: line.Time, Conds: t.conds}, words
}

// Member returns a product of which no more is known than its words: it runs
// elsewhere, or writes nothing else that tells of failures.
func Member(name, doc string, o Options, rows []Row) dialect.Dialect {
	log, words := New(o, rows)
	return dialect.Dialect{Name: name, Doc: doc, Logs: []dialect.Log{log}, Words: words}
}

func condition(row Row, source string) dialect.Condition {
	if row.Source != "" {
		source = row.Source
	}
	if row.Check == "" {
		row.Check = row.Means
	}
	return dialect.Condition{
		ID: row.ID, Symptom: row.Symptom, Status: row.Status, Phase: row.Phase, Fact: row.Fact, Causes: row.Causes,
		Distinguish: row.Check, Fails: !row.News, Source: source,
	}
}

// table is the rows. They are taken apart for matching when the first line is read:
// most processes read none of a given product.
type table struct {
	opts  Options
	ready func()
	conds []dialect.Condition
	texts []text
	codes []code
}

// text is one alternative of Says.
type text struct {
	parts      []string
	begin, end bool
	key        dialect.Key
}

type code struct {
	word     string
	distinct bool
	key      dialect.Key
}

func (t *table) add(row Row, key dialect.Key) {
	says := row.Says
	if row.More != nil {
		says = slices.Concat(says, row.More())
	}
	for _, s := range says {
		x := text{key: key}
		s, x.begin = strings.CutPrefix(s, "^")
		s, x.end = strings.CutSuffix(s, "$")
		x.parts = strings.Split(s, "…")
		t.texts = append(t.texts, x)
	}
	for _, c := range row.Codes {
		t.codes = append(t.codes, code{c, distinct(c), key})
	}
}

// line is the log's Line.
func (t *table) line(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	if len(b) == 0 || len(b) > 1<<16 {
		return dialect.Unparsed
	}
	own := t.opts.Own != nil && t.opts.Own(b, r)
	if key := t.find(b, own); key != dialect.Unparsed {
		if r.Message == nil {
			r.Message = b
		}
		return key
	}
	if own {
		return dialect.Plain
	}
	r.Reset()
	return dialect.Unparsed
}

// find returns the key of the first row that fits, in the order of the table.
func (t *table) find(b []byte, own bool) dialect.Key {
	t.ready()
	best := dialect.Unparsed
	for i := range t.texts {
		if x := &t.texts[i]; (best == dialect.Unparsed || x.key < best) && x.in(b) {
			best = x.key
			break // the texts stand in the order of their keys
		}
	}
	for i := range t.codes {
		c := &t.codes[i]
		if best != dialect.Unparsed && c.key >= best {
			break
		}
		if has(b, c.word, own || c.distinct) {
			return c.key
		}
	}
	return best
}

// in reports whether the line says the text.
func (x *text) in(b []byte) bool {
	for i, p := range x.parts {
		switch {
		case i == 0 && x.begin:
			if !line.Has(b, p) {
				return false
			}
			b = b[len(p):]
		case i == len(x.parts)-1 && x.end:
			return line.Ends(b, p)
		default:
			rest, ok := line.After(b, p)
			if !ok {
				return false
			}
			b = rest
		}
	}
	return !x.end || len(b) == 0
}

// distinct reports whether a term is nobody else's word: a long one, one with
// capitals inside, a long number.
func distinct(word string) bool {
	switch n := len(word); {
	case n >= 15:
		return true
	case n >= 9 && word[0]-'0' <= 9:
		return true
	case n >= 8:
		return strings.IndexFunc(word[1:], func(c rune) bool { return c >= 'A' && c <= 'Z' }) >= 0
	}
	return false
}

// has reports whether the term stands in b by itself: anywhere, or else at its
// beginning only.
func has(b []byte, word string, anywhere bool) bool {
	for from := 0; ; {
		i := line.Index(b[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		alone := (i == 0 || !wordly(b[i-1])) && (end == len(b) || !wordly(b[end]))
		if alone && (anywhere || lead(b[:i]) && tail(b[end:])) {
			return true
		}
		from = end
	}
}

// lead reports whether nothing but signs, a count and words such as "error code"
// stands before a term.
func lead(b []byte) bool {
	for len(b) > 0 {
		n := 0
		for n < len(b) && wordly(b[n]) {
			n++
		}
		if n == 0 {
			b = b[1:]
			continue
		}
		switch w := b[:n]; {
		case number(w):
		case bytes.EqualFold(w, errorWord), bytes.EqualFold(w, codeWord), bytes.EqualFold(w, flagsWord), bytes.EqualFold(w, responseWord), bytes.EqualFold(w, statusWord), bytes.EqualFold(w, reasonWord):
		default:
			return false
		}
		b = b[n:]
	}
	return true
}

var (
	errorWord    = []byte("error")
	codeWord     = []byte("code")
	flagsWord    = []byte("flags")
	responseWord = []byte("response")
	statusWord   = []byte("status")
	reasonWord   = []byte("reason")
)

// tail reports whether what follows a term explains it, or is nothing: people
// write `H12 (request timeout)` and `H12 - request timeout`.
func tail(b []byte) bool {
	if b = line.Trim(b); line.Has(b, "desc=") {
		return true
	}
	return len(b) < 80 && (len(b) == 0 || !(b[0]|0x20 >= 'a' && b[0]|0x20 <= 'z' || b[0]-'0' <= 9 || b[0] == '/'))
}

func number(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// wordly reports whether c is part of a term.
func wordly(c byte) bool {
	return c == '_' || c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// weigh says how sure it is of a line: one of the product's own weighs more than one
// that holds its words.
func (t *table) weigh(b []byte, r *dialect.Record) int {
	r.Reset()
	b = line.Trim(b)
	switch {
	case t.opts.Own != nil && t.opts.Own(b, r):
		return t.opts.Sure
	case len(b) < 1<<16 && t.find(b, false) != dialect.Unparsed:
		return t.opts.Words
	}
	return 0
}

// Value returns the value of key in a line of key=value pairs, without quotes:
// code=H12, desc="Request timeout". Nil: it is not there, or empty.
func Value(b []byte, key string) []byte {
	for from := 0; ; {
		i := line.Index(b[from:], key)
		if i < 0 {
			return nil
		}
		i += from
		from = i + len(key)
		if i > 0 && wordly(b[i-1]) || from >= len(b) || b[from] != '=' {
			continue
		}
		v := b[from+1:]
		end := " "
		if len(v) > 0 && v[0] == '"' {
			v, end = v[1:], `"`
		}
		if j := line.Index(v, end); j >= 0 {
			v = v[:j]
		}
		if len(v) == 0 || line.Is(v, "-") {
			return nil
		}
		return v
	}
}
