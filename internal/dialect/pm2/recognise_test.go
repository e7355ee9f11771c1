package pm2

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestRecognise(t *testing.T) {
	suite.Recognises(t, Dialect, map[string]string{
		"PM2 v5.3.0: God Daemon (/root/.pm2)": "",
	}, "node|/usr/bin/pm2|logs")
}
