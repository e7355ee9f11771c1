package phrase

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var log, words = New(Options{
	Name: "example", Kind: "error", Source: "an example",
	Own: func(b []byte, r *dialect.Record) bool {
		if len(b) < 4 || string(b[:4]) != "own:" {
			return false
		}
		r.Message = b[4:]
		return true
	},
}, []Row{
	{ID: "begins", Says: []string{"^first "}, Causes: []vocab.Cause{vocab.AppError}, Means: "It begins so."},
	{ID: "ends", Says: []string{"some…last$"}, Causes: []vocab.Cause{vocab.AppError}, Means: "It ends so."},
	{ID: "short", Codes: []string{"E1"}, Causes: []vocab.Cause{vocab.AppError}, Means: "A short term."},
	{ID: "long", Codes: []string{"a_very_long_term"}, Terms: []string{"setting"}, Causes: []vocab.Cause{vocab.AppError}, Means: "A long term."},
})

func TestMatching(t *testing.T) {
	for text, want := range map[string]string{
		"first of all":                  "begins",
		"not the first of all":          "",
		"something at last":             "ends",
		"something at last and not":     "",
		"E1":                            "short",
		"error code: E1 (explained)":    "short",
		"   12 \"E1\"":                  "short",
		"the E1 road":                   "",
		"E1 road works":                 "",
		"E12":                           "",
		"own: the E1 road":              "short",
		"own: nothing":                  "plain",
		"it says a_very_long_term here": "long",
		"a_very_long_terminal":          "",
		"setting":                       "",
		"":                              "",
	} {
		key := suite.Line(t, log, []byte(text))
		got := log.Conds[key].ID
		if key == dialect.Plain {
			got = "plain"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if n := log.Sniff([]byte(text)); (n > 0) != (want != "") {
			t.Errorf("%q: sniff says %d", text, n)
		}
	}
	if len(words) != 3 {
		t.Errorf("%d words", len(words))
	}
}

func TestValue(t *testing.T) {
	line := []byte(`at=error code=H12 desc="Request timeout" dyno= xcode=no last=-`)
	for key, want := range map[string]string{"code": "H12", "desc": "Request timeout", "dyno": "", "last": "", "none": ""} {
		if got := string(Value(line, key)); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, []dialect.Log{log}, []suite.Example{{Log: "example", Line: "own: E1"}, {Log: "example", Line: "some at last"}})
}
