package puma

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestRecognise(t *testing.T) {
	suite.Recognises(t, Dialect, map[string]string{
		"puma 6.4.0 (tcp://0.0.0.0:3000) [app]": "",
	}, "puma: cluster worker 0: 7 [app]", "puma")
}
