package heroku

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) { suite.Member(t, Dialect.Logs, suite.Oracle{}) }

func FuzzLine(f *testing.F) { suite.FuzzMember(f, Dialect.Logs) }
