package unicorn

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestRecognise(t *testing.T) {
	suite.Recognises(t, Dialect, map[string]string{
		"unicorn master -c config/unicorn.rb -E production": "/srv/config/unicorn.rb",
		"unicorn_rails master -D":                           "",
	}, "unicorn worker[0] -c config/unicorn.rb", "gunicorn: master [app]")
}
