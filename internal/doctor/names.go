package doctor

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// resolution is what one configured name resolves to, as the gateway would ask.
type resolution struct {
	probe.Resolution
	Name     string
	Port     int
	Resolver *topo.Resolver
	When     time.Time
	Asked    bool
	System   *probe.Resolution // what the system's own resolver says, where the gateway's finds nothing and is another
}

// resolveNames asks for every DNS name among the configured endpoints, the way
// the product itself resolves it.
func (x *examination) resolveNames(ctx context.Context) []resolution {
	f := x.decision.Forward
	var all []resolution
	for _, e := range f.Endpoints {
		if !e.IsName() || slices.ContainsFunc(all, func(r resolution) bool { return r.Name == e.Host && r.Port == e.Port }) || len(all) == upstreamsMost {
			continue
		}
		r := resolution{Name: e.Host, Port: e.Port, Resolver: f.Resolver}
		if f.Resolver != nil && e.Host != "" && !x.silent() {
			x.progress("resolving %s", e.Host)
			r.Resolution, r.When, r.Asked = ask(x, "probe/dns", x.place.Subject(e.Host), seeing(x, x.place, func(v *host.View) (probe.Resolution, error) {
				return x.resolve(ctx, v, e.Host, *f.Resolver)
			}))
			x.resolveAsSystem(ctx, &r)
		}
		all = append(all, r)
	}
	return all
}

func (x *examination) resolve(ctx context.Context, v *host.View, name string, resolver topo.Resolver) (probe.Resolution, error) {
	l := probe.Lookup{Name: name, Resolver: resolver}
	if resolver.System() {
		files, err := v.Resolving(ctx)
		if err != nil {
			return probe.Resolution{}, err
		}
		l.Hosts, l.ResolvConf = files.Hosts.Body, files.ResolvConf.Body
	}
	cctx, cancel := context.WithTimeout(ctx, x.dnsPatience())
	defer cancel()
	return probe.Resolve(cctx, v.Dial, l), nil
}

// resolveAsSystem asks as every other program of the gateway's host would, where
// the gateway has a resolver of its own that finds nothing: people try the name
// with curl, which works, and do not believe the gateway.
func (x *examination) resolveAsSystem(ctx context.Context, r *resolution) {
	if !r.Asked || r.Resolver.AtStart || len(r.Addresses) > 0 || x.opts.Quick {
		return
	}
	as := *r.Resolver
	as.AtStart, as.Servers = true, nil
	found, _, err := evidence.Ask(x.rec, "probe/dns system", x.place.Subject(r.Name), seeing(x, x.place, func(v *host.View) (probe.Resolution, error) {
		return x.resolve(ctx, v, r.Name, as)
	}))
	if err == nil {
		r.System = &found
	}
}

func (x *examination) dnsPatience() time.Duration {
	if x.opts.Quick {
		return 250 * time.Millisecond
	}
	return 1500 * time.Millisecond
}

// nameFacts says what names and resolvers answered.
func (x *examination) nameFacts(all []resolution) {
	for _, r := range all {
		if !r.Asked || len(r.Addresses) == 0 && !r.Missing {
			x.unknownFacts(r)
		}
		if !r.Asked {
			continue
		}
		x.resolverFacts(r)
		where := "dns " + r.Name
		switch {
		case len(r.Addresses) > 0:
			x.add(observation{fact: vocab.NameResolves, subject: r.Name, value: strings.Join(addresses(r), ", "), when: r.When, kind: evidence.DNS, where: where})
			x.movedFacts(r)
		case r.Missing:
			x.add(observation{fact: vocab.NameMissing, subject: r.Name, value: r.Problem, when: r.When, kind: evidence.DNS, where: where, quote: r.Problem})
		}
		x.systemFacts(r)
	}
}

// systemFacts says where the system finds a name that the gateway does not.
func (x *examination) systemFacts(r resolution) {
	s := r.System
	if s == nil || len(s.Addresses) == 0 {
		return
	}
	how := "by the name servers of resolv.conf"
	switch {
	case s.From == "hosts":
		how = "in the hosts file, which the gateway's own resolver does not read"
	case s.From == "dns" && len(s.Asked) > 0 && !strings.EqualFold(s.Asked[len(s.Asked)-1].Name, strings.TrimSuffix(r.Name, ".")+"."):
		how = "as " + strings.TrimSuffix(s.Asked[len(s.Asked)-1].Name, ".") + ", with the search list of resolv.conf, which the gateway's own resolver does not use"
	}
	x.add(observation{fact: vocab.NameKnownToSystem, subject: r.Name, value: s.Addresses[0].IP + ", " + how, when: r.When, kind: evidence.DNS, where: "resolver of the system"})
}

// unknownFacts says of the upstreams that a name led to that where it leads now
// is not known.
func (x *examination) unknownFacts(r resolution) {
	for _, u := range x.upstreams {
		if u.Used && u.Name == r.Name && samePort(u.Addr, r.Port) {
			x.add(observation{fact: vocab.NameUnknown, subject: u.Addr, value: r.Name, when: x.to, kind: evidence.DNS, where: "dns " + r.Name})
		}
	}
}

func addresses(r resolution) []string {
	var all []string
	for _, a := range r.Addresses {
		all = append(all, a.IP)
	}
	return all
}

// resolverFacts says how each name server that was asked behaved.
func (x *examination) resolverFacts(r resolution) {
	type seen struct{ silent, failed, ok string }
	servers := map[string]*seen{}
	var order []string
	for _, q := range r.Resolution.Asked {
		s := servers[q.Server]
		if s == nil {
			s = &seen{}
			servers[q.Server] = s
			order = append(order, q.Server)
		}
		words := q.Type + " " + q.Name + ": " + q.Outcome
		if q.TCP {
			words += ", over TCP, because the answer over UDP was cut"
		}
		switch q.Outcome {
		case "NOERROR", "NXDOMAIN":
			s.ok = words
		case "timeout", "refused", "unreachable":
			s.silent = words
		default:
			s.failed = words
		}
	}
	for _, server := range order {
		s := servers[server]
		o := observation{subject: server, when: r.When, kind: evidence.DNS, where: "dns " + server}
		switch {
		case s.ok != "":
			o.fact, o.quote = vocab.ResolverOK, s.ok
		case s.failed != "":
			o.fact, o.quote, o.value = vocab.ResolverFailed, s.failed, s.failed
		default:
			o.fact, o.quote, o.value = vocab.ResolverSilent, s.silent, s.silent
		}
		x.add(o)
	}
}

// movedFacts compares the addresses that the gateway's log shows with those
// that the name has now.
func (x *examination) movedFacts(r resolution) {
	now := addresses(r)
	for _, u := range x.upstreams {
		if !u.Used || u.unix() || u.Name != r.Name {
			continue
		}
		ip, port, err := net.SplitHostPort(u.Addr)
		if err != nil || port != strconv.Itoa(r.Port) {
			continue
		}
		o := observation{subject: u.Addr, when: r.When, kind: evidence.DNS, where: "dns " + r.Name}
		if slices.Contains(now, ip) {
			o.fact, o.value = vocab.NameSame, r.Name+" is "+ip
			x.add(o)
			continue
		}
		o.fact, o.value = vocab.NameMoved, r.Name+" is now "+strings.Join(now, ", ")
		x.add(o)
		for _, other := range x.upstreams {
			if other.Name == r.Name && other.Configured && other.Connect.OK {
				x.add(observation{fact: vocab.NameMovedAnswers, subject: u.Addr, value: other.Addr, when: r.When, kind: evidence.Probe, where: "tcp " + other.Addr})
				break
			}
		}
	}
}
