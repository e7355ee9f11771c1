package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// upstreamFacts says what was found at every upstream.
func (x *examination) upstreamFacts(before, after, end picture) {
	for _, u := range x.upstreams {
		x.socketFacts(u, before, after)
		x.replacedFacts(u, before, end)
		x.processFacts(u, after)
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
		x.cutFacts(u)
	}
	x.differFacts()
}

// about starts an observation of an upstream that was made now.
func (u *upstream) about(fact vocab.Fact, kind evidence.Kind, where, value string) observation {
	return observation{fact: fact, subject: u.Addr, value: value, when: u.AskedAt, kind: kind, where: where}
}

// socketFacts says whether anything listens. Only an address of the gateway's
// own host can be judged by its socket table.
func (x *examination) socketFacts(u *upstream, before, after picture) {
	if u.Unix != nil {
		x.unixFacts(u)
	}
	if !u.Local || !after.ok {
		return
	}
	if len(u.After) == 0 {
		if !u.unix() {
			x.add(u.about(vocab.NoListener, evidence.Socket, "socket table", ""))
		}
		if len(u.Before) > 0 && before.ok {
			x.add(u.about(vocab.ProcessVanished, evidence.Socket, "socket table", "it listened before our request"))
		}
		return
	}
	l := u.After[0]
	value := listenerWords(l, after.Processes)
	if !u.unix() || len(u.After) > 0 {
		x.add(u.about(vocab.ListenerPresent, evidence.Socket, "socket "+l.Address, value))
	}
	if l.Backlog > 0 && l.Waiting >= 0 {
		words := fmt.Sprintf("%d waiting, room for %d", l.Waiting, l.Backlog)
		full := u.about(vocab.ListenerQueueFull, evidence.Socket, "socket "+l.Address, words)
		full.absent = l.Waiting < l.Backlog
		x.add(full)
		if full.absent && u.Connected && !u.Connect.OK && u.Connect.Errno != "EACCES" && u.Connect.Errno != "EADDRNOTAVAIL" {
			x.add(u.about(vocab.ListenerGated, evidence.Socket, "socket "+l.Address, words+", and "+u.Connect.Errno))
		}
	}
}

// replacedFacts compares who listened before our own request and at the end.
func (x *examination) replacedFacts(u *upstream, before, after picture) {
	a, b := pids(u.Before), pids(after.at(u.Addr))
	if len(a) == 0 || len(b) == 0 {
		return
	}
	if slices.Equal(a, b) && len(before.Listeners.Gaps) == 0 && len(x.own) > 0 && x.broke(u) {
		x.add(u.about(vocab.ListenerKept, evidence.Process, "pid "+strconv.Itoa(a[0]), fmt.Sprintf("%d processes, the same before and after our request", len(a))))
	}
	fact := vocab.ListenerReplaced
	if slices.ContainsFunc(a, func(id int) bool { return slices.Contains(b, id) }) {
		fact = vocab.WorkerReplaced
	}
	for _, id := range a {
		if slices.Contains(b, id) {
			continue
		}
		p, _ := before.Processes.Find(id)
		if _, alive := slices.BinarySearch(after.PIDs, id); alive {
			continue
		}
		x.add(u.about(fact, evidence.Process, "pid "+strconv.Itoa(id), fmt.Sprintf("%s (pid %d) was there before our request and is gone", p.Comm, id)))
		return
	}
}

// broke reports whether connections to the upstream broke, or may have: then it
// matters whether its processes live on.
func (x *examination) broke(u *upstream) bool {
	return slices.ContainsFunc(x.failures, func(f evidence.Failure) bool {
		return slices.Contains(f.Subjects[vocab.RoleEndpoint], u.Addr) && (f.Symptom == vocab.ConnectionTerminated || f.Symptom == vocab.HTTPResponseIncomplete || f.Symptom == "")
	})
}

func listenerWords(l host.Listener, all host.Processes) string {
	if len(l.PIDs) == 0 {
		return l.Address
	}
	if p, ok := all.Find(l.PIDs[0]); ok {
		return processWords(p)
	}
	return "pid " + strconv.Itoa(l.PIDs[0])
}

func processWords(p host.Process) string {
	words := strings.Join(p.Args, " ")
	if words == "" {
		words = p.Comm
	}
	return fmt.Sprintf("%s (pid %d)", clip(words, 80), p.PID)
}

// unixFacts says what stands at the path of a unix socket, and who may use it.
func (x *examination) unixFacts(u *upstream) {
	r := u.Unix
	where := r.Path
	switch {
	case r.Missing != "" && x.place.Assumed:
		// The gateway may have a folder of its own there (PrivateTmp).
		x.gap(evidence.Gap{Source: "unix socket " + r.Path, Why: r.Missing + " does not exist here, and the gateway may see other files", Allow: "run as root: sudo goodgate diagnose …"})
	case r.Missing != "":
		x.add(u.about(vocab.NoListener, evidence.File, where, r.Missing+" does not exist"))
	case r.Listens != nil && !*r.Listens:
		x.add(u.about(vocab.SocketStale, evidence.Socket, where, "nobody listens on it"))
	}
	if r.Denied != "" {
		x.add(u.about(vocab.SocketModeDenies, evidence.File, r.Denied, r.Why))
	} else if r.Missing == "" && r.IsSocket && r.Unsure == "" {
		x.add(u.about(vocab.SocketModeAllows, evidence.File, where, ""))
	}
}

// processFacts says how the processes fare that hold the listener.
func (x *examination) processFacts(u *upstream, after picture) {
	var newest host.Process
	for _, id := range pids(u.After) {
		p, ok := after.Processes.Find(id)
		if !ok {
			continue
		}
		if p.Started.After(newest.Started) {
			newest = p
		}
		switch p.State {
		case "T", "t":
			x.add(u.about(vocab.ListenerStopped, evidence.Process, "pid "+strconv.Itoa(id), "stopped (state "+p.State+")"))
		case "D":
			x.add(u.about(vocab.ListenerStopped, evidence.Process, "pid "+strconv.Itoa(id), "in uninterruptible sleep (state D)"))
		}
	}
	if newest.PID == 0 {
		return
	}
	for _, f := range x.failures {
		if f.Endpoint() != u.Addr {
			continue
		}
		o := observation{subject: u.Addr, when: f.To, kind: evidence.Process, where: "pid " + strconv.Itoa(newest.PID), value: newest.Started.In(x.zone).Format("15:04:05")}
		// Logs count in seconds: within one, which came first is not known.
		switch {
		case newest.Started.After(f.From.Add(time.Second)):
			o.fact = vocab.ListenerNewer
		case newest.Started.Before(f.From.Add(-time.Second)):
			o.fact = vocab.ListenerOlder
		default:
			continue
		}
		x.add(o)
	}
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
	plain := x.decision.Forward.Protocol == vocab.HTTP
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
		value := t.VerifyText
		if value == "" {
			value = t.VerifyError
		}
		x.add(u.about(vocab.ProbeCertificateUntrusted, evidence.Probe, where, value))
	case t.PlainAnswer != "" || t.Speaks == probe.SpeaksHTTP:
		o := u.about(vocab.ProbeSpeaksPlain, evidence.Probe, where, "plain "+nonEmpty(t.Speaks, "text")+" is spoken there, the gateway speaks TLS")
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

func nonEmpty(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// answersWell reports whether an upstream gave a whole, valid answer that is no
// 5xx.
func (x *examination) answersWell(e probe.Exchange) bool {
	return e.HeadDone && e.Status > 0 && e.Status < 500 && !broken(e) && e.Hint == "" && !x.fatalFaults(e)
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
	where := nonEmpty(e.Request, "request") + " at " + u.Addr
	limit := x.decision.Settings[vocab.ReadTimeout].Number
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
	if x.fatalFaults(e) || e.Bytes > 0 && !e.HeadDone && e.Status == 0 && e.Speaks != probe.SpeaksTLS && e.Speaks != probe.SpeaksHTTP2 && e.Speaks != probe.SpeaksFastCGI && e.FastCGI == nil && e.End != probe.EndTimeout {
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
	say := func(fact vocab.Fact, what string, quote string) {
		o := u.about(fact, evidence.Probe, "probe of "+u.Addr, fmt.Sprintf("%s is spoken there, the gateway speaks %s", what, spoken))
		o.quote = quote
		x.add(o)
	}
	switch {
	case spoken == vocab.HTTP && e.Hint == probe.HintWantsTLS:
		say(vocab.ProbeSpeaksTLS, "TLS", statusLine(e))
	case spoken == vocab.HTTP && (e.Speaks == probe.SpeaksTLS || u.Handshake != nil && (u.Handshake.First.OK || len(u.Handshake.First.Certs) > 0 || u.Handshake.First.Alert != "")):
		say(vocab.ProbeSpeaksTLS, "TLS", string(e.First))
	case spoken == vocab.HTTP && (e.Speaks == probe.SpeaksFastCGI || u.Ability != nil && u.Ability.Speaks):
		say(vocab.ProbeSpeaksFastCGI, "FastCGI", "")
	case spoken == vocab.HTTP && u.UWSGI != nil && u.UWSGI.HeadDone && tookRequest(u.UWSGI.Status):
		say(vocab.ProbeSpeaksUWSGI, "uwsgi", statusLine(*u.UWSGI))
	case (spoken == vocab.HTTP || spoken == vocab.HTTPS) && (e.Speaks == probe.SpeaksHTTP2 || e.Hint == probe.HintWantsHTTP2):
		say(vocab.ProbeSpeaksHTTP2, "HTTP/2", string(e.First))
	case spoken == vocab.HTTP && u.Proxied != nil && u.Proxied.HeadDone && u.Proxied.Status > 0 && u.Proxied.Status < 500 && u.Proxied.Status != 400:
		say(vocab.ProbeWantsProxyHeader, "HTTP behind a PROXY header", statusLine(*u.Proxied))
	case spoken == vocab.FastCGI && (e.Speaks == probe.SpeaksHTTP || u.Plain != nil && u.Plain.HeadDone && u.Plain.Status > 0):
		say(vocab.ProbeSpeaksHTTP, "HTTP", plainLine(u, e))
	case (spoken == vocab.UWSGI || spoken == vocab.SCGI) && u.Plain != nil && u.Plain.HeadDone && u.Plain.Status > 0:
		say(vocab.ProbeSpeaksHTTP, "HTTP", plainLine(u, e))
	case silentEverywhere(u):
		x.add(u.about(vocab.ProbeNoProtocol, evidence.Probe, "probe of "+u.Addr, "asked in "+string(spoken)+", TLS, FastCGI and uwsgi, and behind a PROXY header"))
	case spoken == vocab.GRPC && e.HeadDone && e.Status > 0:
		say(vocab.ProbeSpeaksHTTP, "HTTP/1", statusLine(e))
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

// cutFacts says after which time our own request was cut.
func (x *examination) cutFacts(u *upstream) {
	for _, o := range x.own {
		cut := slices.ContainsFunc(o.Lines, func(h hit) bool {
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
	x.waitDiffers()
	if len(x.configuredEndpoints()) == 0 {
		return // the file does not say where it leads
	}
	names := len(x.names()) > 0
	for _, u := range x.upstreams {
		if !u.Used || u.Configured || names && u.Name != "" && samePort(u.Addr, x.decision.Forward.Endpoints[0].Port) {
			continue
		}
		if x.decision.Forward.RunTime && len(x.decision.Doubts) > 0 {
			continue // the target is computed, and not all of it is known
		}
		x.add(observation{fact: vocab.ConfigDiffers, subject: x.gateway, value: fmt.Sprintf("it dials %s, the file on disk says %s", u.Addr, strings.Join(x.configuredEndpoints(), ", ")),
			when: x.to, kind: evidence.File, where: x.decision.Forward.Place.String()})
		for _, c := range x.upstreams {
			if c.Configured && c.Connect.OK && !u.Connect.OK {
				x.add(observation{fact: vocab.ConfigTargetAnswers, subject: x.gateway, value: c.Addr, when: u.AskedAt, kind: evidence.Probe, where: "tcp " + c.Addr})
			}
		}
		return
	}
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
