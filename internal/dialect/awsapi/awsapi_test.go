package awsapi

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestSuite(t *testing.T) {
	suite.Run(t, Logs, suite.Lines(t, Logs[0], "testdata/lines.txt"))
}

func FuzzLine(f *testing.F) {
	suite.Fuzz(f, Logs, suite.Seeds(f, Logs[0], "testdata/lines.txt"))
}
