package regex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

func digit(b byte) bool { return b >= '0' && b <= '9' }
func word(b byte) bool {
	return digit(b) || b == '_' || lower(b) >= 'a' && lower(b) <= 'z'
}
func space(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }
func flat(b byte) bool  { return b == ' ' || b == '\t' || b == 0xa0 }
func tall(b byte) bool  { return b >= '\n' && b <= '\r' || b == 0x85 }

func not(has func(byte) bool) func(byte) bool { return func(b byte) bool { return !has(b) } }

// letters returns the class that a letter after a backslash names.
func letters(ch byte) func(byte) bool {
	switch ch {
	case 'd':
		return digit
	case 'D':
		return not(digit)
	case 'w':
		return word
	case 'W':
		return not(word)
	case 's':
		return space
	case 'S':
		return not(space)
	case 'h':
		return flat
	case 'H':
		return not(flat)
	case 'v':
		return tall
	case 'V':
		return not(tall)
	case 'N':
		return func(b byte) bool { return b != '\n' }
	}
	return nil
}

// escape reads what follows a backslash outside a set.
func (c *compiler) escape() (node, error) {
	if !c.more() {
		return nil, errors.New("the pattern ends in a backslash")
	}
	ch := c.s[c.i]
	c.i++
	if has := letters(ch); has != nil {
		return class(has), nil
	}
	edge := func(s string, i int) bool {
		return (i > 0 && word(s[i-1])) != (i < len(s) && word(s[i]))
	}
	switch ch {
	case 'b':
		return assert(edge), nil
	case 'B':
		return assert(func(s string, i int) bool { return !edge(s, i) }), nil
	case 'A':
		return assert(func(_ string, i int) bool { return i == 0 }), nil
	case 'z':
		return assert(func(s string, i int) bool { return i == len(s) }), nil
	case 'Z':
		return assert(func(s string, i int) bool { return i == len(s) || i == len(s)-1 && s[i] == '\n' }), nil
	case 'E':
		return nil, nil
	case 'k':
		return c.namedBack()
	}
	if ch >= '1' && ch <= '9' {
		k := int(ch - '0')
		if k >= c.p.groups {
			return nil, fmt.Errorf("there is no group %d", k)
		}
		return back(k, c.fold), nil
	}
	b, err := c.byteOf(ch)
	if err != nil {
		return nil, err
	}
	return c.letter(b), nil
}

// unquote writes \Q…\E with a backslash before each of its bytes.
func unquote(pattern string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(pattern, `\Q`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		var text string
		text, pattern, _ = strings.Cut(rest, `\E`)
		for i := range len(text) {
			if !word(text[i]) && text[i] < 0x80 {
				b.WriteByte('\\')
			}
			b.WriteByte(text[i])
		}
	}
}

func (c *compiler) namedBack() (node, error) {
	end := strings.IndexAny(c.s[c.i:], ">}'")
	if end < 1 {
		return nil, errors.New("a group's name has no end")
	}
	name := c.s[c.i+1 : c.i+end]
	c.i += end + 1
	for k, n := range c.p.names {
		if n == name && n != "" {
			return back(k, c.fold), nil
		}
	}
	return nil, fmt.Errorf("there is no group %q", name)
}

// byteOf returns the byte that an escape stands for.
func (c *compiler) byteOf(ch byte) (byte, error) {
	switch ch {
	case 't':
		return '\t', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 'f':
		return '\f', nil
	case 'a':
		return 7, nil
	case 'e':
		return 27, nil
	case '0':
		return 0, nil
	case 'x':
		n := 0
		for n < 2 && c.i+n < len(c.s) && strings.IndexByte("0123456789abcdefABCDEF", c.s[c.i+n]) >= 0 {
			n++
		}
		v, _ := strconv.ParseUint("0"+c.s[c.i:c.i+n], 16, 16)
		c.i += n
		return byte(v), nil
	}
	if word(ch) && ch != '_' {
		return 0, fmt.Errorf(`unknown escape \%c`, ch)
	}
	return ch, nil
}

// posix are the classes that stand as [:name:] in a set.
func posix(name string) func(byte) bool {
	alpha := func(b byte) bool { return lower(b) >= 'a' && lower(b) <= 'z' }
	switch name {
	case "alpha":
		return alpha
	case "digit":
		return digit
	case "alnum":
		return func(b byte) bool { return alpha(b) || digit(b) }
	case "space":
		return space
	case "word":
		return word
	case "upper":
		return func(b byte) bool { return b >= 'A' && b <= 'Z' }
	case "lower":
		return func(b byte) bool { return b >= 'a' && b <= 'z' }
	case "xdigit":
		return func(b byte) bool { return digit(b) || lower(b) >= 'a' && lower(b) <= 'f' }
	case "punct":
		return func(b byte) bool { return b > ' ' && b < 0x7f && !alpha(b) && !digit(b) }
	}
	return nil
}

// set reads a set after its "[".
func (c *compiler) set() (node, error) {
	var member [256]bool
	negative := c.take("^")
	for first := true; ; first = false {
		if !c.more() {
			return nil, fmt.Errorf(`%w: missing "]"`, ErrBroken)
		}
		if !first && c.take("]") {
			break
		}
		low, has, err := c.member()
		if err != nil {
			return nil, err
		}
		high := low
		if has == nil && c.i+1 < len(c.s) && c.s[c.i] == '-' && c.s[c.i+1] != ']' {
			c.i++
			var wide func(byte) bool
			if high, wide, err = c.member(); err != nil {
				return nil, err
			}
			if wide != nil || high < low {
				return nil, errors.New("a range in a set is out of order")
			}
		}
		for b := range member {
			if has == nil && b >= int(low) && b <= int(high) || has != nil && has(byte(b)) {
				member[b] = true
			}
		}
	}
	if c.fold {
		for b := byte('a'); b <= 'z'; b++ {
			either := member[b] || member[b-32]
			member[b], member[b-32] = either, either
		}
	}
	return class(func(b byte) bool { return member[b] != negative }), nil
}

// member reads one byte of a set, or a class within it.
func (c *compiler) member() (byte, func(byte) bool, error) {
	if strings.HasPrefix(c.s[c.i:], "[:") {
		if end := strings.Index(c.s[c.i:], ":]"); end > 1 {
			name := c.s[c.i+2 : c.i+end]
			if has := posix(strings.TrimPrefix(name, "^")); has != nil {
				c.i += end + 2
				if strings.HasPrefix(name, "^") {
					has = not(has)
				}
				return 0, has, nil
			}
		}
	}
	ch := c.s[c.i]
	c.i++
	if ch != '\\' || !c.more() {
		return ch, nil, nil
	}
	ch = c.s[c.i]
	c.i++
	if has := letters(ch); has != nil {
		return 0, has, nil
	}
	if ch == 'b' {
		return 8, nil, nil
	}
	b, err := c.byteOf(ch)
	return b, nil, err
}
