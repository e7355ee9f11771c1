package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// What takes too long may take it on the way, where neither the application nor
// the gateway is to blame. Whether packets vanish, come late, or are too long for a
// hop that says nothing, small questions to the upstream's kernel tell.

// sizing is what became of requests that differ only in the size of their packets.
type sizing struct {
	Longer *probe.Exchange  `json:"longer,omitempty"` // the request with more header than fits one packet
	Small  *probe.Exchange  `json:"small,omitempty"`  // what was lost, again, in small packets
	TLS    *probe.TLSResult `json:"tls,omitempty"`    // the handshake in small packets
}

// RedactWith takes the secrets out of the answers.
func (s *sizing) RedactWith(r *evidence.Redactor) {
	for _, e := range []*probe.Exchange{s.Longer, s.Small} {
		if e != nil {
			e.RedactWith(r)
		}
	}
}

// pathLimits bound the series of connects.
func (x *examination) pathLimits() probe.PathLimits {
	if x.opts.Deep {
		return probe.PathLimits{Tries: 16}
	}
	return probe.PathLimits{Tries: 8}
}

// worthPath reports whether the way to an upstream is looked at: it leads over a
// network, and something took too long.
func (x *examination) worthPath(u *upstream) bool {
	if u.unix() || u.Local || !u.Connected || x.opts.Quick {
		return false
	}
	return x.opts.Deep || u.Connect.Errno == "timeout" || u.Connect.Resent > 0 || slices.ContainsFunc(x.failures, tookTooLong)
}

// tookTooLong reports whether a failure is one that a bad way can make.
func tookTooLong(f evidence.Failure) bool {
	switch f.Symptom {
	case vocab.ConnectionTimeout, vocab.ConnectionReadTimeout, vocab.ConnectionWriteTimeout, vocab.HTTPResponseTimeout, vocab.HTTPResponseIncomplete, vocab.TLSProtocolError:
		return true
	}
	return false
}

// askPath makes a series of connects. Where the first connect was not answered and
// one of the series was, the upstream is there.
func (x *examination) askPath(ctx context.Context, g *gapping, subject string) {
	network, address := g.u.network()
	r, ok := askOf(g, "probe/path", subject, dialling(x, func(d probe.Dialer) probe.PathResult {
		return probe.Path(ctx, d, network, address, x.pathLimits())
	}))
	if !ok {
		return
	}
	g.u.Path = &r
	if c, ok := r.First(); ok && !g.u.Connect.OK {
		g.u.Connect = c
	}
}

// worthSizes reports whether packets of two sizes are sent to an upstream: something
// of it took too long, and the kernel shows that packets were lost, or uploads fail.
func (x *examination) worthSizes(u *upstream) bool {
	if u.Path == nil || !u.Connect.OK || !slices.ContainsFunc(x.failures, tookTooLong) {
		return false
	}
	switch {
	case u.Contact == nil:
		return u.Handshake != nil && u.Handshake.First.End == probe.EndTimeout && swallowed(u.Handshake.First.Kernel)
	case stalled(u.Contact.Exchange):
		return swallowed(u.Contact.Exchange.Kernel)
	}
	return x.uploadsFail()
}

// askSizes sends once more, in small packets, what the kernel shows to have been
// lost in large ones. Where only requests with a body fail, a longer one is tried
// first.
func (x *examination) askSizes(ctx context.Context, g *gapping, subject string) {
	u := g.u
	s, ok := askOf(g, "probe/sizes", subject, seeing(x, x.place, func(v *host.View) (sizing, error) {
		if gap := v.NetworkGap(); gap != nil {
			return sizing{}, gap
		}
		return x.trySizes(ctx, u, v.Dial, v.DialSmall), nil
	}))
	if ok {
		u.Sizes = &s
	}
}

func (x *examination) trySizes(ctx context.Context, u *upstream, large, small probe.Dialer) (s sizing) {
	network, address := u.network()
	target := probe.Target{Network: network, Address: address}
	request := x.decision.Upstream
	request.Method = "GET"
	if request.Version != "1.0" {
		request.Version = "1.1"
	}
	plain := x.decision.Forward.Protocol == vocab.HTTP
	switch {
	case u.Contact == nil && u.Handshake != nil && u.Handshake.First.End == probe.EndTimeout && swallowed(u.Handshake.First.Kernel):
		cctx, cancel := context.WithTimeout(ctx, x.limits().Total)
		defer cancel()
		r := probe.Handshake(cctx, small, network, address, probe.TLSOptions{ServerName: x.survey.Target.Host, SendName: true})
		s.TLS = &r
	case !plain || u.Contact == nil:
	case stalled(u.Contact.Exchange) && swallowed(u.Contact.Exchange.Kernel):
		e := probe.HTTP(ctx, small, target, request, x.limits())
		s.Small = &e
	case x.answersWell(u.Contact.Exchange) && x.uploadsFail():
		request.Header = append(slices.Clone(request.Header), topo.Header{Name: "X-Goodgate-Padding", Value: strings.Repeat("p", paddingBytes)})
		e := probe.HTTP(ctx, large, target, request, probe.Limits{FirstByte: 1500 * time.Millisecond, Total: 2 * time.Second})
		if s.Longer = &e; stalled(e) && swallowed(e.Kernel) {
			again := probe.HTTP(ctx, small, target, request, probe.Limits{FirstByte: 1500 * time.Millisecond, Total: 2 * time.Second})
			s.Small = &again
		}
	}
	return s
}

// paddingBytes is what makes a request longer than one packet of any usual network,
// and no longer than servers take (8 KB of header is the least of the common ones).
const paddingBytes = 3000

// uploadsFail reports whether requests that may have a body met a timeout.
func (x *examination) uploadsFail() bool {
	return slices.ContainsFunc(x.hits, func(h scan.Hit) bool {
		c := x.cond(h)
		return c.Fails && unsafe(h.Method) && tookTooLong(evidence.Failure{Symptom: c.Symptom})
	})
}

// stalled reports whether an exchange ended because nothing more came.
func stalled(e probe.Exchange) bool {
	return e.End == probe.EndFirstByte || e.End == probe.EndTimeout || e.BodyEnd == probe.BodyStalled
}

// swallowed reports whether the kernel shows that packets of a connection are
// missing at its end: what was sent is not acknowledged though sent again, or what
// came has a hole before it.
func swallowed(k *probe.Kernel) bool {
	return k != nil && (k.Unacked > 0 && k.Resent > 0 || k.Holes > 0)
}

// pathFacts says what was learnt of the way.
func (x *examination) pathFacts(u *upstream) {
	_, address := u.network()
	if u.Path == nil {
		return
	}
	p := u.Path
	where := fmt.Sprintf("%d connects to %s", len(p.Trials), address)
	if limit := x.shortestWait(); limit > 0 && p.Quickest() >= slowPart*limit {
		x.add(u.about(vocab.PathSlow, evidence.Probe, where, fmt.Sprintf("%s there and back, and the gateway waits %s", seconds(p.Quickest()), seconds(limit))))
		return
	}
	connects, ends := p.Loss()
	if connects+ends >= 2 {
		x.add(u.about(vocab.PathLoss, evidence.Probe, where, fmt.Sprintf("%d of %d lost a packet", connects+ends, 2*len(p.Trials))))
	} else if p.Whole() {
		x.add(u.about(vocab.PathWhole, evidence.Probe, where, "the quickest in "+seconds(p.Quickest())))
	}
	resent := 0
	if c := u.Contact; c != nil && c.Exchange.Kernel.Lost(c.Exchange.Connection.Resent) {
		resent++
	}
	if ends+resent >= 2 {
		x.add(u.about(vocab.PathDataLost, evidence.Probe, where, fmt.Sprintf("on %d connections after they were open", ends+resent)))
	}
}

// slowPart is from which part of the gateway's patience on the way alone is to
// blame.
const slowPart = 0.5

// shortestWait is how long the gateway waits for a connection, or for an answer on
// one, whichever is less, in seconds; 0: that is not known.
func (x *examination) shortestWait() float64 {
	least := 0.0
	for _, k := range []vocab.Knob{vocab.ConnectTimeout, vocab.ReadTimeout} {
		if n := x.decision.Settings[k].Number; n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// holeFacts says where large packets vanish.
func (x *examination) holeFacts(u *upstream) {
	s := u.Sizes
	if s == nil {
		return
	}
	value := ""
	switch {
	case s.TLS != nil && (s.TLS.OK || len(s.TLS.Certs) > 0):
		value = "a TLS handshake stalls with packets of the usual size, and not with small ones"
	case s.Small == nil || !s.Small.HeadDone || stalled(*s.Small):
	case s.Longer != nil:
		value = fmt.Sprintf("a request of %d bytes is not acknowledged in packets of %d bytes, and is in small ones", s.Longer.Sent, s.Longer.Kernel.Segment)
	default:
		value = fmt.Sprintf("an answer of %d bytes arrives in small packets, and not in large ones", s.Small.Bytes)
	}
	if value == "" {
		return
	}
	x.add(u.about(vocab.PathBlackHole, evidence.Probe, "the same request in two sizes of packets at "+u.Addr, value))
}
