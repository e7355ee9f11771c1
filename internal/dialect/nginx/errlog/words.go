package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// words reads what people quote from memory: the system's words for an error
// and the phase, without the call in front: "Connection refused while connecting
// to upstream", "(111: Connection refused) while …".
func words(b []byte, r *dialect.Record) dialect.Key {
	i := line.Index(b, " while ")
	if i < 0 || i > 256 {
		return dialect.Unparsed
	}
	p, _ := action(b[i:])
	if p == phaseNone || p >= phaseUpgraded {
		return dialect.Unparsed
	}
	errno := spoken(b[:i])
	if errno == 0 {
		return dialect.Unparsed
	}
	r.Errno = errno
	if errno == line.ETIMEDOUT && !line.Contains(b[:i], "failed") {
		return timeoutPhase(b, b[i:], r) // "upstream timed out (110: …)": a limit of nginx's own
	}
	tail(b, b[i:], r)
	switch p {
	case phaseConnecting:
		return connectErrno(errno, r.Endpoint)
	case phaseHandshaking:
		return keyTLSClosed
	case phaseSending:
		return sendFailed(errno)
	case phaseBody:
		return keyBodyReset
	}
	return receiveHeader(errno)
}

// spoken returns the number of an error by its words, as glibc and musl write
// them.
func spoken(b []byte) int {
	for _, w := range [...]struct {
		text  string
		errno int
	}{
		{"onnection refused", line.ECONNREFUSED},
		{"o route to host", line.EHOSTUNREACH},
		{"ost is unreachable", line.EHOSTUNREACH},
		{"etwork is unreachable", line.ENETUNREACH},
		{"etwork unreachable", line.ENETUNREACH},
		{"onnection reset by peer", line.ECONNRESET},
		{"onnection timed out", line.ETIMEDOUT},
		{"peration timed out", line.ETIMEDOUT},
		{"ermission denied", line.EACCES},
		{"o such file or directory", line.ENOENT},
		{"esource temporarily unavailable", line.EAGAIN},
		{"roken pipe", line.EPIPE},
		{"annot assign requested address", line.EADDRNOTAVAIL},
		{"ddress not available", line.EADDRNOTAVAIL},
	} {
		if line.Contains(b, w.text) {
			return w.errno
		}
	}
	return 0
}
