package lighttpd

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	log := Logs[0]
	examples := append(suite.Examples(log.Name, entries), suite.Lines(t, log, "testdata/lines.txt")...)
	suite.Run(t, Logs, examples)
	suite.Catalog(t, log, suite.Oracle{Entries: entries})
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Examples(Logs[0].Name, suite.Read(f, "testdata/catalog.jsonl")))
}
