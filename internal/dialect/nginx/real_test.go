package nginx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// TestInstalledConfiguration reads what the distribution installed: with its
// modules, includes and snippets it must have nothing to refuse.
func TestInstalledConfiguration(t *testing.T) {
	program(t)
	const path = "/etc/nginx/nginx.conf"
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	conf := Config(disk{}, dialect.Launch{Product: "nginx", Version: "1.22.1", Exe: "/usr/sbin/nginx"})
	if conf.Instance.Config != path || len(conf.Instance.Files) < 2 {
		t.Fatalf("read %s and %d files", conf.Instance.Config, len(conf.Instance.Files))
	}
	for _, p := range conf.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
}

// TestApplications reads configurations as applications' manuals give them.
func TestApplications(t *testing.T) {
	nginx := here(t)
	names, err := filepath.Glob("testdata/apps/*.conf")
	if err != nil || len(names) == 0 {
		t.Fatal("no configurations", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			launch := write(t, nginx, dir, string(data))
			if why, ok := test(t, nginx, dir); !ok {
				t.Fatalf("nginx refuses the case itself: %s", why.text)
			}
			for _, p := range Config(disk{}, launch).Instance.Problems {
				t.Errorf("%s: %s", p.Place, p.Text)
			}
		})
	}
}
