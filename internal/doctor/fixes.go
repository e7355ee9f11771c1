package doctor

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/cause"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// fixOf writes a remedy as lines to change where the knob it turns has a place
// in the configuration.
func (x *examination) fixOf(id vocab.Cause, f cause.Fix) Fix {
	out := Fix{Text: f.Text, Command: x.ownCommand(f.Command)}
	if f.Knob == "" || x.match == nil {
		return out
	}
	if f.Knob == vocab.Target {
		x.targetFix(&out, f.Value)
		return out
	}
	s, known := x.decision.Settings[f.Knob]
	directive := s.Directive
	if directive == "" {
		directive = x.match.Gateway.Dialect.Knobs[f.Knob]
	}
	value := x.fitValue(id, f.Knob, s, f.Value)
	if directive == "" || value == "" {
		return out
	}
	out.Add = directive + " " + value + ";"
	switch {
	case known && !s.Default && s.Place.File != "":
		p := s.Place
		out.Place, out.Remove = &p, s.Directive+" "+s.Value+";"
	case s.Insert.File != "":
		p := s.Insert
		out.Place = &p
	case x.decision.Forward != nil && x.decision.Forward.Place.File != "":
		p := x.decision.Forward.Place
		out.Place = &p
	}
	if out.Remove == out.Add {
		out.Remove, out.Add, out.Place = "", "", nil
	}
	return out
}

// ownCommand replaces the product's commands by those of this very instance.
func (x *examination) ownCommand(command string) string {
	for _, u := range x.upstreams {
		if len(u.After) > 0 && len(pids(u.After)) > 0 && strings.Contains(command, "PID") {
			command = strings.ReplaceAll(command, "PID", strconv.Itoa(pids(u.After)[0]))
		}
	}
	if x.match == nil || !strings.HasPrefix(command, "nginx -") {
		return command
	}
	d, l := x.match.Gateway.Dialect, x.match.Gateway.Launch
	if d.ConfigTest == nil || d.Reload == nil {
		return command
	}
	test, reload := strings.Join(d.ConfigTest(l), " "), strings.Join(d.Reload(l), " ")
	if command == "nginx -s reload" {
		return reload
	}
	return test + " && " + reload
}

// fitValue takes the measured need where there is one, instead of a general
// value.
func (x *examination) fitValue(id vocab.Cause, k vocab.Knob, s topo.Setting, value string) string {
	switch k {
	case vocab.ReadTimeout:
		slowest := s.Number
		for _, u := range x.upstreams {
			if u.Contact != nil {
				slowest = max(slowest, u.Contact.Exchange.FirstByte)
			}
		}
		return roundSeconds(slowest * 3)
	case vocab.Buffers:
		// nginx wants the larger of header buffer and one buffer, doubled, to be
		// less than all buffers but one (ngx_http_proxy_merge_loc_conf).
		if size := x.headerNeed(x.decision.Settings[vocab.HeaderBuffer]); size <= 14<<10 {
			return ""
		} else {
			return "8 " + roundKilobytes(size)
		}
	case vocab.HeaderBuffer:
		return roundKilobytes(x.headerNeed(s))
	case vocab.KeepaliveTimeout:
		for _, u := range x.upstreams {
			switch {
			case u.Idle == nil:
			case u.Idle.Closed != "":
				return belowSeconds(u.Idle.Seconds)
			case u.Idle.Timeout > 0:
				return belowSeconds(u.Idle.Timeout)
			}
		}
		return ""
	case vocab.ResolverServers:
		return x.resolverValue(id, s, value)
	}
	return value
}

// headerNeed is how large the header buffer should be: half as large again as
// the header that was seen, twice the present buffer where none was.
func (x *examination) headerNeed(s topo.Setting) float64 {
	need := s.Number * 2
	for _, u := range x.upstreams {
		if u.Contact != nil {
			need = max(need, float64(u.Contact.Exchange.HeaderBytes)*1.5)
		}
	}
	return need
}

// resolverValue keeps the name servers that are configured and makes their
// answers count for a short time; where there are none it takes the system's. A
// resolver that does not answer is for a person to replace.
func (x *examination) resolverValue(id vocab.Cause, s topo.Setting, value string) string {
	if id == vocab.ResolverUnreachable {
		return ""
	}
	if s.Value == "" {
		for _, r := range x.resolved {
			for _, q := range r.Resolution.Asked {
				if q.Outcome == "NOERROR" {
					return strings.TrimSuffix(q.Server, ":53") + " valid=10s"
				}
			}
		}
		return value
	}
	words := slices.DeleteFunc(strings.Fields(s.Value), func(w string) bool { return strings.HasPrefix(w, "valid=") })
	return strings.Join(words, " ") + " valid=10s"
}

// targetFix points the forward at the address where the application listens.
func (x *examination) targetFix(out *Fix, found string) {
	address, _, _ := strings.Cut(found, " by ")
	f := x.decision.Forward
	if address == "" || f == nil || f.Place.File == "" {
		return
	}
	for _, e := range f.Endpoints {
		if f.Pool != "" {
			p := e.Place
			if p.File == "" {
				continue
			}
			out.Place, out.Remove, out.Add = &p, "server "+e.String()+";", "server "+reachable(address)+";"
			return
		}
	}
	for _, s := range x.decision.Steps {
		if s.Place != f.Place {
			continue
		}
		directive, target, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(s.Text), ";"), " ")
		if !ok || len(f.Endpoints) != 1 {
			return
		}
		p := f.Place
		out.Place, out.Remove = &p, directive+" "+target+";"
		from := f.Endpoints[0].String()
		if f.Endpoints[0].Network == "unix" {
			out.Add = directive + " " + strings.Replace(target, from, reachable(address), 1) + ";"
		} else {
			out.Add = directive + " " + strings.Replace(target, from, reachable(address), 1) + ";"
		}
		if out.Add == out.Remove {
			out.Place, out.Remove, out.Add = nil, "", ""
		}
		return
	}
}

// reachable spells an address to dial for one that is listened at.
func reachable(listening string) string {
	if rest, ok := strings.CutPrefix(listening, "0.0.0.0:"); ok {
		return "127.0.0.1:" + rest
	}
	if rest, ok := strings.CutPrefix(listening, "[::]:"); ok {
		return "127.0.0.1:" + rest
	}
	return listening
}
