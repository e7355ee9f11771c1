package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// state adds the items that need no upstream: what the gateway wrote, what our
// own requests got, what the configuration says, what the logs show over time.
func (x *examination) state() {
	for _, h := range x.hits {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, h := range x.access {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, h := range x.loose {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, o := range x.own {
		x.answerFacts(o)
	}
	x.configFacts()
	x.outFacts()
	x.historyFacts()
}

// lineFact makes an item of a log line that carries a fact.
func (x *examination) lineFact(h scan.Hit, kind evidence.Kind) {
	c := x.cond(h)
	info, ok := c.Fact.Info()
	if !ok || h.Time.IsZero() && !x.isOwn(h) {
		return
	}
	o := observation{fact: c.Fact, when: h.Time, kind: kind, where: h.Place, quote: h.Raw}
	if h.Time.IsZero() {
		o.when = x.to
	}
	o.subject = x.subjectOfLine(info.Role, h)
	switch c.Fact {
	case vocab.GatewayConfigRejected, vocab.GatewayStartNameMissing:
		o.value = h.Message
	case vocab.GatewayLimited, vocab.GatewayBodyTooLarge, vocab.GatewayNoFiles, vocab.GatewayNoConnections, vocab.GatewayDiskFull, vocab.GatewayFileDenied, vocab.GatewayNoMemory, vocab.GatewayAuthStatus, vocab.GatewayWorkerDied:
		o.value = clip(h.Message, 160)
	}
	x.add(o)
	if strings.HasPrefix(h.Endpoint, "[::1]:") && c.Fact == vocab.GatewayRefused {
		x.add(observation{fact: vocab.TargetLoopback6, subject: h.Endpoint, when: o.when, kind: kind, where: h.Place, quote: h.Endpoint})
	}
}

// subjectOfLine returns what plays a role in what a line tells; "" where that is not
// known.
func (x *examination) subjectOfLine(role vocab.Role, h scan.Hit) string {
	switch role {
	case vocab.RoleEndpoint:
		if all := x.configuredEndpoints(); h.Endpoint == "" && len(all) == 1 {
			return all[0]
		}
		return h.Endpoint
	case vocab.RoleName, vocab.RoleResolver:
		return h.Name
	case vocab.RolePool:
		return x.pool()
	case vocab.RoleRoute:
		return x.route
	case vocab.RoleGateway:
		return x.gateway
	}
	return ""
}

// answerFacts says what our own request got.
func (x *examination) answerFacts(o ownRequest) {
	e := o.Exchange
	base := o.observed("", x.route, "", statusLine(e))
	add := func(fact vocab.Fact, value string) {
		b := base
		b.fact, b.value = fact, value
		x.add(b)
	}
	switch {
	case !failed(o.AskResult):
	case madeByEdge(o.Made):
		add(vocab.EdgeAnswered, o.Made.Edge)
	case o.Made.Edge != "" && !madeSurely(o.Made):
		add(vocab.EdgePassed, o.Made.Edge)
	}
	switch {
	case o.Instead != "":
		add(vocab.AnswerNotHTTP, o.Instead)
	case !e.Connection.OK:
		x.add(observation{fact: vocab.GatewayUnreachable, subject: x.gateway, value: e.Connection.Errno, when: o.Ended, kind: evidence.OwnAnswer, where: "tcp " + e.Address, quote: e.Connection.Text})
	case e.Bytes == 0 && (e.End == probe.EndEOF || e.End == probe.EndReset):
		add(vocab.AnswerEmpty, "")
	case e.Bytes == 0:
		add(vocab.AnswerTimeout, seconds(e.Seconds))
	case e.Status == 0:
		add(vocab.AnswerNotHTTP, e.Speaks)
	case broken(e):
		add(vocab.AnswerTruncated, bodyEnd(e))
	case e.Status >= 500:
		if by, why := x.madeBy(o); by == "upstream" {
			base.quote += why
			add(vocab.AnswerUpstreamError, strconv.Itoa(e.Status))
		} else if by == "gateway" {
			add(vocab.AnswerGatewayError, strconv.Itoa(e.Status))
		}
	default:
		add(vocab.AnswerOK, strconv.Itoa(e.Status))
	}
}

// madeBy tells who made a 5xx that our own request got: "gateway", "upstream" or
// "" where it cannot be told. The gateway's error log is the best witness: nginx
// writes a line for every error that it makes because of an upstream.
func (x *examination) madeBy(o ownRequest) (by, why string) {
	if slices.ContainsFunc(o.Lines, func(h scan.Hit) bool { return x.cond(h).Fact == vocab.GatewayStatusPassed }) {
		return "upstream", " (the gateway's log says that it passed it on)"
	}
	if slices.ContainsFunc(o.Lines, func(h scan.Hit) bool { return x.cond(h).Fails }) {
		return "gateway", ""
	}
	if x.match == nil {
		return "", ""
	}
	if x.decision.Outcome == topo.Answers || x.decision.Outcome == topo.Serves || x.decision.Outcome == topo.NoRoute {
		return "gateway", ""
	}
	if x.decision.Outcome == topo.Forwards && x.wouldSay() && !x.silentModule(o) {
		return "upstream", " (the gateway's error log has no line about it)"
	}
	if o.Made.Product != "" && o.Made.Product != x.match.Gateway.Conf.Instance.Product && o.Made.Grade == "body" {
		return "upstream", " (the body is that of " + o.Made.Product + ")"
	}
	if o.Made.Product == x.match.Gateway.Conf.Instance.Product && o.Made.Grade == "body" {
		return "gateway", ""
	}
	return "", ""
}

// wouldSay reports whether an error log of this route was read after our own
// request and is written at a level that has upstream errors.
func (x *examination) wouldSay() bool {
	for _, l := range x.logs {
		if l.Kind == "error" && l.OK && !l.Filtered && (l.Level == "" || slices.Contains([]string{"debug", "info", "notice", "warn", "error"}, l.Level)) && slices.ContainsFunc(x.decision.Logs, func(d topo.Log) bool { return d.Path == l.Path }) {
			return true
		}
	}
	return false
}

func statusLine(e probe.Exchange) string {
	switch {
	case !e.Connection.OK:
		return e.Connection.Text
	case e.Status == 0 && len(e.First) > 0:
		return string(e.First)
	case e.Status == 0:
		return e.Text
	}
	return strings.TrimSpace(fmt.Sprintf("HTTP/%s %d %s", e.Version, e.Status, e.Reason))
}

func bodyEnd(e probe.Exchange) string {
	switch e.BodyEnd {
	case probe.BodyShort:
		return fmt.Sprintf("%d of %d bytes came", e.BodyBytes, e.Length)
	case probe.BodyChunkCut:
		return "the last chunk did not come"
	case probe.BodyChunkBad:
		return "the chunked coding is broken"
	case probe.BodyReset:
		return "the connection was reset in the body"
	}
	return string(e.BodyEnd)
}

func seconds(s float64) string {
	if s < 0.1 {
		return strconv.FormatFloat(s*1000, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(s, 'f', 1, 64) + " s"
}

// configFacts says what the configuration does to the request.
func (x *examination) configFacts() {
	g := x.match.Gateway
	inst := g.Conf.Instance
	x.loadFacts()
	d := x.decision
	standing := func(fact vocab.Fact, subject, value string, place topo.Place) {
		x.add(observation{fact: fact, subject: subject, value: value, when: x.to, kind: evidence.Config, where: place.String(), quote: stepText(d, place)})
	}
	if d.Outcome != topo.Forwards && d.Status >= 500 {
		step := answeringStep(d)
		fact := vocab.StaticAnswer
		if d.Outcome == topo.NoRoute {
			fact = vocab.RouteMissing
		}
		standing(fact, x.route, step.Text, step.Place)
	}
	if f := d.Forward; f != nil {
		x.forwardFacts(f, standing)
	}
	if s, ok := d.Settings[vocab.CircuitBreaker]; ok {
		standing(vocab.CircuitConfigured, x.route, s.Directive+" "+s.Value, s.Place)
	}
	for _, k := range []vocab.Knob{vocab.LimitRequests, vocab.LimitConnections} {
		if s, ok := d.Settings[k]; ok && !s.Default {
			standing(vocab.LimitConfigured, x.route, s.Directive+" "+s.Value, s.Place)
		}
	}
	if x.loops() {
		standing(vocab.TargetIsSelf, x.route, d.Forward.Target+" is a listener of "+inst.Product+" itself, and the same site answers there", d.Forward.Place)
	}
}

func (x *examination) forwardFacts(f *topo.Forward, standing func(vocab.Fact, string, string, topo.Place)) {
	d := x.decision
	if n, ok := d.Settings.Number(vocab.KeepaliveCount); ok && n > 0 {
		s := d.Settings[vocab.KeepaliveCount]
		standing(vocab.KeepaliveUsed, x.route, s.Directive+" "+s.Value, s.Place)
	} else {
		standing(vocab.KeepaliveUnused, x.route, "", f.Place)
	}
	for _, u := range x.upstreams {
		if containerAddress(u.Addr) {
			standing(vocab.TargetContainer, u.Addr, u.Addr, f.Place)
		}
		if managesWorkers(string(f.Protocol)) {
			standing(vocab.TargetWorkers, u.Addr, string(f.Protocol), f.Place)
		}
	}
	if f.NoModule != "" {
		standing(vocab.ModuleAbsent, x.route, f.NoModule+" is not loaded", f.Place)
	}
	down := 0
	named := false
	for _, e := range f.Endpoints {
		if e.Down {
			down++
		}
		named = named || e.IsName()
	}
	if down > 0 && down == len(f.Endpoints) {
		standing(vocab.ServersDown, x.pool(), "every server of "+f.Pool+" is marked down", f.Endpoints[0].Place)
	}
	if named || f.RunTime && len(f.Endpoints) == 0 {
		switch {
		case f.Resolver == nil:
			standing(vocab.ResolverAbsent, x.route, f.Target, f.Place)
		case f.Resolver.AtStart:
			standing(vocab.ResolvedAtStart, x.route, f.Target, f.Place)
		default:
			standing(vocab.ResolvedAtRunTime, x.route, f.Target, f.Place)
		}
	}
	if f.Protocol == vocab.HTTPS || f.Protocol == vocab.GRPCS {
		verify := d.Settings[vocab.TLSVerify]
		if x.judgesCertificate() {
			standing(vocab.TLSVerifyOn, x.route, verify.Directive+" "+verify.Value, verify.Place)
		} else {
			standing(vocab.TLSVerifyOff, x.route, "", verify.Place)
		}
		if sni := d.Settings[vocab.TLSServerName]; sni.Number == 0 {
			standing(vocab.NoSNI, x.route, "", sni.Place)
		}
	}
}

// containerNets are the networks from which Docker and Podman take addresses by
// default (default-address-pools; containers.conf default_subnet_pools).
var containerNets = []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("10.88.0.0/15")}

func containerAddress(endpoint string) bool {
	a, err := netip.ParseAddrPort(endpoint)
	return err == nil && slices.ContainsFunc(containerNets, func(p netip.Prefix) bool { return p.Contains(a.Addr()) })
}

// managesWorkers reports whether servers of a protocol hand each request to one
// of their workers: php-fpm, uwsgi.
func managesWorkers(protocol string) bool {
	return protocol == string(vocab.FastCGI) || protocol == string(vocab.UWSGI) || protocol == string(vocab.SUWSGI)
}

// answeringStep is the rule that answers with the status: the one that names it,
// else the last.
func answeringStep(d topo.Decision) topo.Step {
	for _, s := range d.Steps {
		if strings.HasPrefix(s.Text, "return") && strings.Contains(s.Text, strconv.Itoa(d.Status)) {
			return s
		}
	}
	if len(d.Steps) == 0 {
		return topo.Step{}
	}
	return d.Steps[len(d.Steps)-1]
}

func stepText(d topo.Decision, p topo.Place) string {
	for _, s := range d.Steps {
		if s.Place == p {
			return s.Text
		}
	}
	return ""
}

// loadFacts says whether the configuration on disk loads, and whether it is
// what runs.
func (x *examination) loadFacts() {
	g := x.match.Gateway
	inst := g.Conf.Instance
	broken := slices.IndexFunc(inst.Problems, func(p topo.Problem) bool { return p.Fatal })
	if broken >= 0 {
		p := inst.Problems[broken]
		x.add(observation{fact: vocab.ConfigBroken, subject: x.gateway, value: p.Text + " in " + p.Place.String(), when: x.to, kind: evidence.File, where: p.Place.String(), quote: p.Text})
	} else if len(inst.Files) > 0 {
		x.add(observation{fact: vocab.ConfigLoads, subject: x.gateway, when: x.to, kind: evidence.File, where: inst.Config})
	}
	if !g.Running {
		x.add(observation{fact: vocab.GatewayNotRunning, subject: x.gateway, when: x.to, kind: evidence.Process, where: "/proc"})
		return
	}
	if g.Conf.Told {
		x.toldFacts(broken >= 0)
	}
	started := g.Oldest()
	if started.IsZero() || len(g.Files) == 0 || g.Conf.Told && broken < 0 {
		return
	}
	newest := g.Files[0]
	for _, f := range g.Files {
		if f.Modified.After(newest.Modified) && (!g.Conf.Watches || f.Path == inst.Config || broken >= 0) {
			newest = f
		}
	}
	switch {
	case g.Conf.Loaded:
		x.add(observation{fact: vocab.ConfigApplied, subject: x.gateway, value: "it says that it uses " + inst.Config + " as it is", when: x.to, kind: evidence.Runtime, where: inst.Config})
	case newest.Modified.After(started.Add(startedWithin)):
		x.add(observation{fact: vocab.ConfigNewer, subject: x.gateway, value: fmt.Sprintf("%s was changed at %s, the workers run since %s", newest.Path, x.clock(newest.Modified), x.clock(started)),
			when: x.to, kind: evidence.File, where: newest.Path})
	case broken < 0:
		x.add(observation{fact: vocab.ConfigApplied, subject: x.gateway, value: "workers since " + x.clock(started) + ", last change at " + x.clock(newest.Modified), when: x.to, kind: evidence.File, where: newest.Path})
	}
	for _, w := range g.Workers {
		if w.Draining {
			x.add(observation{fact: vocab.GatewayDraining, subject: x.gateway, when: x.to, kind: evidence.Process, where: "pid " + strconv.Itoa(w.Process.PID)})
		}
	}
}

// toldFacts says whether what the running gateway tells is what its files say.
func (x *examination) toldFacts(broken bool) {
	c := x.match.Gateway.Conf
	base := observation{subject: x.gateway, when: x.to, kind: evidence.Runtime, where: c.Instance.Product + " itself"}
	disk, read := x.onDisk()
	switch {
	case read && x.differsOnDisk(disk) != "":
		base.fact, base.value = vocab.ConfigDiffers, x.differsOnDisk(disk)
		x.add(base)
	case len(c.Differs) > 0:
		base.fact, base.value = vocab.ConfigDiffers, c.Differs[0]
		x.add(base)
	case !broken && len(c.Instance.Files) > 0:
		base.fact, base.value = vocab.ConfigApplied, "it tells what the files say"
		x.add(base)
	}
}

// startedWithin is how exactly the start of a process is known: the kernel
// counts in hundredths of a second.
const startedWithin = 30 * time.Millisecond

// loops reports whether following the request through the gateway's own
// listeners leads back to where it was.
func (x *examination) loops() bool {
	g := x.match.Gateway
	d := x.decision
	for range 4 {
		if d.Forward == nil || len(d.Forward.Endpoints) != 1 {
			return false
		}
		next, ok := x.throughSelf(d)
		if !ok {
			return false
		}
		d = g.Conf.Resolve(next)
		if d.Outcome == topo.Forwards && sameForward(d, x.decision) {
			return true
		}
	}
	return false
}

// throughSelf returns the request that the gateway itself would get, where d
// forwards to one of its listeners.
func (x *examination) throughSelf(d topo.Decision) (topo.Request, bool) {
	e := d.Forward.Endpoints[0]
	for _, l := range x.match.Gateway.Listeners {
		if l.Stream || !listensAt(l.Listener, e) {
			continue
		}
		uri, query, _ := strings.Cut(d.Upstream.URI, "?")
		hostName := ""
		for _, h := range d.Upstream.Header {
			if strings.EqualFold(h.Name, "Host") {
				hostName = hostOnly(h.Value)
			}
		}
		return topo.Request{Listener: l.Address, Port: e.Port, TLS: l.TLS, Host: hostName, Method: "GET", Path: cleanPath(uri), Query: query}, true
	}
	return topo.Request{}, false
}

// listensAt reports whether a configured listener takes connections to e.
func listensAt(l topo.Listener, e topo.Endpoint) bool {
	if e.Network == "unix" {
		return l.Network == "unix" && strings.TrimPrefix(l.Address, "unix:") == e.Path
	}
	if l.Network != "tcp" || !strings.HasSuffix(l.Address, ":"+strconv.Itoa(e.Port)) {
		return false
	}
	host := strings.TrimSuffix(l.Address, ":"+strconv.Itoa(e.Port))
	switch host {
	case "0.0.0.0", "*", "[::]", "":
		return e.Host == "localhost" || strings.HasPrefix(e.Host, "127.") || e.Host == "::1"
	}
	return strings.Trim(host, "[]") == e.Host || strings.HasPrefix(host, "127.") && e.Host == "localhost"
}
