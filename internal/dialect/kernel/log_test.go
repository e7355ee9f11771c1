package kernel

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestSuite(t *testing.T) { suite.Application(t, Logs, suite.Oracle{Corrections: corrections}) }

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"audit-001": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"audit-002": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"audit-003": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Logs) }
