package doctor

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// upstreamsMost bounds how many endpoints are looked at: a pool of hundreds is
// sampled.
const upstreamsMost = 8

// upstream is one address that the gateway dials, or would dial by the
// configuration on disk, with everything that was asked about it.
type upstream struct {
	Addr       string // as subjects spell it: "127.0.0.1:3000", "unix:/run/app.sock"
	Name       string // the DNS name that leads here; empty: none
	Used       bool   // the gateway's log shows that it dialled here
	Configured bool   // the configuration on disk leads here
	OnDisk     bool   // only the files lead here, not what runs, where the gateway told what does
	Local      bool   // the address belongs to the gateway's network namespace
	AskedAt    time.Time

	Before, After []host.Listener // who listens there, before and after our own request
	Connect       probe.Connection
	Connected     bool // Connect was asked
	Contact       *contact
	Handshake     *probe.Separation
	Ability       *probe.FastCGIAbility
	Proxied       *probe.Exchange // the same request behind a PROXY header
	UWSGI         *probe.Exchange // the same request in the uwsgi protocol
	Plain         *probe.Exchange // the same request as plain HTTP, where the gateway speaks something else
	Idle          *probe.IdleResult
	HTTP2         *probe.HTTP2Ability
	Path          *probe.PathResult // a series of connects, where the way may be to blame
	Sizes         *sizing
	Unix          *host.UnixPath
	Route         *host.Route
	Firewall      *host.Firewall
	Processes     []host.Process // that hold the listener, and their parents up to the first that does not
	AppLogs       []readLog
	Hops          []host.Hop    // routers on the way, where packets end on it
	Server        string        // the application server that holds the listener, where its limits are known
	Limits        topo.Settings // of that server
}

// network returns how to dial the upstream.
func (u *upstream) network() (network, address string) {
	if p, ok := strings.CutPrefix(u.Addr, "unix:"); ok {
		return "unix", p
	}
	return "tcp", u.Addr
}

func (u *upstream) unix() bool { return strings.HasPrefix(u.Addr, "unix:") }

// contact is one request to an upstream, with what its host showed while the
// answer was awaited.
type contact struct {
	Exchange    probe.Exchange    `json:"exchange"`
	Connections *host.Connections `json:"connections,omitempty"`
	Loads       []host.Load       `json:"loads,omitempty"`
	Started     time.Time         `json:"started"`
}

// RedactWith takes the secrets out of the answer.
func (c *contact) RedactWith(r *evidence.Redactor) { c.Exchange.RedactWith(r) }

// gather asks about every endpoint of interest. It returns the last picture.
func (x *examination) gather(ctx context.Context, before, after picture) picture {
	if x.decision.Forward == nil {
		return after
	}
	resolved := x.resolveNames(ctx)
	x.resolved = resolved
	x.upstreams = x.endpointsOfInterest(resolved)
	x.nameSubjects()
	x.follow(addrsOf(x.upstreams))
	if x.behind != nil {
		x.behind.marks = x.behind.noteLogs()
	}
	local := x.localAddresses(ctx)
	x.progress("asking the upstream")
	var wg sync.WaitGroup
	gate := make(chan struct{}, 4)
	var mu sync.Mutex
	for _, u := range x.upstreams {
		u.Before, u.After = before.at(u.Addr), after.at(u.Addr)
		u.AskedAt = after.when
		u.Local = u.unix() || local.Has(addrOf(u.Addr))
		u.Processes = familyOf(after.Processes, pids(u.After))
		if len(u.Processes) == 0 {
			u.Processes = familyOf(before.Processes, pids(u.Before))
		}
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			for _, g := range x.askUpstream(ctx, u) {
				mu.Lock()
				x.gap(g)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, u := range x.upstreams {
		x.readAppLogs(ctx, u)
		x.limitsOf(ctx, u)
	}
	end := x.lastLook(ctx, after)
	x.upstreamFacts(ctx, before, after, end)
	x.nameFacts(resolved)
	x.appFacts(ctx)
	x.lookAtChanges(ctx)
	x.elsewhereFacts(after)
	return end
}

func addrsOf(list []*upstream) []string {
	var all []string
	for _, u := range list {
		all = append(all, u.Addr)
	}
	return all
}

// lastLook takes another picture where connections broke: a worker that was
// killed for our own request is replaced only a moment later.
func (x *examination) lastLook(ctx context.Context, after picture) picture {
	if !slices.ContainsFunc(x.upstreams, x.broke) {
		return after
	}
	return x.lookAtUpstreams(ctx, "end")
}

// endpointsOfInterest lists the addresses that the gateway's log names, then
// those of the configuration.
func (x *examination) endpointsOfInterest(resolved []resolution) []*upstream {
	var list []*upstream
	get := func(addr string) *upstream {
		for _, u := range list {
			if u.Addr == addr {
				return u
			}
		}
		if len(list) == upstreamsMost {
			x.note("only %d of the endpoints were looked at", upstreamsMost)
			return &upstream{}
		}
		u := &upstream{Addr: addr}
		list = append(list, u)
		return u
	}
	for _, failure := range x.failures {
		for _, e := range failure.Subjects[vocab.RoleEndpoint] {
			if dialable(e) {
				get(e).Used = true
			}
		}
	}
	for _, d := range x.dials {
		u := get(d.addr)
		u.Used, u.Name = true, d.name
	}
	for _, e := range x.decision.Forward.Endpoints {
		if !e.IsName() {
			get(e.String()).Configured = true
		}
	}
	if disk, ok := x.onDisk(); ok && disk.Forward != nil {
		for _, e := range disk.Forward.Endpoints {
			if known := len(list); !e.IsName() && known < upstreamsMost {
				if u := get(e.String()); len(list) > known {
					u.OnDisk = true
				}
			}
		}
	}
	for _, r := range resolved {
		for _, a := range r.Addresses {
			u := get(net.JoinHostPort(a.IP, strconv.Itoa(r.Port)))
			u.Configured, u.Name = true, r.Name
		}
	}
	for _, u := range list {
		if u.Name == "" && u.Used && !u.Configured && len(resolved) == 1 {
			u.Name = resolved[0].Name
		}
	}
	return list
}

// nameSubjects adds to the failures that are only known by a name the addresses
// that it has: facts are about addresses.
func (x *examination) nameSubjects() {
	for i := range x.failures {
		s := x.failures[i].Subjects
		for _, u := range x.upstreams {
			if u.Name == "" || slices.Contains(s[vocab.RoleEndpoint], u.Addr) {
				continue
			}
			_, port, _ := net.SplitHostPort(u.Addr)
			if slices.Contains(s[vocab.RoleEndpoint], u.Name+":"+port) {
				s[vocab.RoleEndpoint] = append([]string{u.Addr}, s[vocab.RoleEndpoint]...)
			}
		}
	}
}

// dialable reports whether e is an address, not a name.
func dialable(e string) bool {
	if strings.HasPrefix(e, "unix:") {
		return true
	}
	_, err := netip.ParseAddrPort(e)
	return err == nil
}

func addrOf(e string) string {
	if a, err := netip.ParseAddrPort(e); err == nil {
		return a.Addr().String()
	}
	return e
}

func (x *examination) localAddresses(ctx context.Context) host.Addresses {
	a, _ := askView(x, "host/addresses", "", func(v *host.View) (host.Addresses, error) { return v.Addresses(ctx) })
	return a
}

// limits returns how long an upstream is listened to: somewhat longer than the
// gateway waits, so that "late" can be told from "never".
func (x *examination) limits() probe.Limits {
	wait := asDuration(x.waits())
	if wait == 0 {
		wait = 60 * time.Second
	}
	most := 5 * time.Second
	switch {
	case x.opts.Deep:
		most = 75 * time.Second
	case x.opts.Quick:
		most = 250 * time.Millisecond
	}
	first := min(most, 3*wait+1500*time.Millisecond)
	return probe.Limits{FirstByte: first, Total: first + 500*time.Millisecond, Body: 1 << 20}
}

// gapping asks a question of one upstream and hands gaps back: several upstreams
// are asked at once.
type gapping struct {
	x    *examination
	u    *upstream
	gaps []evidence.Gap
}

func askOf[T any](g *gapping, source, subject string, live func() (T, error)) (T, bool) {
	result, _, err := evidence.Ask(g.x.rec, source, subject, live)
	if err != nil {
		g.gaps = append(g.gaps, gapOf(err, source, subject))
	}
	return result, err == nil
}

// askUpstream asks one upstream, each question once, the next one where the
// last answer calls for it.
func (x *examination) askUpstream(ctx context.Context, u *upstream) []evidence.Gap {
	g := &gapping{x: x, u: u}
	subject := x.place.Subject(u.Addr)
	if u.unix() {
		x.askUnixPath(ctx, g, subject)
	}
	if !x.silent() {
		network, address := u.network()
		var ok bool
		u.Connect, ok = askOf(g, "probe/connect", subject, dialling(x, func(d probe.Dialer) probe.Connection {
			cctx, cancel := context.WithTimeout(ctx, x.connectPatience())
			defer cancel()
			return probe.Connect(cctx, d, network, address)
		}))
		u.Connected = ok
		if u.Connect.Errno == "timeout" && x.worthPath(u) {
			x.askPath(ctx, g, subject) // one of several may come through
		}
		if u.Connect.OK {
			x.talk(ctx, g, subject)
		}
	}
	if !u.unix() && (!u.Connected || !u.Connect.OK) {
		x.askWay(ctx, g, subject)
	}
	return g.gaps
}

// connectPatience is how long a connect is waited for: a refusal comes at once,
// and a second is longer than the first retransmission of a SYN takes.
func (x *examination) connectPatience() time.Duration {
	if x.opts.Quick {
		return 250 * time.Millisecond
	}
	return 1200 * time.Millisecond
}

// askUnixPath asks whether the gateway's user may reach a unix socket.
func (x *examination) askUnixPath(ctx context.Context, g *gapping, subject string) {
	p := x.match.Gateway.Dialler()
	who := host.Identity{UID: p.UID, GID: p.GID, Groups: p.Groups}
	_, path := g.u.network()
	r, ok := askOf(g, "host/unixpath", subject, seeing(x, x.place, func(v *host.View) (host.UnixPath, error) { return v.UnixPath(ctx, path, who) }))
	if ok {
		g.u.Unix = &r
	}
}

// askWay asks the kernel for the way to an upstream that cannot be connected.
func (x *examination) askWay(ctx context.Context, g *gapping, subject string) {
	addr, err := netip.ParseAddrPort(g.u.Addr)
	if err != nil {
		return
	}
	route, ok := askOf(g, "host/route", subject, seeing(x, x.place, func(v *host.View) (host.Route, error) { return v.Route(ctx, addr.Addr().String()) }))
	if ok {
		g.u.Route = &route
	}
	if g.u.Connect.Errno == "ECONNREFUSED" && len(g.u.After) == 0 {
		return // a refusal without a listener needs no firewall
	}
	fw, ok := askOf(g, "host/firewall", subject, seeing(x, x.place, func(v *host.View) (host.Firewall, error) {
		return v.Firewall(ctx, addr.Addr().String(), int(addr.Port()))
	}))
	if ok {
		g.u.Firewall = &fw
		g.gaps = append(g.gaps, fw.Gaps...)
	}
}

// worthIdle reports whether the idle time of the upstream matters: the gateway
// reuses connections, and some broke.
func (x *examination) worthIdle() bool {
	n, _ := x.decision.Settings.Number(vocab.KeepaliveCount)
	p := x.decision.Forward.Protocol
	broke := slices.ContainsFunc(x.failures, func(f evidence.Failure) bool { return f.Symptom == vocab.ConnectionTerminated })
	return n > 0 && (p == vocab.HTTP || p == vocab.HTTPS) && (x.opts.Deep || broke && !x.opts.Quick)
}
