// Package lighttpd knows lighttpd as a gateway: its process, and what its error
// log says about backends.
package lighttpd

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is lighttpd.
var Dialect = dialect.Dialect{
	Name:         "lighttpd",
	Doc:          "lighttpd 1.4: processes, configuration as far as it chooses backends, error log, access log in its default format.",
	Recognise:    recognise,
	Worker:       worker,
	VersionMarks: []string{"lighttpd/"},
	Config:       Config,
	Logs:         Logs,
	Format:       format,
	Knobs:        map[vocab.Knob]string{vocab.ConnectTimeout: "connect-timeout", vocab.ReadTimeout: "read-timeout", vocab.SendTimeout: "write-timeout", vocab.Target: "host"},
	Spell: func(directive, value string) string {
		return strconv.Quote(directive) + " => " + strings.TrimSuffix(value, "s") + ","
	},
	ConfigTest: func(l dialect.Launch) []string { return []string{program(l), "-tt", "-f", l.Config} },
	Reload:     reload,
	Words:      words,
}

func program(l dialect.Launch) string {
	if l.Exe == "" {
		return "lighttpd"
	}
	return l.Exe
}

// recognise reads the command line of a process that serves. Workers
// (server.max-worker) look like the main process.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "lighttpd" && filepath.Base(strings.TrimSuffix(p.Exe, " (deleted)")) != "lighttpd" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "lighttpd", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Config: defaultConfig, Prefix: p.Cwd}
	for i, a := range p.Args[1:] {
		switch {
		case a == "-f" && i+2 < len(p.Args):
			l.Config = p.Args[i+2]
		case strings.HasPrefix(a, "-f") && len(a) > 2:
			l.Config = a[2:]
		case a == "-t" || a == "-tt" || a == "-p" || a == "-v" || a == "-V" || a == "-h":
			return dialect.Launch{}, false // it only tells something
		}
	}
	if !filepath.IsAbs(l.Config) && p.Cwd != "" {
		l.Config = filepath.Join(p.Cwd, l.Config)
	}
	return l, true
}

func worker(_, child dialect.Process) (takes, draining bool) {
	return len(child.Args) > 0 && filepath.Base(child.Args[0]) == "lighttpd", false
}

// reload makes the running lighttpd load its configuration: it does on SIGUSR1,
// after it has served what it has.
func reload(l dialect.Launch) []string {
	if l.PID == 0 || l.Config == defaultConfig {
		return []string{"systemctl", "reload", "lighttpd"}
	}
	return []string{"kill", "-USR1", strconv.Itoa(l.PID)}
}

// Logs are the error log and the access log. lighttpd has one thread, and its
// error log names no client.
var Logs = []dialect.Log{threaded(log), access}

func threaded(l dialect.Log) dialect.Log {
	l.Threads = true
	return l
}

var log, words = phrase.New(phrase.Options{
	Name: "lighttpd error", Kind: "error", Own: own, Sure: 92,
	Source: "lighttpd1.4 src/gw_backend.c, src/mod_proxy.c",
}, rows)

// own reads "2026-08-21 10:15:30: (gw_backend.c.289) message".
func own(b []byte, r *dialect.Record) bool {
	i := line.Index(b, "(")
	if i < 0 || i > 24 {
		return false
	}
	file, text, ok := line.Cut(b[i+1:], ") ")
	if !ok || len(file) > 40 || !line.Contains(file, ".c.") {
		return false
	}
	if i == 21 && b[4] == '-' && line.Has(b[19:], ": ") {
		r.Stamp = b[:19]
	}
	r.Message = text
	if rest, ok := line.After(text, "socket: "); ok {
		peer, _ := line.Word(rest)
		for _, scheme := range [...]string{"tcp:", "unix:"} {
			if line.Has(peer, scheme) {
				peer = peer[len(scheme):]
			}
		}
		for n := len(peer); n > 0 && peer[n-1] == ':'; n-- {
			peer = peer[:n-1]
		}
		r.Endpoint = peer
	}
	return true
}

type causes = []vocab.Cause

const (
	header     = dialect.PhaseHeader
	connecting = dialect.PhaseConnect
	local      = dialect.PhaseLocal
)

// connect returns both orders in which releases write address and reason.
func connect(reason string) []string {
	return []string{"establishing connection failed: socket: …: " + reason, "establishing connection failed: " + reason + " socket: "}
}

var rows = []phrase.Row{
	{ID: "connect-refused", Says: connect("Connection refused"), Symptom: vocab.ConnectionRefused, Status: 503, Phase: connecting, Fact: vocab.GatewayRefused, Causes: causes{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress}, Means: "Nothing listens at the backend's address; lighttpd leaves it out for a second and answers 503 meanwhile."},
	{ID: "connect-timeout", Says: connect("Connection timed out"), Symptom: vocab.ConnectionTimeout, Status: 503, Phase: connecting, Fact: vocab.GatewayConnectTimeout, Causes: causes{vocab.Filtered, vocab.Unreachable}, Means: "Nothing answered the connect."},
	{ID: "socket-missing", Says: connect("No such file or directory"), Symptom: vocab.ConnectionRefused, Status: 503, Phase: connecting, Fact: vocab.GatewaySocketMissing, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress}, Means: "No socket at the path."},
	{ID: "denied", Says: connect("Permission denied"), Symptom: vocab.ProxyInternalError, Status: 503, Phase: connecting, Fact: vocab.GatewayDenied, Causes: causes{vocab.SocketPermission}, Means: "lighttpd's user may not connect to the socket."},
	{ID: "queue-full", Says: connect("Resource temporarily unavailable"), Symptom: vocab.ConnectionRefused, Status: 503, Phase: connecting, Fact: vocab.GatewayQueueFull, Causes: causes{vocab.BacklogFull, vocab.WorkersExhausted}, Means: "The accept queue of the unix socket is full."},
	{ID: "no-route", Says: connect("No route to host"), Symptom: vocab.DestinationIPUnroutable, Status: 503, Phase: connecting, Fact: vocab.GatewayHostUnreachable, Causes: causes{vocab.Unreachable, vocab.Filtered}, Means: "No route to the backend's host."},
	{ID: "disabled", Says: []string{"backend error; we'll disable for "}, Symptom: vocab.DestinationUnavailable, Phase: local, Fact: vocab.GatewayServerDisabled, News: true, Causes: causes{vocab.UpstreamCrashed, vocab.PartialOutage}, Means: "A backend failed and is left out for a time."},
	{ID: "no-ports", Says: []string{"If this happened on Linux: You have run out of local ports"}, Symptom: vocab.ProxyInternalError, Phase: connecting, Causes: causes{vocab.BacklogFull, vocab.PortsExhausted}, Means: "EAGAIN: on a unix socket the accept queue is full; on TCP no local port is left."},
	{ID: "all-down", Says: []string{"all handlers for …are down."}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, Causes: causes{vocab.NoHealthyUpstream, vocab.UpstreamDown}, Means: "Every backend is left out; written once until one is back."},
	{ID: "enabled", Says: []string{"gw-server re-enabled: "}, Phase: local, News: true, Causes: causes{vocab.PartialOutage}, Means: "A backend is tried again."},
	{ID: "dropped", Says: []string{"connection was dropped after accept() (perhaps the gw process died)"}, Symptom: vocab.ConnectionTerminated, Status: 503, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedSending, Causes: causes{vocab.UpstreamCrashed, vocab.KeepaliveRace}, Means: "The backend took the connection and closed it."},
	{ID: "closed-early", Says: []string{"closing connection; response not received, but request sent", "response not received, request sent: "}, Symptom: vocab.ConnectionTerminated, Status: 500, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled, vocab.ProtocolMismatch}, Means: "The backend closed before its answer: lighttpd answers 500 for it, not 502."},
	{ID: "retries", Says: []string{"closing connection; response not received, but too many retries"}, Symptom: vocab.ConnectionTerminated, Status: 500, Phase: dialect.PhaseSend, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamRestarting}, Means: "The backend closed five times in a row."},
	{ID: "reconnecting", Says: []string{"reconnecting; response not received, request not sent"}, Symptom: vocab.ConnectionTerminated, Phase: dialect.PhaseSend, News: true, Causes: causes{vocab.KeepaliveRace, vocab.UpstreamRestarting}, Means: "A connection broke before the request was sent, and is made anew."},
	{ID: "cut", Says: []string{"terminating connection; response already sent out, but backend returned error"}, Symptom: vocab.HTTPResponseIncomplete, Phase: dialect.PhaseBody, Fact: vocab.GatewayClosedBody, Causes: causes{vocab.TruncatedResponse, vocab.UpstreamCrashed}, Means: "The backend failed in the middle of its answer: 200, and the client has less."},
	{ID: "unexpected-close", Says: []string{"unexpected close of gw connection for …(no gw process on socket"}, Symptom: vocab.ConnectionTerminated, Status: 500, Phase: header, Fact: vocab.GatewayClosedEarly, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamDown}, Means: "The backend's process is gone."},
	{ID: "read-timeout", Says: []string{"read timeout on socket: "}, Symptom: vocab.ConnectionReadTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort}, Means: "The backend sent nothing for read-timeout."},
	{ID: "write-timeout", Says: []string{"write timeout on socket: "}, Symptom: vocab.ConnectionWriteTimeout, Status: 504, Phase: dialect.PhaseSend, Fact: vocab.GatewayWriteTimeout, Causes: causes{vocab.UpstreamHung, vocab.Lossy}, Means: "The backend took nothing for write-timeout."},
	{ID: "child-signalled", Says: []string{"child signalled: "}, Symptom: vocab.ConnectionTerminated, Phase: local, Fact: vocab.AppSigkilled, Causes: causes{vocab.UpstreamOOMKilled, vocab.UpstreamCrashed}, Means: "A FastCGI process that lighttpd started died by a signal: 9 is SIGKILL, 11 a segmentation fault."},
	{ID: "child-exited", Says: []string{"child exited: "}, Symptom: vocab.ConnectionTerminated, Phase: local, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed}, Means: "A FastCGI process that lighttpd started ended."},
	{ID: "header-size", Says: []string{"response headers too large for "}, Symptom: vocab.HTTPHeaderSectionSize, Status: 502, Phase: header, Fact: vocab.GatewayHeaderTooBig, Causes: causes{vocab.BufferTooSmall}, Means: "The header of the answer is over 64 KiB."},
	{ID: "loops", Says: []string{"too many loops while processing request"}, Symptom: vocab.ProxyConfigurationError, Status: 500, Phase: local, Fact: vocab.GatewayRedirectCycle, Causes: causes{vocab.InvalidConfig}, Means: "Rewrites without end."},
}
