package cloudfront

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) {
	entries := suite.Read(t, "testdata/catalog.jsonl")
	log := Logs[0]
	examples := append(suite.Examples(log.Name, entries), suite.Lines(t, log, "testdata/lines.txt")...)
	suite.Run(t, Logs, examples)
	suite.Catalog(t, log, suite.Oracle{Entries: entries, Corrections: corrections})
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"cloudfront-008": {Why: "the origin made the status: no symptom", Symptom: suite.Is(vocab.Symptom("")), Causes: []vocab.Cause{vocab.AppError}},
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Examples(Logs[0].Name, suite.Read(f, "testdata/catalog.jsonl")))
}
