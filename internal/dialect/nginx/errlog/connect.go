package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// connect reads "connect() failed (111: Connection refused) while …" and
// "connect() to unix:/run/app.sock failed (2: …) while …". The kernel's answer
// comes at once in the second form and later in the first.
func connect(msg, b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "to "); ok {
		i := line.Index(rest, " failed (")
		if i < 0 {
			return dialect.Unparsed
		}
		r.Endpoint = rest[:i]
		b = rest[i+1:]
	}
	errno, rest, ok := failed(b, r)
	if !ok {
		return dialect.Unparsed
	}
	p := tail(msg, rest, r)
	switch p {
	case phaseResolving:
		r.Endpoint = nil
		return keyResolverSend
	case phaseNone, phaseConnecting:
	default:
		r.Endpoint = nil
		return dialect.Plain // a name server of OCSP, a syslog server, …
	}
	if stream(rest, r) {
		return streamConnect(errno, r)
	}
	return connectErrno(errno, r.Endpoint)
}

// connectErrno tells the errors of connect apart. A path without "unix:" is
// Passenger's, which is a fork of nginx's own module.
func connectErrno(errno int, endpoint []byte) dialect.Key {
	if line.Has(endpoint, "unix:") || line.Has(endpoint, "/") {
		return connectUnix(errno)
	}
	return connectTCP(errno, endpoint)
}

func streamConnect(errno int, r *dialect.Record) dialect.Key {
	switch errno {
	case line.ECONNREFUSED:
		return keyStreamRefused
	case line.ETIMEDOUT:
		return keyStreamTimeout
	}
	return connectErrno(errno, r.Endpoint)
}

func connectUnix(errno int) dialect.Key {
	switch errno {
	case line.ENOENT, line.ENOTDIR:
		return keySocketMissing
	case line.EACCES, line.EPERM:
		return keyDeniedUnix
	case line.EAGAIN:
		return keyQueueFull
	case line.ECONNREFUSED:
		return keyRefusedUnix
	case line.ECONNRESET:
		return keyResetUnix
	}
	return keyConnectFailed
}

func connectTCP(errno int, endpoint []byte) dialect.Key {
	switch errno {
	case line.ECONNREFUSED:
		if line.Has(endpoint, "[::1]") {
			return keyRefusedLoopback6
		}
		return keyRefused
	case line.EHOSTUNREACH, line.EHOSTDOWN:
		return keyNoRoute
	case line.ENETUNREACH, line.ENETDOWN:
		if len(endpoint) > 0 && endpoint[0] == '[' {
			return keyUnreachable6
		}
		return keyUnreachable
	case line.ETIMEDOUT:
		return keyKernelTimeout
	case line.ECONNRESET, line.ECONNABORTED:
		return keyResetConnect
	case line.EACCES:
		return keyDeniedTCP
	case line.EPERM:
		return keyNotPermitted
	case line.EADDRNOTAVAIL:
		// Where IPv6 is off, or on for the loopback only, Linux finds no address of
		// its own to connect from.
		if len(endpoint) > 0 && endpoint[0] == '[' {
			return keyUnreachable6
		}
		return keyNoLocalPort
	case line.EMFILE, line.ENFILE:
		return keyNoFiles
	case line.ENOENT: // an abstract of the message lost the path
		return keySocketMissing
	case line.EAGAIN:
		return keyQueueFull
	}
	return keyConnectFailed
}
