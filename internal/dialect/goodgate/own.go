package goodgate

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// ownConds is what the gateway says of its servers and of itself. None of it is a
// request: those have their lines in the access log.
var ownConds = &builder{list: make([]dialect.Condition, 2)}

func own(id string, symptom vocab.Symptom, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	ownConds.list = append(ownConds.list, dialect.Condition{ID: id, Symptom: symptom, Phase: phase, Fact: fact, Distinguish: distinguish, Causes: causes, Source: "goodgate internal/gateway/life"})
	return dialect.Key(len(ownConds.list) - 1)
}

var (
	ownRefused = own("away-refused", vocab.ConnectionRefused, dialect.PhaseConnect, vocab.GatewayRefused,
		"Is anything listening at that address?", vocab.UpstreamDown, vocab.WrongAddress, vocab.UpstreamCrashed, vocab.UpstreamRestarting)
	ownNoSocket = own("away-socket-missing", vocab.ConnectionRefused, dialect.PhaseConnect, vocab.GatewaySocketMissing,
		"The unix socket's file is not there: the server has not started, or makes it elsewhere.", vocab.UpstreamDown, vocab.WrongAddress)
	ownDenied = own("away-denied", vocab.ProxyInternalError, dialect.PhaseConnect, vocab.GatewayDenied,
		"Mode and owner of the socket and of each directory above it.", vocab.SocketPermission)
	ownTimeout = own("away-timeout", vocab.ConnectionTimeout, dialect.PhaseConnect, vocab.GatewayConnectTimeout,
		"Nothing came back to the request for a connection: a filter, a host that is down, or a full queue.",
		vocab.Filtered, vocab.BacklogFull, vocab.WrongNetwork, vocab.Unreachable)
	ownAway = own("away", vocab.DestinationUnavailable, dialect.PhaseLocal, vocab.GatewayServerDisabled,
		"The words behind why= say what the connection met.", vocab.UpstreamDown, vocab.Unreachable)
	ownFailing = own("check-fails", vocab.DestinationUnavailable, dialect.PhaseLocal, vocab.GatewayCheckRejected,
		"What does the server answer to exactly the check's path and host?", vocab.HealthCheckWrong, vocab.AppError, vocab.DependencyDown, vocab.UpstreamHung)
	ownHung = own("hung", vocab.ConnectionReadTimeout, dialect.PhaseHeader, vocab.GatewayServerDisabled,
		"Does its process answer anything, and who waits for what? Others of its pool answer.", vocab.UpstreamHung, vocab.WorkersExhausted, vocab.UpstreamSlow)
	ownEjected = own("ejected", vocab.DestinationUnavailable, dialect.PhaseLocal, vocab.GatewayServerDisabled,
		"The attempts in the access log say how each of them failed.", vocab.UpstreamCrashed, vocab.EmptyResponse, vocab.UpstreamSlow)
	ownDrained = own("drained", vocab.DestinationUnavailable, dialect.PhaseLocal, vocab.GatewayServerDisabled,
		"goodgate gateway status shows who is drained, undrain puts it back.", vocab.Maintenance)
	ownList = own("list-unchanged", vocab.ProxyConfigurationError, dialect.PhaseLocal, "",
		"The file of servers cannot be read: who writes it, and is it written in one piece?", vocab.InvalidConfig)
	ownReload = own("reload-refused", vocab.ProxyConfigurationError, dialect.PhaseLocal, vocab.GatewayConfigRejected,
		"The file on disk does not load: goodgate gateway validate says the same.", vocab.InvalidConfig, vocab.NotApplied)
	ownRestart = own("needs-restart", "", dialect.PhaseLocal, "",
		"These keys of the file are not in force until a restart.", vocab.NotApplied)
)

// notices is the gateway's log: what it says on standard error.
var notices = dialect.Log{Name: "goodgate notices", Kind: "error", Sniff: dialect.Share(98, readOwn), Line: readOwn, Time: line.Time, Conds: ownConds.list}

// listens is what the command line says on standard error when requests are taken.
var listens = []byte("goodgate: listening on ")

// readOwn reads one line as log/slog's TextHandler writes it. Values stay escaped.
func readOwn(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	if b = line.Trim(b); bytes.HasPrefix(b, listens) {
		return dialect.Plain // it is the gateway that listens there, no application
	}
	rest, ok := bytes.CutPrefix(b, []byte("time="))
	if !ok {
		return dialect.Unparsed
	}
	at, rest := slogValue(rest)
	level, rest := attribute(rest, "level=")
	message, rest := attribute(rest, "msg=")
	if len(at) < 19 || level == nil || message == nil {
		return dialect.Unparsed
	}
	key := about(message, rest, r)
	if key == dialect.Unparsed {
		r.Reset()
		return key
	}
	r.Stamp, r.Level = at, level
	if r.Message == nil {
		r.Message = message
	}
	return key
}

// about is the key of a message with its attributes.
func about(message, rest []byte, r *dialect.Record) dialect.Key {
	condition, server := bytes.CutPrefix(message, []byte("server "))
	if !server {
		return ofItself(message, rest, r)
	}
	pool, rest := attribute(rest, "upstream=")
	address, rest := attribute(rest, "server=")
	why, _ := attribute(rest, "why=")
	if pool == nil || address == nil || why == nil {
		return dialect.Unparsed
	}
	r.Name, r.Upstream, r.Endpoint, r.Message = pool, address, address, why
	switch has := func(word string) bool { return bytes.Contains(condition, []byte(word)) }; {
	case has("list unchanged"):
		r.Upstream, r.Endpoint = nil, nil // it is a file
		return ownList
	case has("gone"), has("up"):
		return dialect.Plain
	case has("draining"):
		return ownDrained
	case has("failing") && connected(why) == "":
		return ownFailing
	case has("hung"):
		return ownHung
	case has("ejected"), has("slow"):
		return ownEjected
	case has("away"), has("failing"):
		return awayKey(why)
	}
	return dialect.Plain
}

// awayKey is why nobody was met at an address.
func awayKey(why []byte) dialect.Key {
	switch has := func(text string) bool { return bytes.Contains(why, []byte(text)) }; {
	case has("no such file"):
		return ownNoSocket
	case has("permission denied"):
		return ownDenied
	case has("refused"):
		return ownRefused
	case has("timed out"):
		return ownTimeout
	}
	return ownAway
}

// ofItself is the key of what the gateway says of itself.
func ofItself(message, rest []byte, r *dialect.Record) dialect.Key {
	switch string(message) {
	case "reload refused; the old configuration stays":
		r.Message, _ = attribute(rest, "why=")
		return ownReload
	case "these keys change with a restart only":
		return ownRestart
	case "configuration loaded", "certificate read again", "the certificate's files cannot be read; the one before is still shown",
		"the access log stays as it is", "an inherited socket is not used: no address of the configuration is its own":
		return dialect.Plain
	}
	return dialect.Unparsed
}

// attribute takes the value of the next attribute, which has that name; nil where
// another is next.
func attribute(b []byte, name string) (value, rest []byte) {
	b, ok := bytes.CutPrefix(bytes.TrimLeft(b, " "), []byte(name))
	if !ok {
		return nil, b
	}
	return slogValue(b)
}

// slogValue takes a value, in quotes or without.
func slogValue(b []byte) (value, rest []byte) {
	if len(b) == 0 || b[0] != '"' {
		if end := bytes.IndexByte(b, ' '); end >= 0 {
			return b[:end], b[end:]
		}
		return b, nil
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[1:i], b[i+1:]
		}
	}
	return nil, nil
}
