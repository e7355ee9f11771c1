package runtime

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

var files = []string{"testdata/lines.txt", "testdata/program.txt", "testdata/go.txt", "testdata/traces.txt", "testdata/status.txt"}

func TestSuite(t *testing.T) {
	for i, file := range files {
		// The texts of one log stand in lines of another's too: each is held
		// against its own examples only.
		suite.Run(t, Logs[i:i+1], suite.Lines(t, Logs[i], file))
	}
}

// TestNoFileIsClaimed checks that no log is sure enough of any file to be taken
// for it (scan asks for 30).
func TestNoFileIsClaimed(t *testing.T) {
	for i, file := range files {
		for _, e := range suite.Seeds(t, Logs[i], file) {
			for _, log := range Logs {
				if n := log.Sniff([]byte(e.Line + "\n")); n >= 30 {
					t.Errorf("%s is %d sure of %q", log.Name, n, e.Line)
				}
			}
		}
	}
}

func FuzzLine(f *testing.F) {
	for i, file := range files {
		for _, e := range suite.Seeds(f, Logs[i], file) {
			f.Add([]byte(e.Line))
		}
	}
	suite.Fuzz(f, Logs, nil)
}
