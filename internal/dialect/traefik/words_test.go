package traefik

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestProviders(t *testing.T) {
	suite.Run(t, []dialect.Log{providers}, suite.Lines(t, providers, "testdata/providers.txt"))
}
