// Package truth is what a configuration tells of a condition before the request is
// made: that it holds, that it does not, or that only the running gateway knows.
// Of several that must all hold the least counts, so that min is their "and", and
// max is the "or" of alternatives (Kleene's logic).
package truth

import "github.com/goodgatehq/goodgate/internal/dialect/regex"

// Value is what is known of a condition.
type Value int8

// The values. That of a condition that nothing was said of is Unknown.
const (
	No Value = iota - 1
	Unknown
	Yes
)

// Of returns Yes or No.
func Of(holds bool) Value {
	if holds {
		return Yes
	}
	return No
}

// Not returns what is known of the opposite.
func (v Value) Not() Value { return -v }

// Match says whether a text matches a regular expression of PCRE; fold ignores the
// case of letters. It is Unknown where the expression is not understood.
func Match(pattern, text string, fold bool) Value {
	re, err := regex.Compile(pattern, fold)
	if err != nil {
		return Unknown
	}
	groups, err := re.Match(text)
	if err != nil {
		return Unknown
	}
	return Of(groups != nil)
}
