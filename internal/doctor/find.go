package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// find looks for the gateway that answers for the target, and how its
// configuration treats the request.
func (x *examination) find(ctx context.Context) {
	opt := survey.Options{Config: x.opts.Config, Logs: x.opts.Logs, Offline: x.silent()}
	s, gaps := survey.Find(ctx, x.rec, x.views, x.opts.Dialects, x.target, opt)
	x.survey = s
	for _, g := range gaps {
		x.gap(g)
	}
	x.notes = append(x.notes, s.Notes...)
	x.route = s.Target.Host + " " + x.rec.Redact.Path(s.Target.Path)
	if len(s.Matches) == 0 {
		return
	}
	x.match = &s.Matches[0]
	g := x.match.Gateway
	x.place = g.Place
	x.decision = x.match.Decision
	x.gateway = gatewayName(g)
	for _, g := range g.Gaps {
		x.gap(g)
	}
	x.keepAddresses()
}

// keepAddresses tells the redactor what is no client: what the configurations
// name.
func (x *examination) keepAddresses() {
	for _, g := range x.survey.Gateways {
		for _, l := range g.Conf.Instance.Listeners {
			x.rec.Redact.Keep(l.Address)
		}
		for _, p := range g.Conf.Instance.Pools {
			for _, e := range p.Endpoints {
				x.rec.Redact.Keep(e.String())
			}
		}
		for _, s := range g.Conf.Instance.Sites {
			for _, f := range s.Forwards {
				for _, e := range f.Endpoints {
					x.rec.Redact.Keep(e.String())
				}
				if f.Resolver != nil {
					x.rec.Redact.Keep(f.Resolver.Servers...)
				}
			}
		}
	}
}

func gatewayName(g *survey.Gateway) string {
	name := g.Conf.Instance.Product
	if v := g.Conf.Instance.Version; v != "" {
		name += "/" + v
	}
	if g.Running {
		return fmt.Sprintf("%s (pid %d)", name, g.Master.PID)
	}
	return name + " (not running)"
}

// pool returns the name of the pool that the request goes to, or "".
func (x *examination) pool() string {
	if x.decision.Forward == nil {
		return ""
	}
	return x.decision.Forward.Pool
}

// names returns the DNS names among the configured endpoints.
func (x *examination) names() []string {
	var names []string
	if f := x.decision.Forward; f != nil {
		for _, e := range f.Endpoints {
			if e.IsName() && !slices.Contains(names, e.Host) {
				names = append(names, e.Host)
			}
		}
	}
	return names
}

// outside asks a site that no gateway of this host answers for, as a client
// would, and tells who made the answer.
func (x *examination) outside(ctx context.Context) {
	x.gap(evidence.Gap{Source: "gateway", Why: "no gateway on this host answers for " + x.survey.Target.Host + ": only the outside is seen",
		Allow: "run goodgate on the host where the gateway runs"})
	if x.silent() {
		return
	}
	t := x.survey.Target
	if len(t.Addrs) == 0 {
		x.gap(evidence.Gap{Source: "dns", Why: "the name " + t.Host + " has no address here"})
		return
	}
	req := probe.AskRequest{
		Network: "tcp", Address: net.JoinHostPort(t.Addrs[0].String(), strconv.Itoa(t.Port)), TLS: t.Scheme == "https",
		Host: hostHeader(t), SNI: t.Host, Method: "GET", URI: requestURI(t), Token: x.token, Version: x.opts.Version, Timeout: x.patience(),
	}
	result, _, ok := ask(x, "probe/ask", "1 "+req.Address, func() (probe.AskResult, error) {
		d, err := x.dialer(ownPlace)
		if err != nil {
			return probe.AskResult{}, err
		}
		return probe.Ask(ctx, d, req), nil
	})
	if ok {
		x.own = append(x.own, ownRequest{AskResult: result})
		x.answerFacts(x.own[0])
	}
}

func hostHeader(t survey.Target) string {
	h := t.Host
	if a, err := netip.ParseAddr(h); err == nil && a.Is6() {
		h = "[" + h + "]"
	}
	if t.Scheme == "http" && t.Port == 80 || t.Scheme == "https" && t.Port == 443 {
		return h
	}
	return h + ":" + strconv.Itoa(t.Port)
}

// requestURI spells path and query as they go on the wire.
func requestURI(t survey.Target) string {
	uri := escapePath(t.Path)
	if uri == "" {
		uri = "/"
	}
	if t.Query != "" {
		uri += "?" + t.Query
	}
	return uri
}

func escapePath(p string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}%?#", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// sameForward reports whether two decisions send the request the same way.
func sameForward(a, b topo.Decision) bool {
	if a.Outcome != b.Outcome {
		return false
	}
	if a.Forward == nil || b.Forward == nil {
		return a.Forward == b.Forward && a.Status == b.Status
	}
	return a.Forward.Place == b.Forward.Place && a.Forward.Target == b.Forward.Target
}

// decide says how the gateway's configuration treats another request of the
// same site, as a log line shows it.
func (x *examination) decide(host, method, target string) topo.Decision {
	req := x.match.Request
	if h := hostOnly(host); h != "" {
		req.Host = h
	}
	if method != "" {
		req.Method = method
	}
	p, query, _ := strings.Cut(target, "?")
	req.Path, req.Query = cleanPath(p), query
	return x.match.Gateway.Conf.Resolve(req)
}

func cleanPath(p string) string {
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	trailing := strings.HasSuffix(p, "/")
	p = path.Clean(p)
	if trailing && p != "/" {
		p += "/"
	}
	return p
}

func hostOnly(h string) string {
	if name, _, err := net.SplitHostPort(h); err == nil {
		h = name
	}
	return strings.ToLower(strings.Trim(h, "[]"))
}

// roles returns the subjects of everything that plays a part in a failure at
// endpoint.
func (x *examination) roles(endpoints ...string) map[vocab.Role][]string {
	m := map[vocab.Role][]string{vocab.RoleRoute: {x.route}, vocab.RoleGateway: {x.gateway}}
	for _, e := range endpoints {
		if e != "" && !slices.Contains(m[vocab.RoleEndpoint], e) {
			m[vocab.RoleEndpoint] = append(m[vocab.RoleEndpoint], e)
		}
	}
	if p := x.pool(); p != "" {
		m[vocab.RolePool] = []string{p}
	}
	if names := x.names(); len(names) > 0 {
		m[vocab.RoleName] = names
	}
	if f := x.decision.Forward; f != nil && f.Resolver != nil && len(f.Resolver.Servers) > 0 {
		m[vocab.RoleResolver] = f.Resolver.Servers
	}
	return m
}
