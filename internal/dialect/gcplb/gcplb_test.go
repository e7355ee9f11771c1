package gcplb

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) { suite.Member(t, Dialect.Logs, suite.Oracle{Corrections: corrections}) }

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"gcp-lb-006": {Why: "the origin made the status: no symptom", Symptom: suite.Is(vocab.Symptom("")), Causes: []vocab.Cause{vocab.AppError}},
}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Dialect.Logs) }
