// Package cause holds every cause as data: how common it is, which facts speak
// for and against it with what weight, which other causes are only its
// consequences, how it is told, how it is fixed. One cause is one file here,
// named after its id, one card below card/ and its cases below testdata/.
package cause

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Cause is one row of the table.
type Cause struct {
	ID   vocab.Cause
	Tier int // 0 common, -5 less so, -10 rare; decibans

	// Expects lists what is seen, or not seen, when this is the cause.
	Expects []Expectation

	// Proof lists facts without which the cause is never confirmed, however much
	// else speaks for it: what it claims must have been seen. All of them must
	// be. Empty: any witness will do.
	Proof []vocab.Fact

	// OneOf lists facts of which one must have been seen before the cause is
	// confirmed. Empty: none is needed.
	OneOf []vocab.Fact

	// Hides lists causes that are only consequences of this one: they are told
	// second where this one has evidence of its own for every subject of theirs.
	Hides []vocab.Cause

	// Summary is one sentence that stands alone. {endpoint}, {route}, {name},
	// {pool}, {gateway}, {resolver} stand for the failure's subjects and
	// {value:FACT} for the value of the first item of a fact, {where:FACT} for its
	// place; what brackets do, infer.Fill says.
	Summary string

	// Fixes say what to change, best first.
	Fixes []Fix

	// Next says what to look at when this cause is likely and not confirmed.
	Next string
}

// Expectation is one fact and what it weighs. Weights are decibans:
// 10·log10 of P(fact | cause) / P(fact | something else), rounded to integers.
// A comment beside each says where its number comes from.
type Expectation struct {
	Fact   vocab.Fact
	Seen   int // the fact was observed
	Absent int // it was looked for where it would show, and is not there
}

// Fix is one remedy: words for people, and where possible the knob to turn.
type Fix struct {
	Text    string     // one sentence in the imperative; the same fields as in Summary
	Knob    vocab.Knob // the setting to change; empty: none
	Value   string     // its new value; the same fields as in Summary
	Command string     // what to run; the same fields, and {test}, {reload} and {pid}, which the doctor spells
}

//go:embed card
var cards embed.FS

// Card returns the Markdown card of a cause: what it means, how to confirm, how
// to fix, how to prevent.
func Card(id vocab.Cause) (string, error) {
	b, err := cards.ReadFile("card/" + string(id) + ".md")
	if err != nil {
		return "", fmt.Errorf("cannot find the card of cause %s: %w", id, err)
	}
	return string(b), nil
}

// Validate reports what is missing in c.
func (c Cause) Validate() error {
	var missing []string
	if c.ID.Family() == string(c.ID) {
		missing = append(missing, "an id of the form family/word")
	}
	if len(c.Expects) == 0 {
		missing = append(missing, "expectations")
	}
	for _, e := range c.Expects {
		if _, ok := e.Fact.Info(); !ok {
			missing = append(missing, fmt.Sprintf("fact %q in the vocabulary", e.Fact))
		}
	}
	for _, f := range slices.Concat(c.Proof, c.OneOf) {
		if !slices.ContainsFunc(c.Expects, func(e Expectation) bool { return e.Fact == f && e.Seen > 0 }) {
			missing = append(missing, fmt.Sprintf("a weight for its proof %q", f))
		}
	}
	if c.Summary == "" {
		missing = append(missing, "a summary")
	}
	if len(c.Fixes) == 0 {
		missing = append(missing, "a fix")
	}
	if c.Tier != 0 && c.Tier != -5 && c.Tier != -10 {
		missing = append(missing, "a tier of 0, -5 or -10")
	}
	if len(missing) > 0 {
		return fmt.Errorf("cause %s lacks %s", c.ID, strings.Join(missing, ", "))
	}
	return nil
}
