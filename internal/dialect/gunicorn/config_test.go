package gunicorn

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

type files = suite.Files

func TestConfigReadsLimits(t *testing.T) {
	file := files{"/srv/shop/gunicorn.conf.py": "import os\nbind = '127.0.0.1:8000'\ntimeout = 120 # reports\nworker_class = 'gthread'\nkeepalive=5\nworkers = os.cpu_count() * 2\ndef on_exit(server):\n    timeout = 7\n"}
	for name, c := range map[string]struct {
		args []string
		want map[vocab.Knob]float64 // -1: not known
	}{
		"defaults":  {[]string{"gunicorn", "app:app"}, map[vocab.Knob]float64{vocab.WorkerTimeout: 30, vocab.ClientKeepalive: -1, vocab.WorkerProcesses: 1}},
		"threads":   {[]string{"gunicorn", "--threads", "4", "app:app"}, map[vocab.Knob]float64{vocab.ClientKeepalive: 2}},
		"file":      {[]string{"gunicorn", "-c", "gunicorn.conf.py", "app:app"}, map[vocab.Knob]float64{vocab.WorkerTimeout: 120, vocab.ClientKeepalive: 5, vocab.WorkerProcesses: -1}},
		"arguments": {[]string{"/usr/bin/python3", "/usr/bin/gunicorn", "-c", "gunicorn.conf.py", "--timeout=0", "-w", "4", "app:app"}, map[vocab.Knob]float64{vocab.WorkerTimeout: 0, vocab.ClientKeepalive: 5, vocab.WorkerProcesses: 4}},
		"no file":   {[]string{"gunicorn", "-c", "missing.py", "app:app"}, map[vocab.Knob]float64{vocab.WorkerTimeout: -1, vocab.ClientKeepalive: -1}},
		"uvicorn":   {[]string{"uvicorn", "app:app", "--timeout", "9"}, map[vocab.Knob]float64{vocab.WorkerTimeout: -1}},
	} {
		l, ok := recognise(dialect.Process{Args: c.args, Cwd: "/srv/shop"})
		if !ok {
			t.Fatalf("%s: not recognised", name)
		}
		got := Config(file, l).Instance.Settings
		for k, want := range c.want {
			if s, ok := got[k]; !ok && want >= 0 || ok && s.Number != want {
				t.Errorf("%s: %s is %v (%v), want %v", name, k, s.Number, ok, want)
			}
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("timeout = 30\nkeepalive = 2", "--timeout\x0030")
	f.Fuzz(func(_ *testing.T, text, args string) {
		Config(files{"/c.py": text}, dialect.Launch{Product: "gunicorn", Config: "/c.py", Globals: args})
	})
}
