package nginx

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestQuotedWords(t *testing.T) {
	suite.Run(t, []dialect.Log{quoted}, suite.Lines(t, quoted, "testdata/words.txt"))
}
