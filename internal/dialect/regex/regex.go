// Package regex matches the regular expressions of nginx and Apache, which are those of
// PCRE. What Go's regexp can express runs there, in linear time; look-around,
// back-references, atomic groups and possessive quantifiers run in a small
// backtracking matcher with a bound on its steps.
package regex

import (
	"errors"
	"regexp"
)

// ErrBroken says that no version of PCRE takes the pattern: a parenthesis or a
// bracket has no partner, or there is nothing to repeat.
var ErrBroken = errors.New("the pattern is broken")

// ErrSteps says that a match took too many steps to be decided.
var ErrSteps = errors.New("the match takes too many steps")

// Regexp is a compiled regular expression. It may be used by several goroutines.
type Regexp struct {
	fast  *regexp.Regexp
	slow  *program
	names []string
}

// Compile reads a pattern; fold makes it ignore the case of ASCII letters. An
// error means that the pattern is not understood; only ErrBroken means that PCRE
// refuses it.
func Compile(pattern string, fold bool) (*Regexp, error) {
	prefix := ""
	if fold {
		prefix = "(?i)"
	}
	if !special(pattern) {
		if re, err := regexp.Compile(prefix + pattern); err == nil {
			return &Regexp{fast: re, names: re.SubexpNames()}, nil
		}
	}
	p, err := compile(pattern, fold)
	if err != nil {
		return nil, err
	}
	return &Regexp{slow: p, names: p.names}, nil
}

// Names returns the names of the groups; group 0 and groups without a name have
// none.
func (re *Regexp) Names() []string { return re.names }

// Match looks for the leftmost match in s and returns the groups, the whole
// match first; groups that took no part are empty. Groups after the last that
// took part are left out, as in the vector that PCRE fills. No match is nil.
func (re *Regexp) Match(s string) ([]string, error) {
	var at []int
	if re.fast != nil {
		at = re.fast.FindStringSubmatchIndex(s)
	} else {
		var err error
		if at, err = re.slow.match(s); err != nil {
			return nil, err
		}
	}
	if at == nil {
		return nil, nil
	}
	for len(at) > 2 && at[len(at)-1] < 0 {
		at = at[:len(at)-2]
	}
	groups := make([]string, len(at)/2)
	for i := range groups {
		if at[2*i] >= 0 {
			groups[i] = s[at[2*i]:at[2*i+1]]
		}
	}
	return groups, nil
}

// special reports whether Go's regexp would read the pattern, or match it,
// otherwise than PCRE: "$" before a last newline and \C aside, these are the
// bytes beyond ASCII (PCRE matches bytes here), and escapes that differ.
func special(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] >= 0x80 {
			return true
		}
		if pattern[i] != '\\' || i+1 == len(pattern) {
			continue
		}
		i++
		switch c := pattern[i]; c {
		case 'd', 'D', 'w', 'W', 's', 'S', 'b', 'B', 'A', 'z', 't', 'n', 'r', 'f', 'x':
		default:
			if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
				return true
			}
		}
	}
	return false
}
