package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Plan is what an examination would ask, and what that costs at most.
type Plan struct {
	Steps  []PlanStep `json:"steps"`
	Sends  int        `json:"sends"`   // connections and packets to the network in all, at most
	AtMost float64    `json:"at_most"` // seconds in all; the examination is ended then
}

// PlanStep is one question, or several of a kind.
type PlanStep struct {
	What    string   `json:"what"`
	When    string   `json:"when"`              // "done" for the plan itself, "always", or the condition: "if it fails"
	Sends   int      `json:"sends,omitempty"`   // connections and packets to the network, at most
	AtMost  float64  `json:"at_most,omitempty"` // seconds that an answer is waited for; 0: it is read at once, and given up after a moment
	Sources []string `json:"sources"`           // as the answers are called in a captured case
}

// When a step is taken.
const (
	planDone   = "done"
	planAlways = "always"
	planFails  = "if it fails"
	planOften  = "if it comes and goes"
	planSplits = "if it could change the answer"
	planBroken = "if the answer is none of this protocol"
)

// plan says what an examination would look at and send.
func (x *examination) plan() *Diagnosis {
	d := x.newDiagnosis()
	d.Items = []evidence.Item{} // it is about what would be asked
	d.Plan = x.planned()
	for _, s := range d.Plan.Steps {
		d.Next = append(d.Next, s.words())
	}
	d.Next = append(d.Next, fmt.Sprintf("in all: at most %d connections, at most %s", d.Plan.Sends, span(d.Plan.AtMost)))
	if x.match != nil {
		d.Path = x.path(d)
	}
	return d
}

func (s PlanStep) words() string {
	text := s.What
	switch s.When {
	case planAlways:
	case planDone:
		text += " (done for this plan)"
	default:
		text = s.When + ": " + text
	}
	var cost []string
	if s.AtMost > 0 {
		cost = append(cost, "at most "+span(s.AtMost))
	}
	if s.Sends > 1 {
		cost = append(cost, fmt.Sprintf("%d connections", s.Sends))
	}
	if len(cost) > 0 {
		text += " (" + strings.Join(cost, ", ") + ")"
	}
	return text
}

// span is a bound of time in words.
func span(seconds float64) string {
	return asDuration(seconds).Round(10 * time.Millisecond).String()
}

// planned lists the steps in the order in which they are taken.
func (x *examination) planned() *Plan {
	p := &Plan{Steps: []PlanStep{
		{What: "find the gateways: processes, their configuration, what listens", When: planDone, Sources: []string{"survey", "file", "glob", "host/place"}},
	}}
	if x.match == nil {
		t := x.survey.Target
		if !x.silent() {
			p.add(PlanStep{What: fmt.Sprintf("send one GET %s to %s:%d and read who made the answer", t.Path, t.Host, t.Port), When: planAlways, Sends: 1, AtMost: x.patience().Seconds(), Sources: []string{"probe/ask"}})
		}
	} else {
		x.planOwn(p)
		x.trace()
		for y := x; ; y = y.behind.examination {
			y.planGateway(p)
			y.planNames(p)
			y.planUpstreams(p)
			if y.behind == nil {
				break
			}
		}
		x.planHost(p)
	}
	waits := 0.0
	for _, s := range p.Steps {
		p.Sends += s.Sends
		waits += s.AtMost
	}
	// What is read at once is given up after 200 ms each, and everything at the end
	// of the mode's time.
	p.AtMost = min(x.opts.bound().Seconds(), waits+reading.Seconds())
	return p
}

// reading is what files and tables of a host that is well are read in.
const reading = 2 * time.Second

func (p *Plan) add(s PlanStep) { p.Steps = append(p.Steps, s) }

// planOwn: our own request.
func (x *examination) planOwn(p *Plan) {
	if !x.past() {
		p.add(PlanStep{What: "read the socket tables and the processes, before and after", When: planAlways, Sources: []string{"doctor/picture"}})
		if !x.opts.Quick {
			p.add(PlanStep{What: "read the counters of the host: pressure, queues, clock, interfaces, control groups", When: planAlways, Sources: []string{"host/pressure", "host/queues", "host/clock", "host/interfaces", "host/cgroup"}})
		}
	}
	if !x.silent() {
		d := x.match.Dial
		p.add(PlanStep{What: fmt.Sprintf("send one marked GET %s to %s with Host %s", x.survey.Target.Path, d.Address, d.Host), When: planAlways, Sends: 1, AtMost: x.patience().Seconds(), Sources: []string{"probe/ask", "scan/fresh", "host/connections own"}})
		if !x.opts.Quick {
			most := min(x.patience(), seriesSlow)
			p.add(PlanStep{What: "send it again, one after the other, until it fails or took long", When: planOften, Sends: seriesMost - 1, AtMost: float64(seriesMost-1) * most.Seconds(), Sources: []string{"probe/ask", "scan/fresh"}})
		}
	}
}

// planGateway: the logs of a gateway, and what it is asked about itself. One that
// stands behind another is examined where that one fails.
func (x *examination) planGateway(p *Plan) {
	when := planAlways
	if x.front != nil {
		when = planFails
	}
	for _, l := range x.gatewayLogs() {
		p.add(PlanStep{What: fmt.Sprintf("read %s since %s", l.Path, x.clock(x.from)), When: when, Sources: []string{"scan/window", "scan/head", "scan/tail", "scan/rate"}})
	}
	if x.opts.ConfigTest && x.front == nil {
		p.add(PlanStep{What: "run the gateway's own configuration test, which may write files", When: planAlways, AtMost: configTestLimit.Seconds(), Sources: []string{"config/test"}})
	}
	if !x.silent() {
		for _, q := range x.match.Gateway.Conf.Questions {
			p.add(PlanStep{What: "ask the " + q.Source, When: x.failing(), Sends: 1, AtMost: probe.SocketTime.Seconds(), Sources: []string{"probe/socket"}})
		}
	}
}

// failing is when an upstream is asked: --deep does so in any case.
func (x *examination) failing() string {
	if x.opts.Deep {
		return planAlways
	}
	return planFails
}

func (x *examination) planNames(p *Plan) {
	if x.silent() || x.decision.Forward == nil {
		return
	}
	for _, name := range x.names() {
		p.add(PlanStep{What: fmt.Sprintf("resolve %s as %s does, at every name server of its list", name, x.match.Gateway.Conf.Instance.Product), When: x.failing(), Sends: probe.MostQueries, AtMost: x.dnsPatience().Seconds(), Sources: []string{"probe/dns"}})
		if r := x.decision.Forward.Resolver; r != nil && !r.AtStart && !x.opts.Quick {
			p.add(PlanStep{What: fmt.Sprintf("resolve %s as every other program here does", name), When: planFails + " to resolve", Sends: probe.MostQueries, AtMost: x.dnsPatience().Seconds(), Sources: []string{"probe/dns system"}})
		}
	}
}

// planUpstreams: what is sent to each address behind the gateway.
func (x *examination) planUpstreams(p *Plan) {
	f := x.decision.Forward
	if f == nil {
		return
	}
	if x.silent() {
		p.add(PlanStep{What: "read which addresses belong to this host, and who may use the upstream's socket", When: planFails, Sources: []string{"host/addresses", "host/unixpath"}})
		return
	}
	for i, e := range f.Endpoints {
		if i == upstreamsMost {
			break
		}
		limits := x.limits()
		p.add(PlanStep{What: fmt.Sprintf("connect to %s", e), When: x.failing(), Sends: 1, AtMost: x.connectPatience().Seconds(), Sources: []string{"probe/connect", "host/addresses", "host/connections", "host/unixpath", "host/route", "host/firewall"}})
		sends := 1
		if slices.Contains([]vocab.Protocol{vocab.HTTPS, vocab.GRPCS, vocab.SUWSGI, vocab.TLS}, f.Protocol) {
			sends = 4 // one handshake and two that separate, see probe.Separate
		}
		p.add(PlanStep{What: fmt.Sprintf("send the same request to %s, in %s", e, f.Protocol), When: x.failing(), Sends: sends, AtMost: limits.Total.Seconds(), Sources: []string{"probe/exchange", "probe/tls"}})
		p.add(PlanStep{What: fmt.Sprintf("ask %s in other protocols, each once", e), When: planBroken, Sends: 5, AtMost: 5 * otherTime.Seconds(), Sources: []string{"probe/tls", "probe/fastcgi", "probe/uwsgi", "probe/proxied", "probe/plain", "probe/http2"}})
		x.planIdle(p, e.String())
		if e.Network == "unix" || x.opts.Quick {
			continue
		}
		for _, q := range optionals() {
			if q.deep && !x.opts.Deep {
				continue
			}
			p.add(PlanStep{What: q.what + " " + e.String(), When: x.splitting(), Sends: q.sends(x), AtMost: q.bound(x).Seconds(), Sources: []string{q.source}})
		}
	}
}

func (x *examination) splitting() string {
	if x.opts.Deep {
		return planAlways
	}
	return planSplits
}

func (x *examination) planIdle(p *Plan, endpoint string) {
	if n, _ := x.decision.Settings.Number(vocab.KeepaliveCount); n == 0 || x.opts.Quick {
		return
	}
	if x.opts.Deep {
		p.add(PlanStep{What: "hold one idle connection to " + endpoint + " for as long as the gateway would, and ask on it again", When: planAlways, Sends: 2,
			AtMost: (x.idlePatience() + x.limits().Total + 4*time.Second).Seconds(), Sources: []string{"probe/idle"}})
		return
	}
	p.add(PlanStep{What: "ask " + endpoint + " how long it keeps an idle connection", When: "if connections broke", Sends: 1, AtMost: x.limits().Total.Seconds(), Sources: []string{"probe/idle"}})
}

// planHost: what is read of the host where something fails.
func (x *examination) planHost(p *Plan) {
	if x.past() {
		return
	}
	p.add(PlanStep{What: "read the logs that the application holds open", When: x.failing(), Sources: []string{"host/detail", "host/place", "scan/app", "scan/fresh", "scan/head", "scan/tail", "host/left"}})
	if !x.opts.Quick {
		p.add(PlanStep{What: "read when files of the application were changed", When: x.failing(), AtMost: changedTime.Seconds(), Sources: []string{"doctor/changes"}})
	}
	p.add(PlanStep{What: "read the kernel log, and what SELinux and AppArmor denied", When: x.failing(), Sources: []string{"host/kernel", "host/denials"}})
	p.add(PlanStep{What: "read limits and use: descriptors, processes, memory, ports, connection tracking, disks, load", When: x.failing(),
		Sources: []string{"host/disk", "host/mounts", "host/load", "host/tasks", "host/conntrack", "host/ports", "host/detail", "host/cgroup"}})
	p.add(PlanStep{What: "ask systemd, the container engine and PM2 for the application", When: x.failing(), Sources: []string{"host/units", "host/containers", "host/pm2"}})
}
