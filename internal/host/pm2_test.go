package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The folder is as PM2 7.0.4 leaves it, the saved list shortened.
func TestPM2(t *testing.T) {
	home := t.TempDir()
	for name, text := range map[string]string{
		"pm2.log": "", "pids/shop-0.pid": "4711", "pids/shop-1.pid": "4712\n", "pids/x.pid": "none",
		"logs/shop-error.log": "", "logs/shop-out-1.log": "", "logs/my-api-error.log": "",
		"dump.pm2": `[{"name":"shop","env":{"PORT":"4999","HOME":"/root"},"PORT":"4999","pm_err_log_path":"/var/log/shop.err"},{"name":"other","env":{"PORT":8080}},{"name":7}]`,
	} {
		file := filepath.Join(home, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
	// One wrong type spoils the list, and nothing else.
	p, err := Self().PM2(t.Context(), home)
	must(t, err)
	if shop := p.app("shop"); !slices.Equal(shop.PIDs, []int{4711, 4712}) || len(shop.Logs) != 2 {
		t.Errorf("%+v", shop)
	}
	must(t, os.WriteFile(filepath.Join(home, "dump.pm2"), []byte(`[{"name":"shop","env":{"PORT":"4999"},"PORT":"4999","pm_err_log_path":"/var/log/shop.err"},{"name":"other","env":{"PORT":8080}}]`), 0o644))
	p, err = Self().PM2(t.Context(), home)
	must(t, err)
	if shop := p.app("shop"); !slices.Equal(shop.Ports, []string{"4999"}) || len(shop.Logs) != 3 {
		t.Errorf("%+v", shop)
	}
	if other := p.app("other"); !slices.Equal(other.Ports, []string{"8080"}) || len(other.PIDs) != 0 {
		t.Errorf("%+v", other)
	}
	if api := p.app("my-api"); len(api.Logs) != 1 {
		t.Errorf("%+v", p.Apps)
	}
	if p, err := Self().PM2(t.Context(), filepath.Join(home, "none")); err != nil || len(p.Apps) != 0 {
		t.Errorf("no folder: %+v, %v", p, err)
	}
}

func FuzzPM2Dump(f *testing.F) {
	f.Add([]byte(`[{"name":"a","env":{"PORT":1e99},"PORT":[1]}]`))
	f.Add([]byte(`[{"name":"","env":null}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p PM2
		p.dump(b)
		if len(p.Apps) > pm2Apps {
			t.Fatal(len(p.Apps))
		}
	})
}
