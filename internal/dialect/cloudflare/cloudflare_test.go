package cloudflare

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	log := Logs[1]
	examples := append(suite.Examples(log.Name, entries), suite.Lines(t, log, "testdata/lines.txt")...)
	examples = append(examples, suite.Lines(t, Logs[0], "testdata/cloudflared.txt")...)
	suite.Run(t, Logs, examples)
	suite.Catalog(t, log, suite.Oracle{Entries: entries})
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, append(suite.Seeds(f, Logs[0], "testdata/cloudflared.txt"), suite.Examples(Logs[1].Name, suite.Read(f, "testdata/catalog.jsonl"))...))
}
