package topo

import (
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestRungs(t *testing.T) {
	set := func(pairs ...any) Settings {
		s := Settings{}
		for i := 0; i < len(pairs); i += 2 {
			k := pairs[i].(vocab.Knob)
			s[k] = Setting{Knob: k, Directive: string(k), Number: pairs[i+1].(float64)}
		}
		return s
	}
	for name, c := range map[string]struct {
		front, behind Settings
		rungs         int
		inverted      string // the one that is; empty: none
	}{
		"nothing known":            {set(), set(), 0, ""},
		"in order":                 {set(vocab.ReadTimeout, 60.0), set(vocab.ReadTimeout, 30.0), 1, ""},
		"the same":                 {set(vocab.ReadTimeout, 60.0), set(vocab.ReadTimeout, 60.0), 1, ""},
		"front gives up first":     {set(vocab.ReadTimeout, 5.0), set(vocab.ReadTimeout, 30.0), 1, "waiting for an answer"},
		"no limit behind":          {set(vocab.ReadTimeout, 5.0), set(vocab.ReadTimeout, 0.0), 1, "waiting for an answer"},
		"no limit in front":        {set(vocab.ReadTimeout, 0.0), set(vocab.ReadTimeout, 30.0), 1, ""},
		"reused too long":          {set(vocab.KeepaliveTimeout, 60.0, vocab.KeepaliveCount, 8.0), set(vocab.ClientKeepalive, 5.0), 1, "idle connections"},
		"not reused at all":        {set(vocab.KeepaliveTimeout, 60.0, vocab.KeepaliveCount, 0.0), set(vocab.ClientKeepalive, 5.0), 0, ""},
		"reused less long":         {set(vocab.KeepaliveTimeout, 4.0, vocab.KeepaliveCount, 8.0), set(vocab.ClientKeepalive, 5.0), 1, ""},
		"body without limit":       {set(vocab.RequestBodyLimit, 0.0), set(vocab.RequestBodyLimit, 1e6), 1, "request body"},
		"body refused in front":    {set(vocab.RequestBodyLimit, 1e6), set(vocab.RequestBodyLimit, 1e7), 1, ""},
		"small buffer in front":    {set(vocab.HeaderBuffer, 4096.0), set(vocab.HeaderBuffer, 15360.0), 1, "response header"},
		"a worker that is ended":   {set(vocab.ReadTimeout, 60.0), set(vocab.WorkerTimeout, 30.0), 1, ""},
		"a worker that outlives":   {set(vocab.ReadTimeout, 60.0), set(vocab.WorkerTimeout, 300.0), 1, "waiting for a worker"},
		"request header in front":  {set(vocab.RequestHeaderBuffer, 8190.0), set(vocab.RequestHeaderBuffer, 15360.0), 1, ""},
		"request header is larger": {set(vocab.RequestHeaderBuffer, 32768.0), set(vocab.RequestHeaderBuffer, 8190.0), 1, "request header"},
	} {
		got := Rungs(c.front, c.behind)
		inverted := ""
		for _, r := range got {
			if r.Inverted {
				inverted += r.What
			}
			if r.Inverted == (r.Why == "") || strings.Contains(r.Why, "%!") {
				t.Errorf("%s: %q says %q", name, r.What, r.Why)
			}
		}
		if len(got) != c.rungs || inverted != c.inverted {
			t.Errorf("%s: %d rungs, inverted %q; want %d, %q", name, len(got), inverted, c.rungs, c.inverted)
		}
	}
}
