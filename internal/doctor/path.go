package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// path tells the way from the client to the upstream, with what was seen at
// each hop.
func (x *examination) path(d *Diagnosis) []Hop {
	hops := []Hop{x.first().clientHop()}
	if x.match == nil {
		if len(x.own) > 0 {
			hops = append(hops, x.makerHops(x.own[0])...)
		}
		return hops
	}
	hops = append(hops, x.gateways()...)
	return append(hops, x.endpointHops(d.Verdict)...)
}

// endpointHops are the stations behind the gateway: its upstreams, as far as they
// were looked at, and what is behind those.
func (x *examination) endpointHops(verdict vocab.Verdict) []Hop {
	var hops []Hop
	for _, u := range x.upstreams {
		if !x.leadsTo(u) {
			hops = append(hops, x.upstreamHop(u))
		}
	}
	if len(x.upstreams) == 0 && x.decision.Forward != nil {
		for i, e := range x.decision.Forward.Endpoints {
			if i == upstreamsMost {
				break
			}
			if x.behind != nil && x.behind.addr == e.String() {
				continue
			}
			h := Hop{Kind: "upstream", Name: e.String(), State: Unclear, Place: place(e.Place, x.decision.Forward.Place)}
			if verdict == vocab.Healthy {
				h.State = Good
			}
			hops = append(hops, h)
		}
	}
	return append(hops, x.behindHops(verdict)...)
}

func place(p, instead topo.Place) string {
	if p.File == "" {
		p = instead
	}
	if p.File == "" {
		return ""
	}
	return p.String()
}

func (x *examination) clientHop() Hop {
	h := Hop{Kind: "client", Name: "goodgate", State: Unclear}
	if len(x.own) == 0 {
		h.Name = "clients"
		return h
	}
	good := 0
	for _, o := range x.own {
		if !failed(o.AskResult) {
			good++
		}
	}
	h.State = stateOf(good == len(x.own))
	last := x.own[len(x.own)-1]
	h.Seconds = last.Seconds
	h.Seen = append(h.Seen, "GET "+last.URI+" → "+cmp.Or(statusLine(last.Exchange), "no answer")+" in "+seconds(last.Seconds))
	if len(x.own) > 1 {
		h.Seen = append(h.Seen, fmt.Sprintf("%d of %d requests well answered", good, len(x.own)))
	}
	if broken(last.Exchange) {
		h.Seen = append(h.Seen, "the body was cut short: "+bodyEnd(last.Exchange))
	}
	return h
}

func stateOf(good bool) State {
	if good {
		return Good
	}
	return Bad
}

func (x *examination) gatewayHop() Hop {
	g := x.match.Gateway
	h := Hop{Kind: "gateway", Name: strings.TrimSpace(g.Conf.Instance.Product + " " + g.Conf.Instance.Version), Address: x.match.Dial.Address, State: Unclear, Place: g.Launch.Config}
	if g.Running {
		h.State = Good
		h.Process = fmt.Sprintf("pid %d", g.Master.PID)
		if n := len(g.Workers); n > 0 {
			h.Process += ", " + strconv.Itoa(n) + " worker"
			if n > 1 {
				h.Process += "s"
			}
		}
	} else {
		h.State = Bad
		h.Seen = append(h.Seen, "it does not run")
	}
	for _, s := range x.decision.Steps {
		if x.label() != "" || telling(s.Text) {
			h.Seen = append(h.Seen, strings.TrimSuffix(strings.TrimSpace(s.Text), "{")+" ("+s.Place.String()+")")
		}
	}
	if len(x.failures) > 0 {
		f := x.failures[0]
		if f.Symptom != "" {
			h.Seen = append(h.Seen, "it saw: "+strings.ReplaceAll(string(f.Symptom), "_", " "))
		} else if f.Status >= 500 && x.behind != nil {
			h.Seen = append(h.Seen, "it passed on "+strconv.Itoa(f.Status))
		}
	}
	return h
}

// telling reports whether a rule is one that an operator looks for: where the
// request came in, and where it went.
func telling(step string) bool {
	step = strings.ToLower(step)
	if strings.Contains(step, "pass") {
		return true
	}
	return slices.ContainsFunc([]string{"location", "server", "return", "<", "redirect", "rewriterule", "sethandler"}, func(w string) bool { return strings.HasPrefix(step, w) })
}

func (x *examination) upstreamHop(u *upstream) Hop {
	h := Hop{Kind: "upstream", Name: u.Addr, State: Unclear}
	if u.Name != "" {
		h.Name = u.Name
		h.Address = u.Addr
	}
	for _, e := range x.decision.Forward.Endpoints {
		if e.String() == u.Addr || u.Name != "" && e.Host == u.Name {
			h.Place = place(e.Place, x.decision.Forward.Place)
		}
	}
	if len(u.Processes) > 0 {
		h.Process = processWords(u.Processes[0])
	} else if u.Local && len(u.After) == 0 {
		h.Seen = append(h.Seen, "nothing listens")
	}
	if u.Connected {
		if u.Connect.OK {
			h.Seen = append(h.Seen, "connect ok in "+seconds(u.Connect.Seconds))
		} else {
			h.State = Bad
			h.Seen = append(h.Seen, "connect: "+cmp.Or(u.Connect.Errno, u.Connect.Text))
		}
	}
	if u.Handshake != nil && x.decision.Forward.Protocol != vocab.HTTP && !u.Handshake.First.OK {
		h.State = Bad
		h.Seen = append(h.Seen, "TLS: "+u.Handshake.First.Fault)
	}
	if u.Contact != nil {
		e := u.Contact.Exchange
		h.State = stateOf(x.answersWell(e))
		h.Seconds = e.FirstByte
		switch {
		case e.Bytes == 0 && (e.End == probe.EndFirstByte || e.End == probe.EndTimeout):
			h.Seen = append(h.Seen, "no answer in "+seconds(e.Seconds))
		case e.Bytes == 0:
			h.Seen = append(h.Seen, "it closed without an answer ("+string(e.End)+")")
		case e.Status > 0:
			h.Seen = append(h.Seen, strconv.Itoa(e.Status)+" "+e.Reason+" in "+seconds(e.FirstByte))
		default:
			h.Seen = append(h.Seen, "it answered with what looks like "+cmp.Or(e.Speaks, "nothing known"))
		}
	}
	return h
}
