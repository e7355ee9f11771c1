package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// receive reads a read that failed.
func receive(msg, b []byte, r *dialect.Record) dialect.Key {
	errno, rest, ok := failed(b, r)
	if !ok {
		return dialect.Unparsed
	}
	p := tail(msg, rest, r)
	if (errno == line.EACCES || errno == line.EPERM) && p <= phaseBody && p != phaseResolving {
		return keyReadDenied
	}
	switch p {
	case phaseNone, phaseHeader:
		return receiveHeader(errno)
	case phaseBody:
		return keyBodyReset
	case phaseSending:
		return sendFailed(errno)
	case phaseHandshaking:
		return keyTLSClosed
	case phaseConnecting:
		return connectErrno(errno, r.Endpoint)
	case phaseResolving:
		return keyResolverSend
	case phaseUpgraded, phaseStream:
		return passedOn(rest, r)
	}
	return dialect.Plain
}

// passedOn reads the failure of a connection of which only bytes are passed on. Errors
// of the client's side are written at level info (ngx_recv.c, log_error of the
// connection).
func passedOn(rest []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Is(r.Level, "info"):
		return dialect.Plain
	case stream(rest, r):
		return keyStreamFailed
	}
	return keyBodyReset
}

func receiveHeader(errno int) dialect.Key {
	switch errno {
	case line.ETIMEDOUT:
		return keyKernelReadTimeout
	case line.EHOSTUNREACH, line.ENETUNREACH:
		return keyLostRoute
	case line.ECONNREFUSED:
		return keyRefusedLate
	}
	return keyResetEarly
}

// send reads a write to a socket that failed.
func send(msg, b []byte, r *dialect.Record) dialect.Key {
	errno, rest, ok := failed(b, r)
	if !ok {
		return dialect.Unparsed
	}
	switch tail(msg, rest, r) {
	case phaseNone, phaseSending, phaseConnecting, phaseHeader:
		return sendFailed(errno)
	case phaseResolving:
		return keyResolverSend
	case phaseUpgraded, phaseStream:
		return passedOn(rest, r)
	}
	return dialect.Plain
}

func sendFailed(errno int) dialect.Key {
	switch errno {
	case line.EPIPE:
		return keyBrokenPipe
	case line.EHOSTUNREACH, line.ENETUNREACH:
		return keyLostRoute
	case line.ETIMEDOUT:
		return keyKernelReadTimeout
	case line.ECONNREFUSED:
		return keyRefusedLate
	}
	return keyResetSending
}

func socket(msg, b []byte, r *dialect.Record) dialect.Key {
	errno, rest, ok := failed(b, r)
	if !ok {
		return dialect.Unparsed
	}
	tail(msg, rest, r)
	switch errno {
	case line.EMFILE, line.ENFILE:
		return keyNoFiles
	case line.EAFNOSUPPORT:
		return keyNoFamily
	}
	return keySocketFailed
}

// signalled reads "signal 1 (SIGHUP) received from 511, reconfiguring".
func signalled(msg, b []byte, r *dialect.Record) dialect.Key {
	r.Message = msg
	switch {
	case line.Ends(b, "reconfiguring"):
		return keyReload
	case line.Ends(b, "reopening logs"):
		return keyReopen
	case line.Ends(b, "exiting") || line.Ends(b, "shutting down"):
		return keyStopping
	}
	return dialect.Plain
}
