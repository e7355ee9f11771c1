package pm2

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	suite.Run(t, Logs, suite.Examples(Logs[0].Name, entries))
	suite.Run(t, Logs, known(suite.Lines(t, Logs[0], "testdata/lines.txt")))
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: entries, Corrections: corrections, Refines: refines})
}

// known keeps the lines by which the log can be recognised: what an application
// prints itself may come from any other.
func known(lines []suite.Example) []suite.Example {
	var list []suite.Example
	for _, e := range lines {
		if Logs[0].Sniff([]byte(e.Line)) > 0 {
			list = append(list, e)
		}
	}
	return list
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{}

// refines is where the matcher tells more apart than the catalog does.
var refines = map[string][]string{}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Examples(Logs[0].Name, suite.Read(f, "testdata/catalog.jsonl")))
}
