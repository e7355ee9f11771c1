package gunicorn

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		args    []string
		product string
		config  string
	}{
		{[]string{"gunicorn: master [app]"}, "gunicorn", ""},
		{[]string{"gunicorn: worker [app]"}, "", ""},
		{[]string{"/usr/bin/python3", "/usr/bin/gunicorn", "-c", "conf.py", "app:app"}, "gunicorn", "/srv/conf.py"},
		{[]string{"/srv/venv/bin/python", "/srv/venv/bin/gunicorn", "--config=/etc/g.py", "app"}, "gunicorn", "/etc/g.py"},
		{[]string{"python3", "-m", "gunicorn", "app:app"}, "gunicorn", ""},
		{[]string{"python3", "-m", "uvicorn", "app:app"}, "uvicorn", ""},
		{[]string{"python3", "manage.py", "runserver"}, "", ""},
		{[]string{"vim", "gunicorn"}, "", ""},
		{[]string{"/usr/bin/gunicorn", "app"}, "gunicorn", ""},
		{[]string{"vim", "a", "b", "c", "d", "gunicorn"}, "", ""},
		{nil, "", ""},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != (test.product != "") || l.Product != test.product || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
