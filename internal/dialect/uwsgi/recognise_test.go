package uwsgi

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
		{[]string{"uwsgi", "--ini", "app.ini"}, "/srv/app.ini", true},
		{[]string{"/usr/bin/uwsgi-core", "--ini=/etc/app.ini"}, "/etc/app.ini", true},
		{[]string{"uwsgi", "app.ini"}, "/srv/app.ini", true},
		{[]string{"uWSGI master"}, "", true},
		{[]string{"uWSGI worker 1"}, "", false},
		{[]string{"python3", "uwsgi"}, "", false},
		{nil, "", false},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
