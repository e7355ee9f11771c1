package phpfpm

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) { suite.Application(t, Logs, suite.Oracle{Corrections: corrections}) }

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"php-fpm-017": {Why: "the vocabulary has resource/pids-exhausted", Causes: []vocab.Cause{vocab.PIDsExhausted, vocab.MemoryPressure}},
}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Logs) }
