package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// upstreamFacts says what was found at every upstream.
func (x *examination) upstreamFacts(ctx context.Context, before, after, end picture) {
	for _, u := range x.upstreams {
		x.socketFacts(ctx, u, before, after)
		x.furtherFacts(u)
		x.replacedFacts(u, before, end)
		x.processFacts(ctx, u, after)
		x.connectFacts(u)
		x.wayFacts(u)
		if u.Handshake != nil {
			x.handshakeFacts(u)
		}
		if u.Contact != nil {
			x.exchangeFacts(u)
		}
		x.protocolFacts(u)
		x.idleFacts(u)
		if u.Path != nil {
			x.pathFacts(u)
		}
		x.cutFacts(u)
	}
	x.differFacts()
}

// about starts an observation of an upstream that was made now.
func (u *upstream) about(fact vocab.Fact, kind evidence.Kind, where, value string) observation {
	return observation{fact: fact, subject: u.Addr, value: value, when: u.AskedAt, kind: kind, where: where}
}

// connectFacts says how the probe's connect ended.
func (x *examination) connectFacts(u *upstream) {
	if !u.Connected {
		return
	}
	c := u.Connect
	fact := map[string]vocab.Fact{
		"ECONNREFUSED": vocab.ProbeRefused, "ENOENT": vocab.ProbeSocketMissing, "EACCES": vocab.ProbeDenied, "EPERM": vocab.ProbeDenied,
		"EAGAIN": vocab.ProbeQueueFull, "timeout": vocab.ProbeConnectTimeout, "ETIMEDOUT": vocab.ProbeConnectTimeout,
		"ENETUNREACH": vocab.ProbeUnroutable, "EHOSTUNREACH": vocab.ProbeUnroutable,
	}[c.Errno]
	if c.OK {
		fact = vocab.ProbeConnected
	}
	if fact == "" {
		return
	}
	network, _ := u.network()
	o := u.about(fact, evidence.Probe, network+" "+strings.TrimPrefix(u.Addr, "unix:"), "in "+seconds(c.Seconds))
	o.quote = c.Text
	x.add(o)
}

// wayFacts says what the kernel knows of the way to an upstream that cannot be
// connected.
func (x *examination) wayFacts(u *upstream) {
	if r := u.Route; r != nil {
		switch {
		case !r.Usable():
			x.add(u.about(vocab.RouteAbsent, evidence.Socket, "routing table", "route to "+r.Address+": "+r.Kind))
		case r.Neighbour == "failed" || r.Neighbour == "incomplete":
			x.add(u.about(vocab.NeighbourSilent, evidence.Socket, "neighbour table", r.NextHop+" does not answer on "+r.Device))
		default:
			x.add(u.about(vocab.RoutePresent, evidence.Socket, "routing table", r.Kind+" by "+r.Device))
		}
	}
	if u.Firewall != nil {
		for _, rule := range u.Firewall.Rules {
			if !rule.Sure {
				continue
			}
			o := u.about(vocab.FirewallRule, evidence.Socket, fmt.Sprintf("nftables %s %s %s", rule.Family, rule.Table, rule.Chain), rule.Text)
			o.quote = rule.Text
			x.add(o)
			break
		}
	}
}

// handshakeFacts says how TLS went, where the gateway is to speak it.
func (x *examination) handshakeFacts(u *upstream) {
	h := u.Handshake
	t := h.First
	where := "tls " + u.Addr
	plain := x.decision.Forward.Protocol == vocab.HTTP || x.decision.Forward.Protocol == vocab.GRPC
	if plain {
		return // a cross-check, judged in protocolFacts
	}
	verify := x.judgesCertificate()
	switch {
	case t.OK:
		x.add(u.about(vocab.ProbeTLSOK, evidence.Probe, where, t.Version))
		if verify {
			x.add(u.about(vocab.ProbeCertificateTrusted, evidence.Probe, where, ""))
		}
	case t.VerifyError != "" && verify && t.Phase == "verify":
		x.add(u.about(vocab.ProbeCertificateUntrusted, evidence.Probe, where, cmp.Or(t.VerifyText, t.VerifyError)))
	case t.PlainAnswer != "" || t.Speaks == probe.SpeaksHTTP:
		o := u.about(vocab.ProbeSpeaksPlain, evidence.Probe, where, "plain "+cmp.Or(t.Speaks, "text")+" is spoken there, the gateway speaks TLS")
		o.quote = t.PlainAnswer
		x.add(o)
		return
	case t.Alert != "":
		x.add(u.about(vocab.ProbeTLSAlert, evidence.Probe, where, "alert "+t.Alert))
	default:
		x.add(u.about(vocab.ProbeTLSFailed, evidence.Probe, where, t.Fault))
	}
	if h.NeedsName {
		x.add(u.about(vocab.ProbeNeedsSNI, evidence.Probe, where, "it succeeds only with a server name, and the gateway sends none"))
	}
	if h.NoCommonVersion {
		x.add(u.about(vocab.ProbeTLSFailed, evidence.Probe, where, "it succeeds only with versions or ciphers that the gateway does not allow"))
	}
	if t.WantsCert && !t.OK && x.decision.Settings[vocab.TLSCertificate].Value == "" {
		x.add(u.about(vocab.ProbeNeedsClientCertificate, evidence.Probe, where, "it asks for a client certificate, and the gateway has none"))
	}
}

// cutFacts says after which time our own request was cut.
func (x *examination) cutFacts(u *upstream) {
	for _, o := range x.own {
		cut := slices.ContainsFunc(o.Lines, func(h scan.Hit) bool {
			f := x.cond(h).Fact
			return h.Endpoint == u.Addr && (f == vocab.GatewayClosedEarly || f == vocab.GatewayResetEarly || f == vocab.GatewayClosedBody)
		})
		if cut && o.Seconds >= workedOn {
			x.add(u.about(vocab.CutAfterWait, evidence.OwnAnswer, "GET "+o.URI, "after "+seconds(o.Seconds)))
			return
		}
	}
}

// workedOn is from when on a request counts as one that was being worked on.
const workedOn = 0.5

// differFacts says where the gateway's log names an address that the
// configuration on disk does not lead to: it runs something else.
func (x *examination) differFacts() {
	if x.match.Gateway.Conf.Told {
		x.diskAnswers()
		return
	}
	if x.match.Gateway.Conf.Instance.Config == "" {
		return // all of it stands on the command line, which is what runs
	}
	x.waitDiffers()
	if len(x.configuredEndpoints()) == 0 {
		return // the file does not say where it leads
	}
	names := len(x.names()) > 0
	for _, u := range x.upstreams {
		if !u.Used || u.Configured || names && u.Name != "" && samePort(u.Addr, x.decision.Forward.Endpoints[0].Port) {
			continue
		}
		if x.leadsBeside(u.Addr) {
			continue // a sub-request, or an internal redirect, took the site's other way
		}
		if x.decision.Forward.RunTime && len(x.decision.Doubts) > 0 {
			continue // the target is computed, and not all of it is known
		}
		if x.match.Gateway.Conf.InPlace && !x.dialledForUs(u) {
			continue // before a reload, perhaps
		}
		x.add(observation{fact: vocab.ConfigDiffers, subject: x.gateway, value: fmt.Sprintf("it dials %s, the file on disk says %s", u.Addr, dialled(x.decision.Forward)),
			when: x.to, kind: evidence.File, where: x.decision.Forward.Place.String()})
		for _, c := range x.upstreams {
			if c.Configured && c.Connect.OK && !u.Connect.OK {
				x.add(observation{fact: vocab.ConfigTargetAnswers, subject: x.gateway, value: c.Addr, when: u.AskedAt, kind: evidence.Probe, where: "tcp " + c.Addr})
			}
		}
		return
	}
}

// leadsBeside reports whether another way out of the site leads to an address: a
// request that goes there, too, is dialled by the configuration on disk.
func (x *examination) leadsBeside(addr string) bool {
	return slices.ContainsFunc(x.match.Gateway.Conf.Instance.Sites, func(s topo.Site) bool {
		return x.ownSite(s) && slices.ContainsFunc(s.Forwards, func(f topo.Forward) bool { return slices.Contains(endpointsOf(&f), addr) })
	})
}

// dialledForUs reports whether the gateway dialled u for our own request.
func (x *examination) dialledForUs(u *upstream) bool {
	return slices.ContainsFunc(x.own, func(o ownRequest) bool {
		return slices.ContainsFunc(o.Lines, func(h scan.Hit) bool { return h.Endpoint == u.Addr })
	})
}

// waitDiffers says where the gateway gave up on our own request long before the
// configuration on disk would let it.
func (x *examination) waitDiffers() {
	limit, ok := x.decision.Settings[vocab.ReadTimeout]
	if !ok || limit.Number == 0 {
		return
	}
	for _, o := range x.own {
		for _, h := range o.Lines {
			if x.cond(h).Fact != vocab.GatewayReadTimeout || o.Seconds > 0.8*limit.Number {
				continue
			}
			x.add(observation{fact: vocab.ConfigDiffers, subject: x.gateway, when: x.to, kind: evidence.File, where: limit.Place.String(),
				value: fmt.Sprintf("it gave up after %s, the file on disk says %s %s", seconds(o.Seconds), limit.Directive, limit.Value)})
			return
		}
	}
}

func samePort(addr string, port int) bool { return strings.HasSuffix(addr, ":"+strconv.Itoa(port)) }
