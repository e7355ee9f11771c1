package doctor

import (
	"context"
	"crypto/tls"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// waitLook is when, after a request was sent and not answered, the host is
// looked at: whether the request lies unread, whether the process is busy.
const waitLook = 150 * time.Millisecond

// talk speaks to a connected upstream as the gateway would, and where it gets no
// valid answer, in the other protocols that it may speak.
func (x *examination) talk(ctx context.Context, g *gapping, subject string) {
	u := g.u
	f := x.decision.Forward
	network, address := u.network()
	proxied, _ := x.decision.Settings.Number(vocab.ProxyHeaderSend)
	target := probe.Target{Network: network, Address: address, ProxyHeader: proxied == 1 && f.Protocol != vocab.FastCGI}
	secure := f.Protocol == vocab.HTTPS || f.Protocol == vocab.GRPCS || f.Protocol == vocab.SUWSGI || f.Protocol == vocab.TLS
	if secure {
		opt := x.tlsOptions(ctx)
		sep, ok := askOf(g, "probe/tls", subject, dialling(x, func(d probe.Dialer) probe.Separation {
			cctx, cancel := context.WithTimeout(ctx, x.limits().Total)
			defer cancel()
			return probe.Separate(cctx, d, network, address, opt)
		}))
		if !ok {
			return
		}
		u.Handshake = &sep
		if !sep.First.OK {
			return
		}
		target.TLS = &opt
	}
	u.Contact = x.exchange(ctx, g, subject, f.Protocol, target)
	if u.Contact == nil {
		return
	}
	x.otherProtocols(ctx, g, subject, target, secure)
	if x.worthIdle() && u.Contact.Exchange.HeadDone {
		u.Idle = x.askIdle(ctx, g, subject, target)
	}
}

// askIdle asks once more, leaves the connection open and sees how long the
// upstream keeps it. Without --deep it is let go as soon as the answer is there:
// then only what the answer announces is known.
func (x *examination) askIdle(ctx context.Context, g *gapping, subject string, target probe.Target) *probe.IdleResult {
	most := time.Millisecond
	if x.opts.Deep {
		most = x.idlePatience()
	}
	idle, ok := askOf(g, "probe/idle", subject, dialling(x, func(d probe.Dialer) probe.IdleResult {
		return probe.Idle(ctx, d, target, keptAlive(x.decision.Upstream), x.limits(), most, x.opts.Deep)
	}))
	if !ok {
		return nil
	}
	return &idle
}

// idlePatience is how long an idle connection is watched with --deep: somewhat
// longer than the gateway reuses one.
func (x *examination) idlePatience() time.Duration {
	return min(max(x.decision.Settings.Seconds(vocab.KeepaliveTimeout)+time.Second, 5*time.Second), 70*time.Second)
}

// keptAlive returns the request with the header that keeps the connection open.
func keptAlive(s topo.Spoken) topo.Spoken {
	kept := s
	kept.Version = "1.1"
	kept.Header = nil
	for _, h := range s.Header {
		if !strings.EqualFold(h.Name, "Connection") {
			kept.Header = append(kept.Header, h)
		}
	}
	return kept
}

// exchange sends the request and looks at the host while no answer comes.
func (x *examination) exchange(ctx context.Context, g *gapping, subject string, protocol vocab.Protocol, target probe.Target) *contact {
	c, ok := askOf(g, "probe/exchange", subject, func() (contact, error) {
		d, err := x.dialer(x.place)
		if err != nil {
			return contact{}, err
		}
		var c contact
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Started = time.Now().UTC()
			c.Exchange = x.speak(ctx, d, protocol, target, x.spoken(g.u))
			if x.leadsTo(g.u) {
				x.rec.Redact.Keep(c.Exchange.Connection.Local) // by it some logs show our request
			}
		}()
		var conns host.Connections
		var loads []host.Load
		looked := false
		select {
		case <-done:
		case <-time.After(waitLook):
			looked = true
			if v, err := x.views.View(x.place); err == nil && g.u.Local {
				conns, _ = v.Connections(ctx, g.u.Addr)
				loads, _ = host.MeasureLoad(ctx, pids(g.u.After), 200*time.Millisecond)
			}
		}
		<-done
		if looked {
			c.Connections, c.Loads = &conns, loads
		}
		return c, nil
	})
	if !ok {
		return nil
	}
	return &c
}

// leadsTo reports whether the next gateway listens at an upstream's address.
func (x *examination) leadsTo(u *upstream) bool { return x.behind != nil && x.behind.addr == u.Addr }

// spoken is the request as it is sent to an upstream: one to a gateway bears our
// mark.
func (x *examination) spoken(u *upstream) topo.Spoken {
	if x.leadsTo(u) {
		return x.behind.marked(x.decision.Upstream)
	}
	return x.decision.Upstream
}

// speak sends the request in a protocol.
func (x *examination) speak(ctx context.Context, d probe.Dialer, protocol vocab.Protocol, target probe.Target, s topo.Spoken) probe.Exchange {
	if s.Method != "HEAD" {
		s.Method = "GET"
	}
	switch protocol {
	case vocab.FastCGI:
		return probe.FastCGI(ctx, d, target.Network, target.Address, s.Params, x.limits())
	case vocab.UWSGI, vocab.SUWSGI:
		return probe.UWSGI(ctx, d, target.Network, target.Address, s.Params, x.limits())
	case vocab.SCGI:
		return probe.SCGI(ctx, d, target.Network, target.Address, s.Params, x.limits())
	case vocab.AJP:
		return probe.AJP(ctx, d, target.Network, target.Address, s, x.limits())
	case vocab.GRPC, vocab.GRPCS:
		return probe.HTTP2Ask(ctx, d, target, s, x.limits())
	}
	if s.Version == "" || s.Version == "2" || s.Version == "2.0" {
		s.Version = "1.1"
	}
	return probe.HTTP(ctx, d, target, s, x.limits())
}

// cgiParams is our request as CGI variables (RFC 3875 section 4.1).
func (x *examination) cgiParams() []topo.Header {
	t := x.survey.Target
	return []topo.Header{
		{Name: "REQUEST_METHOD", Value: "GET"}, {Name: "PATH_INFO", Value: t.Path}, {Name: "SCRIPT_NAME", Value: ""}, {Name: "QUERY_STRING", Value: t.Query},
		{Name: "REQUEST_URI", Value: requestURI(t)}, {Name: "SERVER_PROTOCOL", Value: "HTTP/1.1"}, {Name: "SERVER_NAME", Value: t.Host},
		{Name: "SERVER_PORT", Value: strconv.Itoa(t.Port)}, {Name: "HTTP_HOST", Value: x.match.Dial.Host}, {Name: "REMOTE_ADDR", Value: "127.0.0.1"},
	}
}

// tlsOptions says how the gateway opens TLS to the upstream.
func (x *examination) tlsOptions(ctx context.Context) probe.TLSOptions {
	s := x.decision.Settings
	name := s[vocab.TLSName].Value
	if x.label() == "" && (name == "" || strings.Contains(name, "$")) {
		name = x.upstreamHost()
	}
	sni, _ := s.Number(vocab.TLSServerName)
	verify, _ := s.Number(vocab.TLSVerify)
	o := probe.TLSOptions{ServerName: name, SendName: sni == 1, Verify: verify == 1, VerifyName: name}
	if v := s[vocab.TLSServerName].Value; x.label() != "" && v != "" {
		o.ServerName = v // the name that is sent need not be the one that is judged
	}
	if checks, ok := s.Number(vocab.TLSCheckName); ok {
		times, _ := s.Number(vocab.TLSCheckTime)
		o.AnyName = checks == 0
		if verify == 0 && checks+times > 0 {
			o.Verify, o.AnyAuthority, o.AnyTime = true, true, times == 0
		}
	}
	if d, ok := s.Number(vocab.TLSVerifyDepth); ok {
		o.Depth = int(d)
	}
	o.MinVersion, o.MaxVersion = tlsVersions(s[vocab.TLSProtocols].Value)
	if o.Verify {
		o.Roots = x.readPEM(ctx, s[vocab.TLSTrusted].Value)
	}
	if c := s[vocab.TLSCertificate].Value; c != "" {
		o.Cert, o.Key = x.readPEM(ctx, c), x.readPEM(ctx, s[vocab.TLSCertificateKey].Value)
	}
	return o
}

// judgesCertificate reports whether the gateway refuses certificates that do not
// please it.
func (x *examination) judgesCertificate() bool {
	for _, k := range []vocab.Knob{vocab.TLSVerify, vocab.TLSCheckName, vocab.TLSCheckTime} {
		if x.decision.Settings[k].Number == 1 {
			return true
		}
	}
	return false
}

// upstreamHost is the name that nginx verifies and sends by default: the host
// part of the target ($proxy_host).
func (x *examination) upstreamHost() string {
	f := x.decision.Forward
	if f.Pool != "" {
		return f.Pool
	}
	if len(f.Endpoints) > 0 && f.Endpoints[0].Network != "unix" {
		return f.Endpoints[0].Host
	}
	return "localhost"
}

// readPEM reads a certificate file as the gateway sees it. It is used for the
// handshake and not recorded: keys must not enter a case.
func (x *examination) readPEM(ctx context.Context, path string) []byte {
	if path == "" || x.rec.Replaying() {
		return nil
	}
	v, err := x.views.View(x.place)
	if err != nil {
		return nil
	}
	d, err := v.ReadFile(ctx, path, 1<<20)
	if err != nil {
		return nil
	}
	return d.Body
}

// tlsVersions reads a list of versions as nginx writes it.
func tlsVersions(words string) (lowest, highest uint16) {
	for _, w := range strings.Fields(words) {
		v := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}[w]
		if v == 0 {
			continue
		}
		if lowest == 0 || v < lowest {
			lowest = v
		}
		highest = max(highest, v)
	}
	return lowest, highest
}
