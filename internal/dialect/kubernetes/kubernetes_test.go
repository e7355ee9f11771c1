package kubernetes

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) { suite.Member(t, Logs, suite.Oracle{Refines: refines}) }

// refines: a line that breaks off does not say how the probe failed.
var refines = map[string][]string{"readiness": {"readiness-refused"}}

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Logs) }
