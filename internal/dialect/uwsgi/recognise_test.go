package uwsgi

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestRecognise(t *testing.T) {
	suite.Recognises(t, Dialect, map[string]string{
		"uwsgi|--ini|app.ini":                    "/srv/app.ini",
		"/usr/bin/uwsgi-core|--ini=/etc/app.ini": "/etc/app.ini",
		"uwsgi|app.ini":                          "/srv/app.ini",
		"uWSGI master":                           "",
	}, "uWSGI worker 1", "python3|uwsgi")
}
