package apache

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// archive is a source of files by their paths.
type archive map[string]string

func (a archive) ReadFile(name string) ([]byte, error) {
	if s, ok := a[name]; ok {
		return []byte(s), nil
	}
	return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
}

func (a archive) Glob(pattern string) ([]string, error) {
	seen := map[string]bool{}
	for file := range a {
		for p := file; len(p) > 1; p = path.Dir(p) {
			have := p
			if p != file && strings.HasSuffix(pattern, "/.") {
				have = p + "/."
			}
			if ok, _ := path.Match(pattern, have); ok {
				seen[p] = true
			}
		}
	}
	var out []string
	for p := range seen {
		out = append(out, p)
	}
	sort.Strings(out)
	return out, nil
}

func TestRecognise(t *testing.T) {
	for args, want := range map[string]struct{ config, prefix string }{
		"/usr/sbin/apache2 -k start":                              {"", ""},
		"/usr/sbin/httpd -DFOREGROUND":                            {"", ""},
		"/usr/sbin/apache2 -d /srv/edge -f apache2.conf -k start": {"/srv/edge/apache2.conf", "/srv/edge"},
		"httpd -f /opt/a.conf -D X":                               {"/opt/a.conf", ""},
	} {
		words := strings.Fields(args)
		l, ok := recognise(dialect.Process{Args: words, Exe: words[0]})
		if !ok || l.Config != want.config || l.Prefix != want.prefix {
			t.Errorf("%s: %v %+v", args, ok, l)
		}
	}
	for _, args := range []string{"nginx", "apache2 -t", "apache2 -k graceful", "/usr/sbin/apache2ctl -k start", "httpd -v"} {
		words := strings.Fields(args)
		if l, ok := recognise(dialect.Process{Args: words, Exe: "/usr/sbin/" + path.Base(words[0])}); ok {
			t.Errorf("%s: %+v", args, l)
		}
	}
}

func TestLocate(t *testing.T) {
	src := archive{"/etc/httpd/conf/httpd.conf": ""}
	l := locate(src, dialect.Launch{Exe: "/usr/sbin/httpd"})
	if l.Config != "/etc/httpd/conf/httpd.conf" || l.Prefix != "/etc/httpd" {
		t.Errorf("%+v", l)
	}
	l = locate(archive{"/usr/local/apache2/conf/httpd.conf": ""}, dialect.Launch{Exe: "/usr/local/apache2/bin/httpd"})
	if l.Config != "/usr/local/apache2/conf/httpd.conf" {
		t.Errorf("%+v", l)
	}
}

func TestCommands(t *testing.T) {
	l := dialect.Launch{Config: "/etc/apache2/apache2.conf"}
	if got := Dialect.ConfigTest(l); !slices.Equal(got, []string{"apache2ctl", "configtest"}) {
		t.Error(got)
	}
	l = dialect.Launch{Exe: "/usr/sbin/httpd", Prefix: "/etc/httpd", Config: "/etc/httpd/conf/httpd.conf", Globals: "-D\nSSL"}
	if got := strings.Join(Dialect.Reload(l), " "); got != "/usr/sbin/httpd -k graceful -d /etc/httpd -f /etc/httpd/conf/httpd.conf -D SSL" {
		t.Error(got)
	}
}

func TestEnvironment(t *testing.T) {
	env := environment(archive{"/etc/apache2-x/envvars": `unset HOME
if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then
	SUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"
else
	SUFFIX=
fi
export APACHE_RUN_USER=www-data
export APACHE_LOG_DIR=/var/log/apache2$SUFFIX
: ${LANG:=C}
export APACHE_LOCK_DIR="${APACHE_RUN_DIR:-/run}/lock" # where
`}, dialect.Launch{Config: "/etc/apache2-x/apache2.conf"})
	for name, want := range map[string]string{"APACHE_RUN_USER": "www-data", "APACHE_LOG_DIR": "/var/log/apache2-x", "APACHE_LOCK_DIR": "/run/lock"} {
		if env[name] != want {
			t.Errorf("%s is %q", name, env[name])
		}
	}
}
