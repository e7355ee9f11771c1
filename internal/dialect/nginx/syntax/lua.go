package syntax

import "bytes"

// lua skips a Lua block from after its "{" to its "}", as lua-nginx-module's own
// lexer does: braces count, except in strings, long strings and comments. It
// returns the offset of "}", or the end of the file and false.
func (p *parser) lua() (end int, ok bool) {
	depth := 1
	for p.pos < len(p.data) {
		switch c := p.read(); c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return p.pos - 1, true
			}
		case '"', '\'':
			p.luaString(c)
		case '-':
			if p.pos < len(p.data) && p.data[p.pos] == '-' {
				p.read()
				if !p.luaLong() {
					p.skipTo([]byte{'\n'})
				}
			}
		case '[':
			p.pos--
			p.column--
			if !p.luaLong() {
				p.read()
			}
		}
	}
	return len(p.data), false
}

// luaString skips to the end of a quoted string, or of its line.
func (p *parser) luaString(quote byte) {
	for p.pos < len(p.data) {
		switch c := p.read(); c {
		case quote, '\n':
			return
		case '\\':
			if p.pos < len(p.data) {
				p.read()
			}
		}
	}
}

// luaLong skips a long bracket "[==[ … ]==]" if one begins here.
func (p *parser) luaLong() bool {
	i := p.pos
	if i >= len(p.data) || p.data[i] != '[' {
		return false
	}
	level := 0
	for i++; i < len(p.data) && p.data[i] == '='; i++ {
		level++
	}
	if i >= len(p.data) || p.data[i] != '[' {
		return false
	}
	for p.pos <= i {
		p.read()
	}
	p.skipTo([]byte("]" + string(bytes.Repeat([]byte{'='}, level)) + "]"))
	return true
}

// skipTo skips to after the next mark, or to the end of the file.
func (p *parser) skipTo(mark []byte) {
	stop := len(p.data)
	if i := bytes.Index(p.data[p.pos:], mark); i >= 0 {
		stop = p.pos + i + len(mark)
	}
	for p.pos < stop {
		p.read()
	}
}
