package node

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		args   []string
		config string
		ok     bool
	}{
		{[]string{"node", "server.js"}, "/srv/server.js", true},
		{[]string{"/usr/bin/node", "--inspect", "/srv/a.js", "x"}, "/srv/a.js", true},
		{[]string{"node"}, "", false},
		{[]string{"node", "--version"}, "", false},
		{[]string{"bash", "node"}, "", false},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
