package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

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
		standing(fact, x.route, onCondition(d, step), step.Place)
	}
	if d.Outcome == topo.NoRoute && d.Status >= 400 && d.Status < 500 {
		// That is no failure of the site; who expected a page wants to know it all the same.
		x.note("no site or route of %s fits %s: it answers %d by itself", gatewayName(g), x.route, d.Status)
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

// onCondition returns the text of a rule with that of the if block around it.
func onCondition(d topo.Decision, rule topo.Step) string {
	i := slices.Index(d.Steps, rule)
	if i < 1 || !strings.HasPrefix(d.Steps[i-1].Text, "if ") || d.Steps[i-1].Place.File != rule.Place.File {
		return rule.Text
	}
	return d.Steps[i-1].Text + " " + rule.Text
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
	started, files := g.Oldest(), g.ConfigFiles()
	if started.IsZero() || len(files) == 0 || g.Conf.Told && broken < 0 {
		return
	}
	newest := files[0]
	for _, f := range files {
		if f.Modified.After(newest.Modified) && (!g.Conf.Watches || f.Path == inst.Config || broken >= 0) {
			newest = f
		}
	}
	switch {
	case g.Conf.Loaded:
		x.add(observation{fact: vocab.ConfigApplied, subject: x.gateway, value: "it says that it uses " + inst.Config + " as it is", when: x.to, kind: evidence.Runtime, where: inst.Config})
	case g.Conf.InPlace && newest.Modified.After(started.Add(startedWithin)):
		// Nobody says whether it was loaded since.
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
