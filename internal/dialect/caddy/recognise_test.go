package caddy

import (
	"slices"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		args    []string
		config  string
		globals string
		ok      bool
	}{
		{[]string{"/usr/bin/caddy", "run", "--environ", "--config", "/etc/caddy/Caddyfile"}, "/etc/caddy/Caddyfile", "", true},
		{[]string{"caddy", "run"}, "/srv/Caddyfile", "", true},
		{[]string{"caddy", "run", "--config=site.yaml", "--adapter", "yaml"}, "/srv/site.yaml", "--adapter yaml", true},
		{[]string{"caddy", "run", "-c", "x.json", "--resume"}, "/srv/x.json", "", true},
		{[]string{"/usr/bin/caddy", "run", "--config", "/c", "--pingback", "127.0.0.1:3"}, "/c", "", true}, // what caddy start leaves
		{[]string{"caddy", "reload", "--config", "/c"}, "", "", false},
		{[]string{"caddy", "validate"}, "", "", false},
		{[]string{"caddyshack", "run"}, "", "", false},
		{[]string{"caddy"}, "", "", false},
	} {
		l, ok := recognise(dialect.Process{PID: 7, Args: c.args, Cwd: "/srv"})
		if ok != c.ok || ok && (l.Config != c.config || l.Globals != c.globals) {
			t.Errorf("%q: %v %+v", c.args, ok, l)
		}
	}
}

func TestCommands(t *testing.T) {
	l := dialect.Launch{Exe: "/usr/bin/caddy", Config: "/srv/site.conf", Globals: "--adapter caddyfile"}
	if got := Dialect.ConfigTest(l); !slices.Equal(got, []string{"/usr/bin/caddy", "validate", "--config", "/srv/site.conf", "--adapter", "caddyfile"}) {
		t.Errorf("ConfigTest: %q", got)
	}
	if got := Dialect.Reload(dialect.Launch{Config: defaultConfig}); !slices.Equal(got, []string{"systemctl", "reload", "caddy"}) {
		t.Errorf("Reload: %q", got)
	}
	if got, want := spell("transport http { response_header_timeout", "30s"), "transport http {\n    response_header_timeout 30s\n}"; got != want {
		t.Errorf("spell: %q", got)
	}
	if got := spell("max_response_header", "16k"); got != "max_response_header 16KiB" {
		t.Errorf("spell: %q", got)
	}
}
