package haproxy

import (
	"slices"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

func TestFiles(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"haproxy", "-W", "-f", "/a.cfg", "-f", "b.cfg", "-p", "/run/x.pid"}, []string{"/a.cfg", "/srv/b.cfg"}},
		{[]string{"haproxy", "-C", "/etc/haproxy", "-f", "x.cfg"}, []string{"/etc/haproxy/x.cfg"}},
		{[]string{"haproxy", "-sf", "12", "13", "-x", "/sock", "-Ws", "-f", "/a.cfg"}, []string{"/a.cfg"}},
		{[]string{"haproxy", "-D", "--", "/a.cfg", "/b.cfg"}, []string{"/a.cfg", "/b.cfg"}},
		{[]string{"haproxy", "-c", "-f", "/a.cfg"}, nil},
		{[]string{"haproxy", "-vv"}, nil},
	} {
		l, ok := recognise(dialect.Process{Args: test.args, Cwd: "/srv"})
		var got []string
		if ok {
			got = append([]string{l.Config}, l.More...)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.args, got, test.want)
		}
	}
}

func TestWorker(t *testing.T) {
	main := dialect.Process{PID: 1, Args: []string{"haproxy", "-sf", "20", "-Ws", "-f", "/a.cfg"}}
	for _, test := range []struct {
		child           dialect.Process
		takes, draining bool
	}{
		{dialect.Process{PID: 21, Args: []string{"haproxy", "-sf", "20", "-Ws", "-f", "/a.cfg"}}, true, false},
		{dialect.Process{PID: 20, Args: []string{"haproxy", "-Ws", "-f", "/a.cfg"}}, true, true},
		{dialect.Process{PID: 22, Args: []string{"/usr/bin/dataplaneapi"}}, false, false},
	} {
		if takes, draining := worker(main, test.child); takes != test.takes || draining != test.draining {
			t.Errorf("%+v: %v %v", test.child, takes, draining)
		}
	}
	if got := reload(dialect.Launch{PID: 7, Config: "/x.cfg", Globals: "-W"}); !slices.Equal(got, []string{"kill", "-USR2", "7"}) {
		t.Errorf("%q", got)
	}
	if got := reload(dialect.Launch{PID: 7, Config: "/x.cfg"}); !slices.Equal(got, []string{"haproxy", "-D", "-f", "/x.cfg", "-sf", "7"}) {
		t.Errorf("%q", got)
	}
	if got := command(dialect.Launch{Config: "/a", More: []string{"/b"}}, "-c"); !slices.Equal(got, []string{"haproxy", "-c", "-f", "/a", "-f", "/b"}) {
		t.Errorf("%q", got)
	}
	if got := spell("tune.bufsize", "32k"); got != "tune.bufsize 32768" {
		t.Errorf("%q", got)
	}
}
