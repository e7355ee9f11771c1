package doctor

import (
	"slices"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Some gateways write one word for many failures of the connect, and some write
// no log that can be read. Then what the probe meets, where it dials exactly
// what the gateway dials, says what the gateway saw.

// refine says more exactly what the gateway saw, where its log leaves it open or
// there is none.
func (x *examination) refine() {
	if x.decision.Forward == nil {
		return
	}
	for i := range x.failures {
		f := &x.failures[i]
		switch {
		case x.vague(f):
			if s := x.metBy(f, true); s != "" {
				f.Symptom = s
			}
		case f.Symptom == vocab.HTTPProtocolError && x.has(vocab.ProbeHeaderTooBig, ""):
			f.Symptom = vocab.HTTPHeaderSectionSize
		case x.passedOnCut(f):
			f.Symptom = vocab.HTTPResponseIncomplete
		case x.mute(f):
			if s := x.metBy(f, false); s != "" {
				f.Symptom = s
				x.derived = append(x.derived, f.Endpoint())
				x.impliedFact(f)
				x.note("No log of the gateway says what it saw: %q is what the probe of the upstream and the answer show.", s)
			}
		}
	}
}

// implied is what the symptom of an answer that the gateway made says of its
// upstream. A status is the gateway's own word, as a line of its log is.
var implied = map[vocab.Symptom]vocab.Fact{
	vocab.ConnectionRefused: vocab.GatewayConnectFailed, vocab.TLSCertificateError: vocab.GatewayConnectFailed, vocab.TLSProtocolError: vocab.GatewayConnectFailed,
	vocab.TLSAlertReceived: vocab.GatewayConnectFailed, vocab.ProxyInternalError: vocab.GatewayConnectFailed, vocab.DestinationIPUnroutable: vocab.GatewayConnectFailed,
	vocab.ConnectionTimeout: vocab.GatewayConnectTimeout, vocab.ConnectionTerminated: vocab.GatewayClosedEarly, vocab.HTTPResponseTimeout: vocab.GatewayReadTimeout,
}

func (x *examination) impliedFact(f *evidence.Failure) {
	fact := implied[f.Symptom]
	if fact == "" || f.Endpoint() == "" || len(f.Subjects[vocab.RoleEndpoint]) > 1 && x.decision.Forward.RunTime {
		return
	}
	for _, o := range x.own {
		if o.Status == f.Status && o.Status >= 502 {
			x.add(o.observed(fact, f.Endpoint(), "", statusLine(o.Exchange)))
			return
		}
	}
}

// vague reports whether the lines about a failure say that the connect failed,
// and not how.
func (x *examination) vague(f *evidence.Failure) bool {
	return f.Symptom == vocab.ConnectionRefused && slices.ContainsFunc(x.hits, func(h scan.Hit) bool {
		return x.cond(h).Fact == vocab.GatewayConnectFailed && (h.Endpoint == "" || slices.Contains(f.Subjects[vocab.RoleEndpoint], h.Endpoint))
	})
}

// mute reports whether a failure of our own request is one that a log would
// explain, and none could be read. It is judged for the products whose statuses
// tell that much.
func (x *examination) mute(f *evidence.Failure) bool {
	if x.label() == "" && !x.ownPage() || !f.Own || f.Symptom != "" || x.covered || x.decision.Outcome != topo.Forwards {
		return false
	}
	// A gateway that was not reached saw nothing.
	return !slices.ContainsFunc(x.own, func(o ownRequest) bool { return !o.Connection.OK })
}

// passedOnCut reports whether our own request got the beginning of a body, and the
// upstream itself sends no more of it: then the gateway met the end of it too, whether
// or not it writes of which request.
func (x *examination) passedOnCut(f *evidence.Failure) bool {
	return f.Own && f.Symptom == "" && slices.ContainsFunc(x.own, func(o ownRequest) bool { return o.Status > 0 && broken(o.Exchange) }) &&
		slices.ContainsFunc(x.upstreams, func(u *upstream) bool {
			return slices.Contains(f.Subjects[vocab.RoleEndpoint], u.Addr) && u.Contact != nil && broken(u.Contact.Exchange) && u.Contact.Exchange.BodyEnd != probe.BodyChunkBad
		})
}

// partial reports whether the product writes no line for every failure where it
// could be read later: its log is in memory, or tells only some.
func (x *examination) partial() bool {
	conf := x.match.Gateway.Conf
	return len(conf.Prints) > 0 || slices.ContainsFunc(conf.Instance.Logs, func(l topo.Log) bool { return l.Kind == "error" && l.Filtered })
}

// ownPage reports whether our own request got the gateway's own page from such a
// product.
func (x *examination) ownPage() bool {
	return x.partial() && slices.ContainsFunc(x.own, func(o ownRequest) bool {
		return failed(o.AskResult) && o.Made.Product == x.match.Gateway.Conf.Instance.Product && o.Made.Grade == probe.GradeBody
	})
}

// metBy returns what the probe met at the first endpoint of a failure where it
// failed. Of a failed connect only that is asked for which a connect can show.
func (x *examination) metBy(f *evidence.Failure, connect bool) vocab.Symptom {
	out := !slices.ContainsFunc(x.decision.Forward.Endpoints, func(e topo.Endpoint) bool { return !e.Down })
	if !connect && (out || x.has(vocab.PoolNoServer, "")) {
		return vocab.DestinationUnavailable
	}
	if x.has(vocab.NameMissing, "") && len(x.upstreams) == 0 {
		return vocab.DNSError // there is no address to dial
	}
	for _, u := range x.upstreams {
		if !u.Configured && !u.Used {
			continue
		}
		if s := connectSymptom(u); s != "" {
			return s
		}
		if connect || u.Contact == nil {
			continue
		}
		if s := x.answerSymptom(u, f.Status); s != "" {
			return s
		}
	}
	return ""
}

// connectSymptom is what a gateway sees that dials u.
func connectSymptom(u *upstream) vocab.Symptom {
	if u.Unix != nil && u.Unix.Denied != "" {
		return vocab.ProxyInternalError
	}
	if u.Connected && !u.Connect.OK {
		switch u.Connect.Errno {
		case "ECONNREFUSED", "ENOENT", "EAGAIN":
			return vocab.ConnectionRefused
		case "timeout", "ETIMEDOUT":
			return vocab.ConnectionTimeout
		case "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EHOSTDOWN":
			return vocab.DestinationIPUnroutable
		case "EACCES", "EPERM", "EADDRNOTAVAIL", "EMFILE":
			return vocab.ProxyInternalError
		}
	}
	if u.Handshake == nil || u.Contact != nil {
		return "" // what was tried after an exchange is a cross-check
	}
	switch t := u.Handshake.First; {
	case t.OK:
		return ""
	case t.VerifyError != "" && t.Phase == "verify":
		return vocab.TLSCertificateError
	case t.Alert != "":
		return vocab.TLSAlertReceived
	}
	return vocab.TLSProtocolError
}

// answerSymptom is what a gateway sees that asks u as the probe did.
func (x *examination) answerSymptom(u *upstream, status int) vocab.Symptom {
	e := u.Contact.Exchange
	limit := x.waits()
	size, _ := x.decision.Settings.Number(vocab.HeaderBuffer)
	switch {
	case e.Bytes == 0 && (e.End == probe.EndEOF || e.End == probe.EndReset):
		return vocab.ConnectionTerminated
	case e.Bytes == 0, limit > 0 && e.FirstByte > limit:
		return vocab.HTTPResponseTimeout
	case e.Status > 0 && !e.HeadDone && (e.End == probe.EndEOF || e.End == probe.EndReset):
		return vocab.ConnectionTerminated
	case e.HeadDone && size > 0 && float64(e.HeaderBytes) > size:
		return vocab.HTTPHeaderSectionSize
	case x.fatalFaults(e), e.Status == 0:
		return vocab.HTTPProtocolError
	case broken(e):
		return vocab.HTTPResponseIncomplete
	case e.Status >= 500 && e.Status == status:
		return "" // the application's own
	case status == 504:
		return vocab.HTTPResponseTimeout
	}
	return ""
}

// isDerived reports whether the symptom of a failure is not the gateway's own
// word.
func (x *examination) isDerived(f evidence.Failure) bool {
	return slices.Contains(x.derived, f.Endpoint()) && !x.covered
}
