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
		if out.Command == "" && out.Add != "" {
			out.Command = x.ownCommand("{test} && {reload}")
		}
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
	out.Add = x.spell(directive, value)
	switch {
	case known && !s.Default && s.Place.File != "":
		p := s.Place
		out.Place, out.Remove = &p, x.spell(s.Directive, s.Value)
	case s.Line != "":
		p := s.Place
		out.Place, out.Remove, out.Add = &p, stepText(x.decision, p), strings.ReplaceAll(s.Line, "{value}", value)
	case s.Insert.File != "":
		p := s.Insert
		out.Place = &p
	case x.decision.Forward != nil && x.decision.Forward.Place.File != "":
		p := x.decision.Forward.Place
		out.Place = &p
	}
	if out.Command == "" {
		out.Command = x.ownCommand("{test} && {reload}")
	}
	if out.Remove == out.Add {
		out.Remove, out.Add, out.Place, out.Command = "", "", nil, ""
	}
	return out
}

// cannotTurn reports whether the product has no such setting, or has it in its program.
// What counts for it alone, beside others that any product has, is told of no other.
func (x *examination) cannotTurn(k vocab.Knob) bool {
	if k == "" || x.match == nil {
		return false
	}
	s, known := x.decision.Settings[k]
	_, has := x.match.Gateway.Dialect.Knobs[k]
	return s.Fixed || k == vocab.Buffers && !known && !has
}

// spell writes the line that sets a directive as the product wants it.
func (x *examination) spell(directive, value string) string {
	if spell := x.match.Gateway.Dialect.Spell; spell != nil {
		return spell(directive, value)
	}
	return directive + " " + value + ";"
}

// ownCommand spells what a command leaves to the product and the host: its test,
// its reload, the process at the upstream.
func (x *examination) ownCommand(command string) string {
	values := map[string]string{"{pid}": "PID"}
	for _, u := range x.upstreams {
		if ids := pids(u.After); len(ids) > 0 {
			values["{pid}"] = strconv.Itoa(ids[0])
			break
		}
	}
	// A worker may be stopped while the first process of the server runs.
	for _, it := range x.items {
		if id, ok := strings.CutPrefix(it.Origin.Where, "pid "); ok && it.Fact == vocab.ListenerStopped && !it.Absent {
			values["{pid}"] = id
		}
	}
	if x.match != nil {
		g := x.match.Gateway
		if g.Dialect.ConfigTest != nil && g.Dialect.Reload != nil {
			values["{test}"], values["{reload}"] = shell(g.Dialect.ConfigTest(g.Launch)), shell(g.Dialect.Reload(g.Launch))
		}
	}
	return spellCommand(command, values)
}

// spellCommand replaces the fields of a command. One whose fields are not all known is
// no command.
func spellCommand(command string, values map[string]string) string {
	for _, field := range []string{"{pid}", "{test}", "{reload}"} {
		if strings.Contains(command, field) && values[field] == "" {
			return ""
		}
		command = strings.ReplaceAll(command, field, values[field])
	}
	return command
}

// shell writes a command as one would type it.
func shell(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.ContainsAny(w, " \t;&|<>()$`\\\"'*?[]#~!{}") {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
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
		size := roundKilobytes(x.headerNeed(x.decision.Settings[vocab.HeaderBuffer]))
		if size == "4k" || size == "8k" {
			return "" // fits the default of 8 buffers of 4k
		}
		return "8 " + size
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
			if e.Line != "" {
				dials := x.match.Gateway.Dialect.Dials
				if dials == nil {
					dials = func(a string) string { return strings.TrimPrefix(a, "unix:") }
				}
				out.Remove, out.Add = e.Line, strings.Replace(e.Line, dials(e.String()), dials(reachable(address)), 1)
			}
			if out.Remove == out.Add {
				out.Place, out.Remove, out.Add = nil, "", "" // it is written in another way
			}
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
		unix := f.Endpoints[0].Network == "unix"
		if x.match.Gateway.Dialect.Spell != nil && unix != strings.HasPrefix(address, "unix:") {
			return // only nginx writes sockets and addresses alike
		}
		p := f.Place
		out.Place, out.Remove = &p, x.spell(directive, target)
		out.Add = x.spell(directive, strings.Replace(target, f.Endpoints[0].String(), reachable(address), 1))
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
