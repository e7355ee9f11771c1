package haproxy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const manual = "haproxy doc/configuration.txt, section 8.5, session state at disconnection"

var table = applog.TableOf(manual)

var add = table.Status

// Requests that ended in order.
var (
	keyPassed = add("passed-5xx", "", 0, dialect.PhaseHeader, vocab.GatewayStatusPassed, true,
		"The server answered so itself: its own log says why.", vocab.AppError, vocab.DependencyDown)
	keyOwn = add("own-5xx", "", 0, dialect.PhaseLocal, vocab.GatewayStatusMade, true,
		"HAProxy answered without a server: a rule, an errorfile, a redirect of its configuration.", vocab.Maintenance, vocab.InvalidConfig)
)

// Requests by their termination state.
var (
	keySC = add("SC", vocab.ConnectionRefused, 503, dialect.PhaseConnect, vocab.GatewayConnectFailed, true,
		"The server, or something between, refused the connection, or TLS to it failed. Look at what listens at its address; health-check lines name the reason.",
		vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamRestarting, vocab.WrongAddress, vocab.Filtered)
	keyNoServerSC = add("SC-NOSRV", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"No server of the backend was up: the lines about its servers say since when and why.",
		vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown)
	keysC = add("sC", vocab.ConnectionTimeout, 503, dialect.PhaseConnect, vocab.GatewayConnectTimeout, true,
		"Nothing answered the connect within timeout connect: a firewall that drops, a dead host, a full accept queue.",
		vocab.Filtered, vocab.Unreachable, vocab.BacklogFull, vocab.UpstreamHung)
	keysQ = add("sQ", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections, true,
		"The request waited in the queue for timeout queue: maxconn of the servers is reached because they are slow, or too low.",
		vocab.ConnectionsExhausted, vocab.UpstreamSlow, vocab.WorkersExhausted)
	keySQ = add("SQ", vocab.DestinationUnavailable, 503, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"The queue was emptied because its server went down.",
		vocab.NoHealthyUpstream, vocab.UpstreamDown)
	keyRC = add("RC", vocab.ProxyInternalError, 503, dialect.PhaseLocal, vocab.GatewayNoLocalPort, true,
		"HAProxy had no port, descriptor or memory left for the connection: its own messages say which.",
		vocab.PortsExhausted, vocab.FDExhausted, vocab.MemoryPressure)
	keyPC = add("PC", vocab.ConnectionLimitReached, 503, dialect.PhaseLocal, vocab.GatewayNoConnections, true,
		"A limit of the process stopped the connection to the server.",
		vocab.FDExhausted, vocab.ConnectionsExhausted)
	keySH = add("SH", vocab.ConnectionTerminated, 502, dialect.PhaseHeader, vocab.GatewayClosedEarly, true,
		"The server closed before its header was complete: a crash, a killed worker, a restart, another protocol. Its own log and its process's start say which.",
		vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled, vocab.UpstreamRestarting, vocab.ProtocolMismatch)
	keysH = add("sH", vocab.HTTPResponseTimeout, 504, dialect.PhaseHeader, vocab.GatewayReadTimeout, true,
		"No header within timeout server. Ask the server directly and wait: does it answer later, or never?",
		vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort)
	keyPH = add("PH", vocab.HTTPProtocolError, 502, dialect.PhaseHeader, vocab.GatewayInvalidHeader, true,
		"The answer breaks HTTP, or its header is larger than tune.bufsize, or (HAProxy 3) ends before it is complete: \"show errors\" on the runtime socket has its bytes.",
		vocab.InvalidResponse, vocab.BufferTooSmall, vocab.ProtocolMismatch, vocab.TruncatedResponse)
	keyPH500 = add("PH-500", vocab.ProxyInternalError, 500, dialect.PhaseHeader, "", true,
		"A rule on the answer failed: often a rewrite that has no room left in the buffer.",
		vocab.InvalidConfig)
	keyRule = add("rule-denied", vocab.HTTPRequestDenied, 503, dialect.PhaseLocal, vocab.GatewayLimited, true,
		"A rule of the configuration refused the request (http-request deny).",
		vocab.InvalidConfig)
	keyRule500 = add("rule-failed", vocab.ProxyInternalError, 500, dialect.PhaseLocal, "", true,
		"HAProxy failed while it applied its rules to the request.",
		vocab.InvalidConfig)
	keyTarpit = add("tarpit", vocab.HTTPRequestDenied, 500, dialect.PhaseLocal, vocab.GatewayLimited, true,
		"http-request tarpit let it wait and refused it.",
		vocab.InvalidConfig)
	keyLocal = add("local-answer", vocab.ProxyInternalResponse, 503, dialect.PhaseLocal, vocab.GatewayStatusMade, true,
		"A rule of the configuration answers so by itself (http-request return).",
		vocab.InvalidConfig)
	keyInternal = add("internal", vocab.ProxyInternalError, 500, dialect.PhaseLocal, "", true,
		"An internal failure: memory, a Lua script, a filter; its own messages say more.",
		vocab.InvalidConfig)
	keySD = add("SD", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody, true,
		"The server closed in the middle of the body: the status says 200 and the client has less.",
		vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.TruncatedResponse, vocab.Lossy)
	keysD = add("sD", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayBodyTimeout, true,
		"The server fell silent in the middle of the body for timeout server.",
		vocab.UpstreamHung, vocab.Lossy, vocab.Filtered, vocab.TimeoutTooShort)
	keyPD = add("PD", vocab.HTTPTransferCoding, 0, dialect.PhaseBody, vocab.GatewayInvalidChunk, true,
		"The body's chunks are malformed.",
		vocab.InvalidResponse)
	keyClientBody = add("client-gone-body", "", 0, dialect.PhaseBody, vocab.GatewayClientGone, false,
		"The client left in the middle of the body; HAProxy 3.0 writes the same where the server fell silent in it for timeout server: is the last timer less the one before about that?",
		vocab.Aborted, vocab.UpstreamHung)
	keyBodyEnded = add("client-or-server-body", "", 0, dialect.PhaseBody, "", false,
		"The client left in the middle of the body, or the server fell silent in it: HAProxy 3.0 writes the same for both.",
		vocab.Aborted, vocab.UpstreamHung)
	keyClientSlow = add("client-slow", "", 0, dialect.PhaseBody, "", false,
		"The client did not take the body within timeout client.", vocab.Lossy)
	keyClientWait = add("client-gone", "", 0, dialect.PhaseHeader, vocab.GatewayClientGone, false,
		"The client, or a balancer in front, did not wait for the answer: how long did it wait?", vocab.Aborted, vocab.UpstreamSlow)
	keyClientSend = add("client-stalled", vocab.HTTPRequestError, 0, dialect.PhaseSend, "", false,
		"The client stopped to send its request's body.", vocab.Lossy, vocab.TimeoutTooShort)
	keyClientConnect = add("client-gone-connect", "", 0, dialect.PhaseConnect, vocab.GatewayClientGone, false,
		"The client left while HAProxy was still connecting: the connect takes too long.", vocab.Filtered, vocab.UpstreamDown, vocab.Aborted)
	keyClientQueue = add("client-gone-queue", vocab.ConnectionLimitReached, 0, dialect.PhaseLocal, vocab.GatewayClientGone, false,
		"The client left while its request stood in the queue.", vocab.ConnectionsExhausted, vocab.UpstreamSlow)
	keyClientRequest = add("client-bad-request", vocab.HTTPRequestError, 0, dialect.PhaseLocal, "", false,
		"The request never became complete: a probe, a scanner, a browser's spare connection.", vocab.MalformedRequest, vocab.Lossy)
	keyMarkedDown = add("marked-down", vocab.ConnectionTerminated, 0, dialect.PhaseBody, vocab.GatewayServerDisabled, true,
		"The server was marked down meanwhile and on-marked-down ends its sessions.", vocab.HealthCheckWrong, vocab.UpstreamDown)
	keyAdmin = add("killed-by-admin", vocab.ConnectionTerminated, 0, dialect.PhaseBody, "", true,
		"A person ended the session on the runtime socket.", vocab.UpstreamRestarting, vocab.Maintenance)
	keyMoved = add("moved-to-primary", vocab.ConnectionTerminated, 0, dialect.PhaseBody, "", true,
		"A preferred server came back and on-marked-up ends sessions on the backups.", vocab.PartialOutage)
)

// Streams: the client gets no status.
var (
	keyTCPSC = add("tcp-SC", vocab.ConnectionRefused, 0, dialect.PhaseConnect, vocab.GatewayConnectFailed, true,
		"The server refused the connection.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress)
	keyTCPNoServer = add("tcp-SC-NOSRV", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, true,
		"No server of the backend was up.", vocab.NoHealthyUpstream, vocab.HealthCheckWrong)
	keyTCPsC = add("tcp-sC", vocab.ConnectionTimeout, 0, dialect.PhaseConnect, vocab.GatewayConnectTimeout, true,
		"Nothing answered the connect within timeout connect.", vocab.Filtered, vocab.Unreachable, vocab.BacklogFull)
	keyTCPSD = add("tcp-SD", vocab.ConnectionTerminated, 0, dialect.PhaseBody, vocab.GatewayClosedBody, true,
		"The server reset the stream.", vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.Lossy)
	keyTCPsD = add("tcp-sD", vocab.ConnectionReadTimeout, 0, dialect.PhaseBody, vocab.GatewayBodyTimeout, true,
		"The server was silent for timeout server.", vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.Filtered)
	keyTCPCD = add("tcp-CD", "", 0, dialect.PhaseBody, "", false, "The client ended the stream abruptly.", vocab.Aborted)
	keyTCPcD = add("tcp-cD", "", 0, dialect.PhaseBody, "", false, "The client was silent for timeout client.", vocab.TimeoutTooShort)
	keyTCPsQ = add("tcp-sQ", vocab.ConnectionLimitReached, 0, dialect.PhaseLocal, vocab.GatewayNoConnections, true,
		"The stream waited in the queue for timeout queue.", vocab.ConnectionsExhausted)
	keyTCPRC = add("tcp-RC", vocab.ProxyInternalError, 0, dialect.PhaseLocal, vocab.GatewayNoLocalPort, true,
		"HAProxy had no port, descriptor or memory left.", vocab.PortsExhausted, vocab.FDExhausted)
)

// terminated returns what the state of an HTTP request means: who ended it, and
// in which phase.
func terminated(who, when byte, noServer bool, status int) dialect.Key {
	switch string([]byte{who, when}) {
	case "SC":
		if noServer {
			return keyNoServerSC
		}
		return keySC
	case "sC":
		return keysC
	case "sQ":
		return keysQ
	case "SQ":
		return keySQ
	case "RC":
		return keyRC
	case "PC":
		return keyPC
	case "SH":
		return keySH
	case "sH":
		return keysH
	case "PH":
		if status == 500 {
			return keyPH500
		}
		return keyPH
	case "PR":
		switch {
		case status == 500:
			return keyRule500
		case status > 500:
			return keyRule
		}
		return dialect.Plain // a redirect or a 4xx by rule
	case "PT":
		return keyTarpit
	case "LR":
		if status >= 500 {
			return keyLocal
		}
		return dialect.Plain
	case "SD", "SL":
		return keySD
	case "sD", "sL":
		return keysD
	case "PD":
		return keyPD
	}
	return terminatedElse(who, when, status)
}

func terminatedElse(who, when byte, status int) dialect.Key {
	switch who {
	case 'I', 'R':
		return keyInternal
	case 'D':
		return keyMarkedDown
	case 'K':
		return keyAdmin
	case 'U':
		return keyMoved
	case 'C', 'c':
		return client(who, when)
	}
	if status >= 500 {
		return keyOwn
	}
	return dialect.Plain
}

func client(who, when byte) dialect.Key {
	switch when {
	case 'D', 'L':
		if who == 'c' {
			return keyClientSlow
		}
		return keyClientBody
	case 'H':
		if who == 'c' {
			return keyClientSend
		}
		return keyClientWait
	case 'C':
		return keyClientConnect
	case 'Q':
		return keyClientQueue
	case 'R':
		return keyClientRequest
	}
	return dialect.Plain
}

// broken returns what the state of a stream means.
func broken(who, when byte, noServer bool) dialect.Key {
	switch string([]byte{who, when}) {
	case "SC":
		if noServer {
			return keyTCPNoServer
		}
		return keyTCPSC
	case "sC":
		return keyTCPsC
	case "SD":
		return keyTCPSD
	case "sD":
		return keyTCPsD
	case "CD":
		return keyTCPCD
	case "cD":
		return keyTCPcD
	case "sQ", "SQ":
		return keyTCPsQ
	case "RC":
		return keyTCPRC
	}
	return dialect.Plain
}

// words explains the states that people quote.
func words() []dialect.Word {
	var list []dialect.Word
	for _, s := range [...]struct {
		text string
		key  dialect.Key
	}{
		{"SC--", keySC}, {"sC--", keysC}, {"sQ--", keysQ}, {"SQ--", keySQ}, {"RC--", keyRC}, {"PC--", keyPC}, {"SH--", keySH}, {"sH--", keysH},
		{"PH--", keyPH}, {"PR--", keyRule}, {"PT--", keyTarpit}, {"LR--", keyLocal}, {"SD--", keySD}, {"sD--", keysD}, {"PD--", keyPD},
		{"CD--", keyClientBody}, {"cD--", keyClientSlow}, {"CH--", keyClientWait}, {"cH--", keyClientSend}, {"CC--", keyClientConnect},
		{"CQ--", keyClientQueue}, {"CR--", keyClientRequest}, {"cR--", keyClientRequest}, {"<NOSRV>", keyNoServerSC},
		{"L4CON", downs[0]}, {"L4TOUT", downs[1]}, {"L6RSP", downs[2]}, {"L6TOUT", downs[3]}, {"L7TOUT", downs[4]}, {"L7RSP", downs[5]}, {"L7STS", downs[6]}, {"SOCKERR", downs[7]},
	} {
		list = append(list, table.Word(s.text, s.key, ""))
		if short, ok := strings.CutSuffix(s.text, "--"); ok { // as tcplog writes it, without the cookies
			list = append(list, table.Word(short, s.key, ""))
		}
	}
	return list
}
