package scan

import "testing"

// TestPeelJSON takes the journal's wrapper off, whose messages are strings, or numbers
// where they are not printable.
func TestPeelJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"__REALTIME_TIMESTAMP":"1795174629000000","_COMM":"x","MESSAGE":"a \"b\""}`:           `a "b"`,
		`{"MESSAGE" : [27,91,51,49,109,101,114,114], "_COMM":"x"}`:                              "",
		`{"_COMM":"x", "MESSAGE":[ 27, 91, 51, 49, 109, 255 ], "SYSLOG_IDENTIFIER":"y"}`:        "\x1b[31m\xff",
		`{"_COMM":"x","MESSAGE":[104,105,300,1]}`:                                               "hi",
		`{"_COMM":"x","MESSAGE":null}`:                                                          "",
		`{"log":"line\n","stream":"stdout","time":"2026-08-21T10:00:00.5Z"}`:                    "line",
		`{"log":[104],"stream":"stdout"}`:                                                       "",
		`{"other":"\"MESSAGE\":\"no\"","MESSAGE":"yes","__REALTIME_TIMESTAMP":"1795174629000"}`: "yes",
	} {
		var p peeler
		if got, ok := p.peel([]byte(in)); string(got.text) != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", in, got.text, ok, want)
		}
	}
}
