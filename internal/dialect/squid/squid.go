// Package squid knows Squid 4 to 6 as a reverse proxy: its processes, its
// configuration as far as it chooses peers, its access log, the warnings of
// cache.log, and the ERR_ codes of its pages and of X-Squid-Error.
package squid

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Squid.
var Dialect = dialect.Dialect{
	Name:         "squid",
	Doc:          "Squid: processes, configuration as far as it chooses peers, access.log, cache.log, and the ERR_ codes of its pages.",
	Recognise:    recognise,
	Worker:       worker,
	VersionMarks: []string{"squid/"},
	Config:       Config,
	Logs:         Logs,
	Format:       func(string) (dialect.Log, error) { return dialect.Log{}, errFormat },
	Knobs:        knobs(),
	Spell:        func(directive, value string) string { return directive + " " + value },
	ConfigTest:   func(l dialect.Launch) []string { return []string{program(l), "-k", "parse", "-f", l.Config} },
	Reload:       func(l dialect.Launch) []string { return []string{program(l), "-k", "reconfigure", "-f", l.Config} },
	Words:        words,
}

var errFormat = errors.New("only Squid's own format is known")

func program(l dialect.Launch) string {
	if l.Exe == "" {
		return "squid"
	}
	return l.Exe
}

func knobs() map[vocab.Knob]string {
	out := map[vocab.Knob]string{vocab.Target: "cache_peer", vocab.KeepaliveCount: "server_persistent_connections", vocab.ServerConnections: "max-conn"}
	for _, t := range timers {
		out[t.knob] = t.name
	}
	return out
}

// recognise finds the main process; its workers are "(squid-1)".
func recognise(p dialect.Process) (dialect.Launch, bool) {
	exe := strings.TrimSuffix(p.Exe, " (deleted)")
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "squid" || exe != "" && filepath.Base(exe) != "squid" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "squid", PID: p.PID, Exe: exe, Config: defaultConfig, Prefix: p.Cwd}
	for i, a := range p.Args {
		switch {
		case a == "-f" && i+1 < len(p.Args):
			l.Config = p.Args[i+1]
		case strings.HasPrefix(a, "-f") && len(a) > 2:
			l.Config = a[2:]
		case a == "-k" || a == "-v" || a == "-z" || a == "-h":
			return dialect.Launch{}, false // it tells something, or sends a signal
		}
	}
	l.Config = dialect.Absolute(l.Config, p.Cwd)
	return l, true
}

// worker says of a child whether it takes requests: helpers have names of their
// own.
func worker(_, child dialect.Process) (takes, draining bool) {
	return len(child.Args) > 0 && strings.HasPrefix(child.Args[0], "(squid-"), false
}

// Logs are access.log, cache.log and what the pages say. Both logs have each
// other's lines in some installations, and are read alike.
var Logs = []dialect.Log{sited(log), warnings(log)}

func sited(l dialect.Log) dialect.Log {
	l.Sites = true // its lines have the whole URL
	return l
}

func warnings(l dialect.Log) dialect.Log {
	l.Name, l.Kind = "squid cache", "error"
	l.Sniff = func([]byte) int { return 0 } // told by the other
	return l
}

var log, words = phrase.New(phrase.Options{
	Name: "squid", Kind: "access", Own: own, Sure: 88,
	Source: "squid src/errorpage.cc, src/err_type.h, src/http.cc, errors/templates",
}, rows)

// own reads access.log in its native format and lines of cache.log:
//
//	1787480130.123  60012 203.0.113.7 TCP_MISS/503 4213 GET http://example.com/api - HIER_NONE/- text/html
//	2026/08/21 10:15:30 kid1| WARNING: …
func own(b []byte, r *dialect.Record) bool {
	if len(b) > 20 && b[4] == '/' && b[7] == '/' && b[10] == ' ' {
		rest := b[19:]
		if i := line.Index(rest, "| "); i >= 0 && i < 12 && (i < 2 || line.Has(rest, " kid")) {
			r.Stamp, r.Message = b[:19], rest[i+2:]
			warned(r)
			return true
		}
		return false
	}
	stamp, rest := line.Word(b)
	if len(stamp) < 14 || stamp[len(stamp)-4] != '.' {
		return false
	}
	if _, ok := line.Seconds(stamp); !ok {
		return false
	}
	ms, rest, ok := line.Number(line.Trim(rest))
	if !ok || len(rest) == 0 {
		return false
	}
	client, rest := line.Word(rest[1:])
	result, rest := line.Word(rest)
	i := line.Index(result, "/")
	if i < 4 || len(result) != i+4 || !line.Contains(result[:i], "_") {
		return false
	}
	status, ok := line.Int(result[i+1:])
	if !ok {
		return false
	}
	size, rest := line.Word(rest)
	r.Bytes, _ = line.Int(size)
	r.Method, rest = line.Word(rest)
	url, rest := line.Word(rest)
	_, rest = line.Word(rest)
	hierarchy, _ := line.Word(rest)
	r.Stamp, r.Client, r.Status, r.Seconds = stamp, client, int(max(0, status)), float64(ms)/1e3
	if _, path, ok := line.Cut(url, "://"); ok {
		url = path
	}
	if j := line.Index(url, "/"); j > 0 {
		r.Host, url = url[:j], url[j:]
	}
	r.Path, _, _ = line.Cut(url, "?")
	if _, peer, ok := line.Cut(hierarchy, "/"); ok && !line.Is(peer, "-") {
		r.Name = peer // an address without its port
	}
	return true
}

// warned reads whom a line of cache.log is about: the URL of a request, or a peer
// by its name or its address.
func warned(r *dialect.Record) {
	if _, url, ok := line.Cut(r.Message, " for http://"); ok || line.Contains(r.Message, " encountered from http://") {
		if !ok {
			_, url, _ = line.Cut(r.Message, " encountered from http://")
		}
		url, _ = line.Word(url)
		if i := line.Index(url, "/"); i > 0 {
			r.Host = url[:i]
			r.Path, _, _ = line.Cut(url[i:], "?")
		}
		return
	}
	if rest, ok := line.After(r.Message, "Detected DEAD Parent: "); ok {
		r.Endpoint = line.Trim(rest)
	}
}

type causes = []vocab.Cause

const (
	header     = dialect.PhaseHeader
	connecting = dialect.PhaseConnect
	local      = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "connect-timeout", Says: []string{"ERR_CONNECT_FAIL 110", "ERR_CONNECT_FAIL…(110)"}, Symptom: vocab.ConnectionTimeout, Status: 503, Phase: connecting, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable, vocab.BacklogFull}, Means: "Nothing answered the connect."},
	{ID: "no-route", Says: []string{"ERR_CONNECT_FAIL 101"}, Symptom: vocab.DestinationIPUnroutable, Status: 503, Phase: connecting, Fact: vocab.GatewayUnroutable, Causes: causes{vocab.Unreachable, vocab.WrongAddress}, Means: "No route to the server."},
	{ID: "host-unreachable", Says: []string{"ERR_CONNECT_FAIL 113"}, Symptom: vocab.DestinationIPUnroutable, Status: 503, Phase: connecting, Fact: vocab.GatewayHostUnreachable, Causes: causes{vocab.Unreachable, vocab.Filtered, vocab.StaleDNS}, Means: "The server's host does not answer on its network, or something rejects."},
	{ID: "connect-denied", Says: []string{"ERR_CONNECT_FAIL 13"}, Symptom: vocab.ProxyInternalError, Status: 503, Phase: connecting, Fact: vocab.GatewayDenied, Causes: causes{vocab.SocketPermission, vocab.Filtered}, Means: "SELinux, or a filter on the way out, denies the connect (squid_connect_any)."},
	{ID: "connect-failed", Codes: []string{"ERR_CONNECT_FAIL"}, Says: []string{"Connection to…failed", "The system returned: (111) Connection refused"}, Symptom: vocab.ConnectionRefused, Status: 503, Phase: connecting, Fact: vocab.GatewayRefused,
		Causes: causes{vocab.UpstreamDown, vocab.WrongAddress, vocab.Filtered, vocab.Unreachable}, Means: "Squid could not connect to the server; the number behind the code is the system's errno."},
	{ID: "name", Codes: []string{"ERR_DNS_FAIL"}, Says: []string{"Unable to determine IP address from host name"}, Symptom: vocab.DNSError, Status: 503, Phase: dialect.PhaseDNS, Fact: vocab.GatewayNameNotFound, Causes: causes{vocab.NoSuchName, vocab.ResolverUnreachable}, Means: "The server's name does not resolve."},
	{ID: "read-timeout", Codes: []string{"ERR_READ_TIMEOUT"}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The server sent nothing for read_timeout (15 minutes by default)."},
	{ID: "lifetime", Codes: []string{"ERR_LIFETIME_EXP"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: dialect.PhaseBody, Fact: vocab.GatewayBodyTimeout, Causes: causes{vocab.TimeoutTooShort, vocab.UpstreamSlow}, Means: "client_lifetime ended the request."},
	{ID: "closed-early", Codes: []string{"ERR_ZERO_SIZE_OBJECT"}, Says: []string{"Zero Sized Reply"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.WorkerKilled}, Means: "The server closed without one byte of an answer."},
	{ID: "invalid", Codes: []string{"ERR_INVALID_RESP"}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse, vocab.ProtocolMismatch}, Means: "The server's answer is not valid HTTP."},
	{ID: "no-peer", Says: []string{"ERR_READ_ERROR 0"}, Symptom: vocab.DestinationUnavailable, Status: 502, Phase: local, Fact: vocab.GatewayNoLiveUpstream, Causes: causes{vocab.UpstreamDown, vocab.NoHealthyUpstream, vocab.Filtered, vocab.UpstreamCrashed},
		Means: "No errno: nothing was read, because no peer could be used. Each one is held to be dead, or not proved to be alive yet.", Check: "cache.log: TCP connection to … failed, Detected DEAD Parent."},
	{ID: "read-failed", Codes: []string{"ERR_READ_ERROR"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayResetEarly, Causes: causes{vocab.UpstreamCrashed, vocab.Lossy}, Means: "Reading from the server failed; the number is the system's errno."},
	{ID: "write-failed", Codes: []string{"ERR_WRITE_ERROR"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace, vocab.EarlyClose}, Means: "Sending to the server failed."},
	{ID: "tls", Codes: []string{"ERR_SECURE_CONNECT_FAIL"}, Says: []string{"Failed to establish a secure connection to"}, Symptom: vocab.TLSProtocolError, Status: 503, Phase: dialect.PhaseTLS, Causes: causes{vocab.TLSUntrusted, vocab.TLSHandshake, vocab.ProtocolMismatch}, Means: "TLS with the server failed; the page has OpenSSL's words."},
	{ID: "cannot-forward", Codes: []string{"ERR_CANNOT_FORWARD"}, Says: []string{"Unable to forward this request at this time"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, Fact: vocab.GatewayNoLiveUpstream,
		Causes: causes{vocab.NoHealthyUpstream, vocab.InvalidConfig, vocab.NoSuchName}, Means: "No way to the server: no parent is up and going direct is not allowed, or its address is not known.", Check: "cache_peer and never_direct; cache.log on dead peers; does the peer's name resolve?"},
	{ID: "header-size", Codes: []string{"ERR_TOO_BIG"}, Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Phase: header, Fact: vocab.GatewayHeaderTooBig, Causes: causes{vocab.BufferTooSmall}, Means: "The answer is over reply_header_max_size or reply_body_max_size."},
	{ID: "stopping", Codes: []string{"ERR_SHUTTING_DOWN"}, Symptom: vocab.ProxyInternalResponse, Status: 503, Phase: local, Causes: causes{vocab.UpstreamRestarting, vocab.Maintenance}, Means: "Squid itself is stopping."},
	{ID: "gateway-failure", Codes: []string{"ERR_GATEWAY_FAILURE"}, Symptom: vocab.ProxyInternalError, Phase: local, Causes: causes{vocab.AppError, vocab.UpstreamDown}, Means: "A helper or the gateway behind Squid failed."},
	{ID: "only-if-cached", Codes: []string{"ERR_ONLY_IF_CACHED_MISS"}, Symptom: vocab.ProxyInternalResponse, Status: 504, Phase: local, Causes: causes{vocab.InvalidConfig}, Means: "The client wants an answer from the cache only, and there is none."},
	{ID: "access-denied", Codes: []string{"ERR_ACCESS_DENIED", "ERR_CACHE_ACCESS_DENIED", "ERR_FORWARDING_DENIED"}, Symptom: vocab.HTTPRequestDenied, Status: 403, Phase: local, Fact: vocab.GatewayLimited, Causes: causes{vocab.RateLimited, vocab.InvalidConfig}, Means: "An http_access rule refused the request."},
	{ID: "bad-request", Codes: []string{"ERR_INVALID_REQ", "ERR_INVALID_URL", "ERR_UNSUP_REQ", "ERR_UNSUP_HTTPVERSION"}, Symptom: vocab.HTTPRequestError, Status: 400, Phase: local, Causes: causes{vocab.MalformedRequest}, Means: "The client's request is malformed: often a web request sent to a proxy's port."},
	{ID: "icap", Codes: []string{"ERR_ICAP_FAILURE"}, Symptom: vocab.ProxyInternalError, Status: 500, Phase: local, Causes: causes{vocab.AuthSubrequest, vocab.UpstreamDown}, Means: "The ICAP server did not answer."},
	{ID: "no-data", Says: []string{"WARNING: HTTP: Invalid Response: No object data received for "}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace}, Means: "The server closed before its answer."},
	{ID: "bad-header", Says: []string{"WARNING: HTTP: Invalid Response: Bad header encountered from ", "WARNING: HTTP: Invalid Response: No reply at all for "}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayInvalidHeader, Causes: causes{vocab.InvalidResponse}, Means: "The server's header cannot be read."},
	{ID: "not-http", Says: []string{"WARNING: HTTP: Invalid Response: Headers did not parse at all for "}, Symptom: vocab.HTTPProtocolError, Status: 502, Phase: header, Fact: vocab.GatewayNotHTTP, Causes: causes{vocab.ProtocolMismatch, vocab.InvalidResponse}, Means: "What came is no HTTP."},
	{ID: "dead-peer", Says: []string{"Detected DEAD Parent", "TCP connection to…failed"}, Symptom: vocab.DestinationUnavailable, Phase: local, Fact: vocab.GatewayServerDisabled, News: true, Causes: causes{vocab.UpstreamDown, vocab.Filtered}, Means: "Squid takes a parent for dead after ten failed connects."},
	{ID: "no-files", Says: []string{"WARNING! Your cache is running out of filedescriptors"}, Symptom: vocab.ConnectionLimitReached, Phase: local, Fact: vocab.GatewayNoFiles, Causes: causes{vocab.FDExhausted}, Means: "Squid runs out of file descriptors."},
	{ID: "access-not-connected", Says: []string{"/500 …HIER_NONE/-", "/502 …HIER_NONE/-", "/503 …HIER_NONE/-", "/504 …HIER_NONE/-"}, Phase: local, Fact: vocab.GatewayStatusUnknown, Causes: causes{vocab.UpstreamDown, vocab.NoSuchName, vocab.UpstreamSlow}, Means: "Squid answered without a connection: name, parent or connect failed.", Check: "X-Squid-Error in the answer names it."},
	{ID: "access-5xx", Says: []string{"TCP_…/500 ", "TCP_…/502 ", "TCP_…/503 ", "TCP_…/504 "}, Phase: header, Fact: vocab.GatewayStatusUnknown, Causes: causes{vocab.UpstreamDown, vocab.UpstreamSlow, vocab.AppError}, Means: "A 5xx of the server, or of Squid: X-Squid-Error stands on those of its own."},
	{ID: "page", Says: []string{"ERROR: The requested URL could not be retrieved"}, Phase: header, Fact: vocab.GatewayStatusMade, Causes: causes{vocab.UpstreamDown, vocab.NoSuchName, vocab.Filtered}, Means: "Squid's own page.", Check: "<body id=ERR_…> and X-Squid-Error name the reason."},
}
