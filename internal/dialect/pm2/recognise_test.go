package pm2

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
		{[]string{"PM2 v5.3.0: God Daemon (/root/.pm2)"}, "", true},
		{[]string{"node", "/usr/bin/pm2", "logs"}, "", false},
		{nil, "", false},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
