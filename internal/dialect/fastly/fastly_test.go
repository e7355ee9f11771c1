package fastly

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) { suite.Lined(t, Dialect.Logs) }

func FuzzLine(f *testing.F) { suite.FuzzLined(f, Dialect.Logs) }
