package haproxy

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// result is the outcome of a health check as HAProxy writes it (src/check.c,
// get_check_status_description).
type result struct {
	text, id, distinguish string
	symptom               vocab.Symptom
	phase                 dialect.Phase
	causes                []vocab.Cause
}

var results = [...]result{
	{"Layer4 connection problem", "L4CON", "The connect was refused or failed at once; info has the system's words.",
		vocab.ConnectionRefused, dialect.PhaseConnect, []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.Filtered}},
	{"Layer4 timeout", "L4TOUT", "The connect was not answered in time.",
		vocab.ConnectionTimeout, dialect.PhaseConnect, []vocab.Cause{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull, vocab.UpstreamHung}},
	{"Layer6 invalid response", "L6RSP", "The TLS handshake failed; info has OpenSSL's words.",
		vocab.TLSProtocolError, dialect.PhaseTLS, []vocab.Cause{vocab.TLSUntrusted, vocab.ProtocolMismatch, vocab.TLSHandshake}},
	{"Layer6 timeout", "L6TOUT", "The TLS handshake was not answered in time.",
		vocab.ConnectionTimeout, dialect.PhaseTLS, []vocab.Cause{vocab.ProtocolMismatch, vocab.UpstreamHung}},
	{"Layer7 timeout", "L7TOUT", "The check's request was not answered in time.",
		vocab.ConnectionReadTimeout, dialect.PhaseHeader, []vocab.Cause{vocab.UpstreamHung, vocab.UpstreamSlow, vocab.HealthCheckWrong}},
	{"Layer7 invalid response", "L7RSP", "What came back is not what the check's protocol allows.",
		vocab.HTTPProtocolError, dialect.PhaseHeader, []vocab.Cause{vocab.ProtocolMismatch, vocab.InvalidResponse, vocab.UpstreamCrashed}},
	{"Layer7 wrong status", "L7STS", "The server answers with a status that the check does not accept: the check's path, host or method, or the application.",
		vocab.HTTPProtocolError, dialect.PhaseHeader, []vocab.Cause{vocab.HealthCheckWrong, vocab.AppError}},
	{"Socket error", "SOCKERR", "HAProxy could not make the socket.",
		vocab.ProxyInternalError, dialect.PhaseLocal, []vocab.Cause{vocab.FDExhausted, vocab.PortsExhausted, vocab.InvalidConfig}},
	{"Health analyze", "HANA", "Ordinary requests failed (observe): info says how.",
		vocab.ConnectionTerminated, dialect.PhaseHeader, []vocab.Cause{vocab.AppError, vocab.UpstreamCrashed}},
	{"External check error", "PROCERR", "The check's own program failed.",
		vocab.ProxyInternalError, dialect.PhaseLocal, []vocab.Cause{vocab.HealthCheckWrong}},
	{"External check timeout", "PROCTOUT", "The check's own program took too long.",
		vocab.ProxyInternalError, dialect.PhaseLocal, []vocab.Cause{vocab.HealthCheckWrong}},
}

// downs are the keys of servers that went down by a result, checks those of a
// single failed check.
var (
	downs  = byResult("down-", true)
	checks = byResult("check-", false)
)

func byResult(prefix string, down bool) (keys [len(results)]dialect.Key) {
	for i, s := range &results {
		var fact vocab.Fact
		switch {
		case down && (s.phase == dialect.PhaseTLS || s.phase == dialect.PhaseHeader):
			fact = vocab.GatewayCheckRejected
		case down:
			fact = vocab.GatewayServerDisabled
		}
		keys[i] = table.Add(dialect.Condition{
			ID: prefix + s.id, Symptom: s.symptom, Phase: s.phase, Fact: fact, Causes: s.causes, Distinguish: s.distinguish, Source: "haproxy src/check.c",
		})
	}
	return keys
}

// What HAProxy says about servers, backends and itself.
var (
	keyDown = add("down", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayServerDisabled, false,
		"The reason stands in the \"Health check for server\" line before it.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.HealthCheckWrong)
	keyStartName = add("start-name-not-found", vocab.DNSError, 0, dialect.PhaseDNS, vocab.GatewayStartNameMissing, false,
		"The server's name did not resolve when the configuration was loaded: HAProxy does not start, or leaves the server out (init-addr).",
		vocab.NoSuchName, vocab.ResolverUnreachable)
	keyConfig = add("config-rejected", vocab.ProxyConfigurationError, 0, dialect.PhaseLocal, vocab.GatewayConfigRejected, false,
		"The configuration on disk does not load: haproxy -c -f FILE says the same.", vocab.InvalidConfig)
	keyCheckPassed = add("check-passed", "", 0, dialect.PhaseLocal, "", false,
		"A health check passed after it had failed.", vocab.PartialOutage)
	keyUp = add("up", "", 0, dialect.PhaseLocal, "", false,
		"The server is back in rotation.", vocab.PartialOutage, vocab.UpstreamRestarting)
	keyMaintDNS = add("maintenance-dns", vocab.DNSError, 0, dialect.PhaseDNS, vocab.GatewayNameNotFound, false,
		"The server's name has no address any more: ask the name servers of the resolvers section.", vocab.NoSuchName, vocab.ResolverUnreachable, vocab.StaleDNS)
	keyMaintResolver = add("maintenance-resolver", vocab.DNSTimeout, 0, dialect.PhaseDNS, vocab.GatewayResolverSilent, false,
		"The name servers of the resolvers section do not answer, or refuse, for longer than hold timeout.", vocab.ResolverUnreachable, vocab.NoSuchName)
	keyMaint = add("maintenance", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayServerDisabled, false,
		"A person, or a deploy, took the server out of rotation.", vocab.Maintenance, vocab.UpstreamRestarting)
	keyStopping = add("stopping", "", 0, dialect.PhaseLocal, "", false,
		"disable-on-404: the server asks for no new sessions.", vocab.UpstreamRestarting)
	keyNoServer = add("no-server", vocab.DestinationUnavailable, 0, dialect.PhaseLocal, vocab.GatewayNoLiveUpstream, false,
		"The last server of the backend went down: the lines before it say why each did.", vocab.NoHealthyUpstream, vocab.HealthCheckWrong)
	keyShownResponse = add("shown-invalid-response", vocab.HTTPProtocolError, 0, dialect.PhaseHeader, vocab.GatewayInvalidHeader, false,
		"\"show errors\": the bytes of the answer follow, with the place where reading stopped.", vocab.InvalidResponse, vocab.ProtocolMismatch)
	keyShownRequest = add("shown-invalid-request", vocab.HTTPRequestError, 0, dialect.PhaseLocal, "", false,
		"\"show errors\": the bytes of the request follow, with the place where reading stopped.", vocab.RequestTooLarge, vocab.MalformedRequest, vocab.InvalidResponse)
	keyFiles = add("no-files", vocab.ConnectionLimitReached, 0, dialect.PhaseLocal, vocab.GatewayNoFiles, true,
		"The limit of open files of the process or the system: new clients wait.", vocab.FDExhausted)
	keyMaxconn = add("maxconn", vocab.ConnectionLimitReached, 0, dialect.PhaseLocal, vocab.GatewayNoConnections, true,
		"global maxconn is reached: new clients wait in the kernel's queue.", vocab.ConnectionsExhausted)
)
