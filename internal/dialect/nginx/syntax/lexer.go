package syntax

// stop says why the lexer returned.
type stop int

const (
	stopWord       stop = iota // a word
	stopEnd                    // ";"
	stopBrace                  // "{"
	stopClose                  // "}"
	stopFile                   // the end of the file, between words
	stopCut                    // the end of the file within a word
	stopUnexpected             // a byte that may not follow a quoted word
	stopLong                   // a parameter or comment longer than nginx's buffer
	stopCloseEarly             // "}" where ";" is missing
)

// lexer cuts a file into words exactly as ngx_conf_read_token does, with the
// same oddities: a quote begins a quoted word only where a word begins, "${"
// does not open a block, a backslash keeps the next byte from meaning anything,
// after the end of a quoted word only blanks, ";", "{" and ")" may stand.
type lexer struct {
	data   []byte
	pos    int
	line   int // of data[pos], from 1
	column int // of data[pos], from 0

	pending   byte // the byte that ended a word and ends the directive too
	needSpace bool
}

// read takes one byte.
func (l *lexer) read() byte {
	c := l.data[l.pos]
	l.pos++
	l.column++
	if c == '\n' {
		l.line++
		l.column = 0
	}
	return c
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// next returns the next word or what ends the directive. After stopEnd,
// stopBrace, stopClose and stopUnexpected the byte concerned stands before pos.
func (l *lexer) next() (Word, stop) {
	if c := l.pending; c != 0 {
		l.pending = 0
		return Word{}, ends(c)
	}
	for l.pos < len(l.data) {
		start, line, column := l.pos, l.line, l.column
		c := l.read()
		if l.needSpace {
			l.needSpace = false
			switch {
			case blank(c), c == ')':
			case c == ';' || c == '{':
				return Word{}, ends(c)
			case c == '}':
				return Word{}, stopClose
			default:
				return Word{}, stopUnexpected
			}
		}
		switch {
		case blank(c):
			continue
		case c == ';' || c == '{' || c == '}':
			return Word{}, ends(c)
		case c == '#':
			if w, ok := l.comment(start, line, column); !ok {
				return w, stopLong
			}
		default:
			return l.word(c, Word{Start: start, Line: line, Column: column + 1})
		}
	}
	return Word{}, stopFile
}

func ends(c byte) stop {
	switch c {
	case ';':
		return stopEnd
	case '{':
		return stopBrace
	}
	return stopClose
}

// comment skips to the end of the line. nginx keeps a comment in its buffer like
// a word and refuses one that does not fit.
func (l *lexer) comment(start, line, column int) (Word, bool) {
	for l.pos < len(l.data) && l.data[l.pos] != '\n' {
		l.pos++
		l.column++
	}
	if n := l.pos - start; n > maxParameter || n == maxParameter && l.pos < len(l.data) {
		return Word{Text: string(l.data[start : start+16]), Start: start, Line: line, Column: column + 1}, false
	}
	return Word{}, true
}

// word reads the word that begins with c.
func (l *lexer) word(c byte, w Word) (Word, stop) {
	body := w.Start
	variable, skip := false, false
	switch c {
	case '"', '\'':
		w.Quote = c
		body++
	case '\\':
		skip = true
	case '$':
		variable = true
	}
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		if !skip && !(c == '{' && variable) && l.over(c, w.Quote, variable) {
			w.Text = unescape(l.data[body:l.pos])
			w.End = l.pos
			if l.pos-body+quoted(w) >= maxParameter {
				return l.long(w)
			}
			l.finish(c, &w)
			return w, stopWord
		}
		l.read()
		switch {
		case skip:
			skip = false
		case c == '{' && variable:
		case c == '\\':
			skip, variable = true, false
		default:
			variable = c == '$'
		}
	}
	w.Text = unescape(l.data[body:l.pos])
	w.End = l.pos
	return w, stopCut
}

// over reports whether c, which is neither escaped nor the brace of a variable,
// ends the word.
func (l *lexer) over(c, quote byte, variable bool) bool {
	if quote != 0 {
		return c == quote
	}
	return blank(c) || c == ';' || c == '{'
}

// finish takes the byte that ended the word.
func (l *lexer) finish(c byte, w *Word) {
	l.read()
	switch {
	case w.Quote != 0:
		w.End++
		l.needSpace = true
	case c == ';' || c == '{':
		l.pending = c
	}
}

// long tells of a word that is too long. What follows is read as if it were
// not, so that the rest of the file can be understood.
func (l *lexer) long(w Word) (Word, stop) {
	c := l.data[l.pos]
	l.finish(c, &w)
	return w, stopLong
}

// unescape undoes the escapes that nginx undoes: quotes, backslash, t, r and n.
// Before anything else a backslash stays.
func unescape(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		switch b[i+1] {
		case '"', '\'', '\\':
			i++
			out = append(out, b[i])
		case 't':
			i++
			out = append(out, '\t')
		case 'r':
			i++
			out = append(out, '\r')
		case 'n':
			i++
			out = append(out, '\n')
		default:
			out = append(out, '\\')
		}
	}
	return string(out)
}

// quoted returns 1 for a quoted word: its closing quote takes room in nginx's
// buffer as well.
func quoted(w Word) int {
	if w.Quote != 0 {
		return 1
	}
	return 0
}
