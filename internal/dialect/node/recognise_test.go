package node

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

func TestRecognise(t *testing.T) {
	suite.Recognises(t, Dialect, map[string]string{
		"node|server.js":                      "/srv/server.js",
		"/usr/bin/node|--inspect|/srv/a.js|x": "/srv/a.js",
	}, "node", "node|--version", "bash|node")
}
