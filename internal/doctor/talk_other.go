package doctor

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// otherTime bounds a question in a protocol that the gateway does not speak.
const otherTime = 600 * time.Millisecond

// otherLimits are how long such a question is listened to.
var otherLimits = probe.Limits{FirstByte: 400 * time.Millisecond, Total: otherTime}

// binaryProtocol reports whether a protocol is one of packets that application servers
// speak, which HTTP/1 cannot be taken for.
func binaryProtocol(p vocab.Protocol) bool {
	return p == vocab.FastCGI || p == vocab.UWSGI || p == vocab.SCGI || p == vocab.AJP
}

// otherProtocols tries what else an upstream may speak that gave no valid
// answer, each once, until one is found.
func (x *examination) otherProtocols(ctx context.Context, g *gapping, subject string, target probe.Target, secure bool) {
	e := g.u.Contact.Exchange
	f := x.decision.Forward
	binary := binaryProtocol(f.Protocol)
	// What refuses a packet of such a protocol as an HTTP server does may be one.
	refused := binary && e.HeadDone && e.FastCGI == nil && !tookRequest(e.Status)
	if e.HeadDone && e.Status > 0 && e.Hint == "" && len(e.Faults) == 0 && !refused || x.opts.Quick && e.Bytes > 0 && !refused {
		return
	}
	if binary && (e.Speaks == "" && !e.HeadDone && !(f.Protocol == vocab.AJP && e.Bytes > 0) || refused) {
		if plain, ok := x.askPlain(ctx, g, subject, target); ok && !(refused && plain.Status == e.Status) {
			g.u.Plain = &plain
		}
		return
	}
	if binary || secure || e.Status >= 100 && e.Hint == "" && e.Status != 400 {
		return
	}
	closed := e.End == probe.EndEOF || e.End == probe.EndReset
	dropped := e.Bytes == 0 && closed
	switch {
	case (e.Speaks == probe.SpeaksTLS || e.Hint == probe.HintWantsTLS || e.Bytes == 0) && x.tryTLS(ctx, g, subject, target):
	case f.Protocol == vocab.HTTP && e.Status == 0 && e.Speaks != probe.SpeaksHTTP2 && closed && x.tryHTTP2(ctx, g, subject, target):
	case dropped && (x.tryFastCGI(ctx, g, subject, target) || x.tryUWSGI(ctx, g, subject, target)):
	case dropped || e.Status == 400:
		x.tryProxied(ctx, g, subject, target)
	}
}

// tryTLS reports whether a handshake shows that TLS is spoken.
func (x *examination) tryTLS(ctx context.Context, g *gapping, subject string, target probe.Target) bool {
	sep, ok := askOf(g, "probe/tls", subject, dialling(x, func(d probe.Dialer) probe.Separation {
		cctx, cancel := context.WithTimeout(ctx, otherTime)
		defer cancel()
		first := probe.Handshake(cctx, d, target.Network, target.Address, probe.TLSOptions{ServerName: x.survey.Target.Host, SendName: true, MinVersion: tls.VersionTLS10})
		return probe.Separation{First: first}
	}))
	if ok {
		g.u.Handshake = &sep
	}
	return ok && g.u.shookHands()
}

// shookHands reports whether what answered a handshake speaks TLS, whether or not
// the handshake succeeded.
func (u *upstream) shookHands() bool {
	return u.Handshake != nil && (u.Handshake.First.OK || len(u.Handshake.First.Certs) > 0 || u.Handshake.First.Alert != "")
}

// tryHTTP2 reports whether a preface of HTTP/2 is answered as one.
func (x *examination) tryHTTP2(ctx context.Context, g *gapping, subject string, target probe.Target) bool {
	able, ok := askOf(g, "probe/http2", subject, dialling(x, func(d probe.Dialer) probe.HTTP2Ability {
		return probe.HTTP2(ctx, d, target, otherLimits)
	}))
	if ok {
		g.u.HTTP2 = &able
	}
	return ok && able.Speaks
}

// tryFastCGI reports whether FastCGI is spoken, by a question that starts no request.
func (x *examination) tryFastCGI(ctx context.Context, g *gapping, subject string, target probe.Target) bool {
	ability, ok := askOf(g, "probe/fastcgi", subject, dialling(x, func(d probe.Dialer) probe.FastCGIAbility {
		return probe.FastCGIValues(ctx, d, target.Network, target.Address, otherLimits)
	}))
	if ok {
		g.u.Ability = &ability
	}
	return ok && ability.Speaks
}

// tryUWSGI reports whether the same request is answered in the uwsgi protocol.
func (x *examination) tryUWSGI(ctx context.Context, g *gapping, subject string, target probe.Target) bool {
	spoken, ok := askOf(g, "probe/uwsgi", subject, dialling(x, func(d probe.Dialer) probe.Exchange {
		return probe.UWSGI(ctx, d, target.Network, target.Address, x.cgiParams(), otherLimits)
	}))
	if ok {
		g.u.UWSGI = &spoken
	}
	return ok && g.u.answersUWSGI()
}

func (u *upstream) answersUWSGI() bool {
	return u.UWSGI != nil && u.UWSGI.HeadDone && tookRequest(u.UWSGI.Status)
}

// tryProxied asks the same behind a PROXY header.
func (x *examination) tryProxied(ctx context.Context, g *gapping, subject string, target probe.Target) {
	target.ProxyHeader = true
	proxied, ok := askOf(g, "probe/proxied", subject, dialling(x, func(d probe.Dialer) probe.Exchange {
		s := x.decision.Upstream
		s.Method = "GET"
		return probe.HTTP(ctx, d, target, s, otherLimits)
	}))
	if ok {
		g.u.Proxied = &proxied
	}
}
