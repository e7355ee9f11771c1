package gunicorn

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Config reads the limits of gunicorn: its defaults, what its Python file sets to
// a plain number, and its arguments, which win (gunicorn/app/base.py). Anything
// else that the file computes is not known, and the knob is left out then.
func Config(src dialect.Source, l dialect.Launch) *dialect.Conf {
	inst := topo.Instance{Product: l.Product, Version: l.Version, Config: l.Config, Settings: topo.Settings{}}
	if l.Product != "gunicorn" {
		return &dialect.Conf{Instance: inst}
	}
	for _, k := range limits {
		s := topo.Setting{Knob: k.knob, Directive: k.name, Value: k.byDefault, Default: true}
		s.Number, _ = strconv.ParseFloat(k.byDefault, 64)
		inst.Settings[k.knob] = s
	}
	args := strings.Split(l.Globals, "\x00")
	text := readFile(src, &inst)
	readArgs(args, inst.Settings)
	if !keepsConnections(args, text) {
		delete(inst.Settings, vocab.ClientKeepalive)
	}
	return &dialect.Conf{Instance: inst}
}

// limit is a setting of gunicorn (gunicorn/config.py).
type limit struct {
	knob            vocab.Knob
	name, byDefault string
	flags           []string
}

var limits = []limit{
	{vocab.WorkerTimeout, "timeout", "30", []string{"-t", "--timeout"}},
	{vocab.ClientKeepalive, "keepalive", "2", []string{"--keep-alive"}},
	{vocab.WorkerProcesses, "workers", "1", []string{"-w", "--workers"}},
	{vocab.ListenBacklog, "backlog", "2048", []string{"--backlog"}},
}

// assignment is a line of the file that sets a name at its left margin.
var assignment = pattern.New(`(?m)^(timeout|keepalive|workers|backlog)[ \t]*=[ \t]*([^\r\n#]*)`)

func readFile(src dialect.Source, inst *topo.Instance) []byte {
	if inst.Config == "" || strings.HasPrefix(inst.Config, "python:") {
		return nil
	}
	text, err := src.ReadFile(inst.Config)
	if err != nil {
		// What it sets is not known: the defaults may not be in force.
		inst.Settings = topo.Settings{}
		inst.Problems = append(inst.Problems, topo.Problem{Place: topo.Place{File: inst.Config}, Text: "cannot read it: " + err.Error()})
		return nil
	}
	inst.Files = append(inst.Files, inst.Config)
	for _, m := range assignment().FindAllSubmatchIndex(text, -1) {
		name, value := string(text[m[2]:m[3]]), strings.TrimSpace(string(text[m[4]:m[5]]))
		for _, k := range limits {
			if k.name != name {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				delete(inst.Settings, k.knob)
				continue
			}
			place := topo.Place{File: inst.Config, Line: strings.Count(string(text[:m[0]]), "\n") + 1, Column: 1, Start: m[4], End: m[4] + len(value)}
			inst.Settings[k.knob] = topo.Setting{Knob: k.knob, Directive: name, Value: value, Number: n, Place: place}
		}
	}
	return text
}

// class is a line of the file that chooses another kind of worker, or threads.
var class = pattern.New(`(?m)^(worker_class|threads)[ \t]*=`)

// keepsConnections reports whether the workers may be of a kind that keeps idle
// connections: the default one, sync, closes after each answer
// (gunicorn/workers/sync.py).
func keepsConnections(args []string, file []byte) bool {
	for _, a := range args {
		flag, _, _ := strings.Cut(a, "=")
		if flag == "-k" || flag == "--worker-class" || flag == "--threads" {
			return true
		}
	}
	return class().Match(file)
}

func readArgs(args []string, out topo.Settings) {
	for i, a := range args {
		flag, value, joined := strings.Cut(a, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		for _, k := range limits {
			for _, f := range k.flags {
				if f != flag {
					continue
				}
				if n, err := strconv.ParseFloat(value, 64); err == nil {
					out[k.knob] = topo.Setting{Knob: k.knob, Directive: f, Value: value, Number: n}
				}
			}
		}
	}
}
