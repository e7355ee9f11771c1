package varnish

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// span reads a time of VCL (vcc_TimeVal) or of a parameter, which is in seconds
// where it has no unit.
func span(text string) (float64, bool) {
	i := 0
	for i < len(text) && (digit(text[i]) || text[i] == '.') {
		i++
	}
	n, err := strconv.ParseFloat(text[:i], 64)
	if err != nil {
		return 0, false
	}
	unit, ok := map[string]float64{"": 1, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}[strings.TrimSpace(text[i:])]
	return n * unit, ok
}

// size reads a size of a parameter: "32k".
func size(text string) (float64, bool) {
	t := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), "b")
	by := 1.0
	switch {
	case strings.HasSuffix(t, "k"):
		by = 1 << 10
	case strings.HasSuffix(t, "m"):
		by = 1 << 20
	case strings.HasSuffix(t, "g"):
		by = 1 << 30
	}
	n, err := strconv.ParseFloat(strings.TrimRight(t, "kmg"), 64)
	return n * by, err == nil
}

// parameters are those that have a knob (varnishd(1)), with their defaults.
var parameters = []struct {
	knob  vocab.Knob
	name  string
	value string
	read  func(string) (float64, bool)
}{
	{vocab.ConnectTimeout, "connect_timeout", "3.5", span},
	{vocab.ReadTimeout, "first_byte_timeout", "60", span},
	{vocab.HeaderBuffer, "http_resp_size", "32k", size},
	{vocab.KeepaliveTimeout, "backend_idle_timeout", "60", span},
	{vocab.ClientTimeout, "timeout_idle", "5", span},
	{vocab.RequestHeaderBuffer, "http_req_size", "32k", size},
}

// perBackend are the attributes of a backend that have a knob.
var perBackend = map[vocab.Knob]string{
	vocab.ConnectTimeout: "connect_timeout", vocab.ReadTimeout: "first_byte_timeout", vocab.ServerConnections: "max_connections", vocab.ProxyHeaderSend: "proxy_header",
}

// settings are the knobs in force for a backend, which may be nil.
func (c *config) settings(o *object) topo.Settings {
	out := topo.Settings{}
	for _, p := range parameters {
		s := topo.Setting{Knob: p.knob, Directive: p.name, Value: p.value, Default: true}
		if v, ok := c.params[p.name]; ok {
			s.Value, s.Default, s.Directive = v, false, "-p "+p.name
		}
		s.Number, _ = p.read(s.Value)
		out[p.knob] = s
	}
	out[vocab.KeepaliveCount] = topo.Setting{Knob: vocab.KeepaliveCount, Directive: "backend_idle_timeout", Value: out[vocab.KeepaliveTimeout].Value, Number: 1, Default: true}
	if o == nil {
		return out
	}
	for knob, name := range perBackend {
		s := out[knob]
		s.Insert = insert(o)
		if t, ok := o.text(name); ok {
			s = topo.Setting{Knob: knob, Directive: "." + name, Value: t.text, Place: o.attr(name).place(), Insert: insert(o)}
			s.Number, _ = span(t.text)
		} else if s.Knob == "" || knob != vocab.ConnectTimeout && knob != vocab.ReadTimeout {
			continue
		} else if s.Default {
			s.Directive = "." + name
		}
		out[knob] = s
	}
	if p := c.probe(o); p != nil {
		out[vocab.HealthCheck] = topo.Setting{Knob: vocab.HealthCheck, Directive: ".probe", Value: probeWords(p), Place: p.from, Insert: insert(o)}
	}
	return out
}

// insert is where a line of a backend would go: before its closing brace.
func insert(o *object) topo.Place {
	p := o.last
	p.End = p.Start
	return p
}

// probe returns the health check of a backend: its own, one of a name, or the one
// that is called default.
func (c *config) probe(o *object) *object {
	a := o.attr("probe")
	switch {
	case a == nil:
		return c.probes["default"]
	case len(a.block) > 0 || len(a.value) == 0:
		return &object{name: a.name, attrs: a.block, from: a.name.at}
	}
	return c.probes[a.value[0].text]
}

// probeWords are what a probe asks and expects.
func probeWords(p *object) string {
	var words []string
	for _, a := range p.attrs {
		var value []string
		for _, t := range a.value {
			value = append(value, t.text)
		}
		words = append(words, "."+a.name.text+" = "+strings.Join(value, " "))
	}
	if len(words) == 0 {
		return `.url = /`
	}
	return strings.Join(words, "; ")
}

// knobs spells the knobs that have a word of their own.
func knobs() map[vocab.Knob]string {
	out := map[vocab.Knob]string{vocab.HealthCheck: ".probe", vocab.Target: ".host"}
	for _, p := range parameters {
		out[p.knob] = p.name
	}
	for knob, name := range perBackend {
		out[knob] = "." + name
	}
	return out
}

// spell writes the line that sets an attribute of a backend, or the option that
// sets a parameter.
func spell(directive, value string) string {
	if strings.HasPrefix(directive, ".") {
		return directive + " = " + value + ";"
	}
	return "-p " + strings.TrimPrefix(directive, "-p ") + "=" + value
}
