package puma

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
		{[]string{"puma 6.4.0 (tcp://0.0.0.0:3000) [app]"}, "", true},
		{[]string{"puma: cluster worker 0: 7 [app]"}, "", false},
		{[]string{"puma"}, "", false},
		{nil, "", false},
	} {
		l, ok := Dialect.Recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		if ok != test.ok || l.Config != test.config {
			t.Errorf("%q: %v %+v", test.args, ok, l)
		}
	}
}
