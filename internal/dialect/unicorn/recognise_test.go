package unicorn

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
		{[]string{"unicorn master -c config/unicorn.rb -E production"}, "/srv/config/unicorn.rb", true},
		{[]string{"unicorn_rails master -D"}, "", true},
		{[]string{"unicorn worker[0] -c config/unicorn.rb"}, "", false},
		{[]string{"gunicorn: master [app]"}, "", false},
		{nil, "", false},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
