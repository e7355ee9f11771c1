package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// answersWell reports whether an upstream gave a whole, valid answer that is no
// 5xx.
func (x *examination) answersWell(e probe.Exchange) bool {
	return e.HeadDone && e.Status > 0 && e.Status < 500 && !broken(e) && e.Hint == "" && !x.fatalFaults(e) && !fellSilent(e, x.waits())
}

// fellSilent reports whether a body whose length was announced stopped for longer
// than the gateway waits. One without a length may be meant to last.
func fellSilent(e probe.Exchange, limit float64) bool {
	return e.HeadDone && e.BodyEnd == probe.BodyStalled && e.Length > e.BodyBytes && limit > 0 && e.LongestPause >= limit
}

// fatalFaults reports whether the framing has a fault that the gateway does not
// let pass.
func (x *examination) fatalFaults(e probe.Exchange) bool {
	return slices.ContainsFunc(e.Faults, x.malformed)
}

// malformed reports whether a fault makes the gateway refuse a message. One that
// only ends too soon is truncated, which is another matter. Gateways let much
// pass that the standard forbids: what this one does is asked where it is known.
func (x *examination) malformed(f http1.Fault) bool {
	switch f.Kind {
	case http1.BodyShort, http1.ChunkCut, http1.HeadCut, http1.HeadTooLarge, http1.TooManyFields:
		return false
	}
	inst := x.match.Gateway.Conf.Instance
	if inst.Product != "nginx" {
		return f.Fatal
	}
	switch probe.NginxEffect(inst.Version, f) {
	case probe.Takes:
		return false
	case probe.Unsure:
		return f.Fatal
	}
	return true
}

// exchangeFacts says how the upstream answered the request of the probe.
func (x *examination) exchangeFacts(u *upstream) {
	e := u.Contact.Exchange
	where := cmp.Or(e.Request, "request") + " at " + u.Addr
	limit := x.waits()
	say := func(fact vocab.Fact, value string) {
		o := u.about(fact, evidence.Probe, where, value)
		o.quote = statusLine(e)
		x.add(o)
	}
	switch {
	case e.Bytes == 0 && e.End == probe.EndEOF:
		say(vocab.ProbeEmpty, "after "+seconds(e.Seconds))
	case e.Bytes == 0 && e.End == probe.EndReset:
		say(vocab.ProbeReset, "after "+seconds(e.Seconds))
	case e.Bytes == 0:
		if e.Seconds >= limit {
			say(vocab.ProbeNoAnswer, "nothing in "+seconds(e.Seconds))
		}
		x.waitFacts(u)
		return
	case e.Status > 0 && !e.HeadDone && (e.End == probe.EndEOF || e.End == probe.EndReset):
		say(vocab.ProbeTruncated, "its header breaks off")
	case limit > 0 && e.FirstByte > limit:
		say(vocab.ProbeLate, fmt.Sprintf("%s, and the gateway waits %s", seconds(e.FirstByte), seconds(limit)))
		x.waitFacts(u)
	case e.HeadDone && e.Status >= 500:
		say(vocab.ProbeErrorStatus, strconv.Itoa(e.Status))
		if maintenance(e) {
			say(vocab.ProbeRetryAfter, strconv.Itoa(e.Status)+" with the marks of maintenance")
		}
	case fellSilent(e, limit):
		say(vocab.ProbeNoAnswer, fmt.Sprintf("%d of %d bytes of its body, then nothing for %s", e.BodyBytes, e.Length, seconds(e.LongestPause)))
	case x.answersWell(e):
		say(vocab.ProbeOK, fmt.Sprintf("%d in %s", e.Status, seconds(e.FirstByte)))
	}
	if e.HeadDone {
		x.sizeFacts(u, where)
		switch e.BodyEnd {
		case probe.BodyShort, probe.BodyChunkCut, probe.BodyReset:
			say(vocab.ProbeTruncated, bodyEnd(e))
		}
	}
	if x.fatalFaults(e) || e.Bytes > 0 && !e.HeadDone && e.Status == 0 && e.Speaks != probe.SpeaksTLS && e.Speaks != probe.SpeaksHTTP2 && e.Speaks != probe.SpeaksFastCGI && e.FastCGI == nil && e.End != probe.EndTimeout && !x.elseSpoken(e) {
		say(vocab.ProbeInvalid, x.faultWords(e))
	} else if e.HeadDone && e.Status > 0 && e.Hint == "" {
		say(vocab.ProbeProtocolAgrees, "")
	}
	if e.HeadDone && e.FastCGI != nil && e.FastCGI.Stderr != "" && e.Status >= 500 {
		o := u.about(vocab.AppErrorLogged, evidence.Probe, where, clip(e.FastCGI.Stderr, 160))
		o.quote = e.FastCGI.Stderr
		x.add(o)
	}
}

// elseSpoken reports whether a peer that was to speak a protocol of frames speaks
// HTTP/1: then it is that, and no broken answer.
func (x *examination) elseSpoken(e probe.Exchange) bool {
	switch x.decision.Forward.Protocol {
	case vocab.AJP, vocab.GRPC, vocab.GRPCS:
		return e.Speaks == probe.SpeaksHTTP
	}
	return false
}

func (x *examination) faultWords(e probe.Exchange) string {
	for _, f := range e.Faults {
		if x.malformed(f) {
			return f.Error() + " (" + f.Section + ")"
		}
	}
	return "it does not begin as HTTP"
}

// maintenance reports whether a 503 says that it is meant: Retry-After, or the
// word in its page.
func maintenance(e probe.Exchange) bool {
	if e.Status != 503 {
		return false
	}
	body := strings.ToLower(string(e.Body))
	return e.Get("Retry-After") != "" || strings.Contains(body, "maintenance") || strings.Contains(body, "be right back") || strings.Contains(body, "wartung")
}

// waitFacts says what the host showed while the answer was awaited.
func (x *examination) waitFacts(u *upstream) {
	c := u.Contact
	if conns := c.Connections; conns != nil && conns.Endpoint != "" {
		where := "sockets at " + u.Addr
		waiting := 0
		for _, l := range u.After {
			waiting = max(waiting, l.Waiting)
		}
		switch {
		case conns.AtUnread > 0:
			x.add(u.about(vocab.ListenerUnread, evidence.Socket, where, fmt.Sprintf("%d connections with unread requests", conns.AtUnread)))
		case len(conns.At) > 0:
			x.add(u.about(vocab.ListenerAllRead, evidence.Socket, where, ""))
		}
		if n := x.servedBeside(u); n > 0 {
			x.add(u.about(vocab.ListenerServing, evidence.Socket, where, fmt.Sprintf("%d requests of others", n)))
		}
	}
	for _, l := range c.Loads {
		if l.Cores >= 0.7 {
			x.add(u.about(vocab.ListenerBusy, evidence.Process, "pid "+strconv.Itoa(l.PID), fmt.Sprintf("%.0f %% of a processor", l.Cores*100)))
			break
		}
	}
}

// sizeFacts compares the response header with the gateway's buffer.
func (x *examination) sizeFacts(u *upstream, where string) {
	e := u.Contact.Exchange
	s, ok := x.decision.Settings[vocab.HeaderBuffer]
	if !ok || s.Number == 0 {
		return
	}
	size := float64(e.HeaderBytes)
	if e.FastCGI != nil && e.FastCGI.RawHead > 0 {
		size = float64(e.FastCGI.RawHead)
	}
	words := fmt.Sprintf("%.0f bytes, and %s is %.0f", size, s.Directive, s.Number)
	if size > s.Number {
		x.add(u.about(vocab.ProbeHeaderTooBig, evidence.Probe, where, words))
	} else {
		x.add(u.about(vocab.ProbeHeaderFits, evidence.Probe, where, words))
	}
}

// protocolFacts says which protocol is spoken at the upstream where it is not
// the gateway's.
func (x *examination) protocolFacts(u *upstream) {
	if u.Contact == nil {
		return
	}
	e := u.Contact.Exchange
	spoken := x.decision.Forward.Protocol
	binary := binaryProtocol(spoken)
	say := func(fact vocab.Fact, what string, quote string) {
		o := u.about(fact, evidence.Probe, "probe of "+u.Addr, fmt.Sprintf("%s is spoken there, the gateway speaks %s", what, spoken))
		o.quote = quote
		x.add(o)
	}
	switch {
	case spoken == vocab.HTTP && e.Hint == probe.HintWantsTLS:
		say(vocab.ProbeSpeaksTLS, "TLS", statusLine(e))
	case (spoken == vocab.HTTP || spoken == vocab.GRPC) && (e.Speaks == probe.SpeaksTLS || u.shookHands()):
		say(vocab.ProbeSpeaksTLS, "TLS", string(e.First))
	case spoken == vocab.HTTP && (e.Speaks == probe.SpeaksFastCGI || u.Ability != nil && u.Ability.Speaks):
		say(vocab.ProbeSpeaksFastCGI, "FastCGI", "")
	case spoken == vocab.HTTP && u.answersUWSGI():
		say(vocab.ProbeSpeaksUWSGI, "uwsgi", statusLine(*u.UWSGI))
	case (spoken == vocab.HTTP || spoken == vocab.HTTPS) && (e.Speaks == probe.SpeaksHTTP2 || e.Hint == probe.HintWantsHTTP2):
		say(vocab.ProbeSpeaksHTTP2, "HTTP/2", string(e.First))
	case spoken == vocab.HTTP && u.Proxied != nil && u.Proxied.HeadDone && u.Proxied.Status > 0 && u.Proxied.Status < 500 && u.Proxied.Status != 400:
		say(vocab.ProbeWantsProxyHeader, "HTTP behind a PROXY header", statusLine(*u.Proxied))
	case (spoken == vocab.FastCGI || spoken == vocab.AJP) && e.Speaks == probe.SpeaksHTTP, binary && u.Plain != nil && u.Plain.HeadDone && u.Plain.Status > 0:
		say(vocab.ProbeSpeaksHTTP, "HTTP", plainLine(u, e))
	case (spoken == vocab.GRPC || spoken == vocab.GRPCS) && e.Speaks == probe.SpeaksHTTP:
		say(vocab.ProbeSpeaksHTTP, "HTTP/1", string(e.First))
	case spoken == vocab.HTTP && u.HTTP2 != nil && u.HTTP2.Speaks:
		say(vocab.ProbeSpeaksHTTP2, "HTTP/2", "SETTINGS")
	case silentEverywhere(u):
		x.add(u.about(vocab.ProbeNoProtocol, evidence.Probe, "probe of "+u.Addr, "asked in "+string(spoken)+", TLS, FastCGI and uwsgi, and behind a PROXY header"))
	}
}

// silentEverywhere reports whether every protocol was tried and none got an
// answer.
func silentEverywhere(u *upstream) bool {
	return u.Contact.Exchange.Bytes == 0 && u.Handshake != nil && u.Ability != nil && u.UWSGI != nil && u.Proxied != nil && !u.Proxied.HeadDone
}

// tookRequest reports whether a status says that the request was understood. A
// server of another protocol answers bytes that it does not know with one of
// the others.
func tookRequest(status int) bool {
	switch status {
	case 0, 400, 405, 414, 431, 501, 505:
		return false
	}
	return true
}

func plainLine(u *upstream, e probe.Exchange) string {
	if u.Plain != nil {
		return statusLine(*u.Plain)
	}
	return string(e.First)
}

// idleFacts compares how long the upstream keeps an idle connection with how
// long the gateway reuses one.
func (x *examination) idleFacts(u *upstream) {
	reuse, ok := x.decision.Settings.Number(vocab.KeepaliveTimeout)
	count, _ := x.decision.Settings.Number(vocab.KeepaliveCount)
	if !ok || count == 0 {
		return
	}
	if i := u.Idle; i != nil && i.Held {
		switch {
		case i.Lost():
			x.add(u.about(vocab.ProbeIdleLost, evidence.Probe, "idle connection to "+u.Addr, fmt.Sprintf("after %s of silence; the gateway reuses for %s", seconds(i.Seconds), seconds(reuse))))
			return
		case i.Closed != "" && i.Seconds < reuse:
			x.add(u.about(vocab.ProbeIdleShorter, evidence.Probe, "idle connection to "+u.Addr, fmt.Sprintf("it closes after %s, the gateway reuses for %s", seconds(i.Seconds), seconds(reuse))))
			return
		case i.Closed == "" && i.Seconds >= reuse:
			x.add(u.about(vocab.ProbeIdleLonger, evidence.Probe, "idle connection to "+u.Addr, fmt.Sprintf("it is kept for %s and more, the gateway reuses for %s", seconds(i.Seconds), seconds(reuse))))
			return
		}
	}
	if u.Idle == nil {
		return
	}
	offered := u.Idle.Offered
	if t, ok := keepAliveTimeout(offered); ok && t < reuse {
		o := u.about(vocab.ProbeIdleShorter, evidence.Probe, "answer of "+u.Addr, fmt.Sprintf("it announces to close after %s, the gateway reuses for %s", seconds(t), seconds(reuse)))
		o.quote = "Keep-Alive: " + offered
		x.add(o)
	}
}

// keepAliveTimeout reads the timeout of a Keep-Alive field, in seconds.
func keepAliveTimeout(field string) (float64, bool) {
	for part := range strings.SplitSeq(field, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if ok && strings.EqualFold(name, "timeout") {
			t, err := strconv.ParseFloat(value, 64)
			return t, err == nil
		}
	}
	return 0, false
}
