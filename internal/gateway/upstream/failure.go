// Package upstream is the side of the gateway on which 502s are made and avoided:
// pools of servers, their connections, the exchange of one request with one of
// them, and what is known about their health. It speaks HTTP/1.1 and FastCGI by
// the parsers of wire and says exactly how far an attempt came and why it ended.
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// Failure is why an attempt brought no answer, or only a part of one.
type Failure struct {
	Symptom vocab.Symptom
	Phase   event.Phase
	Sent    int64 // bytes of the request that were handed to the kernel; 0 proves that the server has nothing
	Detail  string
	Out     string // a server that is out, where none can be asked
	Client  bool   // the client is the reason: it went away or broke off its body
	Stale   bool   // a reused connection that the server closed before it began to answer
	Err     error
}

// Error lets a failure travel as an error.
func (f *Failure) Error() string { return string(f.Symptom) + ": " + f.Detail }

// Unwrap returns what the operating system or the parser said.
func (f *Failure) Unwrap() error { return f.Err }

// ErrNudged is returned by Exchange.Wait when the server seems to hang: the
// exchange goes on, and a second one elsewhere is allowed.
var ErrNudged = errors.New("the server seems to hang")

// fail makes the failure of a network operation.
func fail(phase event.Phase, err error) *Failure {
	f := &Failure{Phase: phase, Err: err, Detail: reason(err)}
	f.Symptom = symptom(phase, err)
	return f
}

// malformed makes the failure of an answer that breaks the rules of HTTP.
func malformed(phase event.Phase, fault http1.Fault) *Failure {
	f := &Failure{Phase: phase, Err: &fault, Symptom: vocab.HTTPProtocolError, Detail: fault.Error()}
	switch fault.Kind {
	case http1.CodingOrder, http1.CodingRepeated, http1.CodingUnknown, http1.ChunkSize, http1.ChunkEnd:
		f.Symptom = vocab.HTTPTransferCoding
	case http1.HeadTooLarge, http1.TooManyFields:
		f.Symptom = vocab.HTTPHeaderSectionSize
	case http1.TrailerTooLarge:
		f.Symptom = vocab.HTTPTrailerSectionSize
	case http1.HeadCut, http1.BodyShort, http1.ChunkCut:
		f.Symptom = vocab.HTTPResponseIncomplete
	case http1.BareLF, http1.BareCR:
		if phase == event.Body {
			f.Symptom = vocab.HTTPTransferCoding
		}
	}
	return f
}

// symptom names a network error by the phase in which it came.
func symptom(phase event.Phase, err error) vocab.Symptom {
	if s := local(err); s != "" {
		return s
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsTimeout:
		return vocab.DNSTimeout
	case errors.As(err, &dns):
		return vocab.DNSError
	case phase == event.TLS:
		return handshake(err)
	case alerted(err):
		return vocab.TLSAlertReceived // TLS 1.3: a certificate is refused after the handshake (RFC 8446 section 4.4.2)
	case timeout(err):
		return timeouts[phase]
	case phase == event.Body:
		return vocab.HTTPResponseIncomplete
	case phase == event.Connect:
		return vocab.ConnectionRefused
	}
	return vocab.ConnectionTerminated
}

// timeouts are the symptoms of a limit that was reached.
var timeouts = map[event.Phase]vocab.Symptom{
	event.DNS: vocab.DNSTimeout, event.Connect: vocab.ConnectionTimeout, event.Send: vocab.ConnectionWriteTimeout,
	event.Header: vocab.ConnectionReadTimeout, event.Body: vocab.ConnectionReadTimeout,
}

// local names errors that were raised before the peer was reached.
func local(err error) vocab.Symptom {
	var n syscall.Errno
	if !errors.As(err, &n) {
		return ""
	}
	switch n {
	case syscall.EACCES, syscall.EPERM, syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM:
		return vocab.ProxyInternalError
	case syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EAFNOSUPPORT, syscall.ENETDOWN, syscall.EHOSTDOWN:
		return vocab.DestinationIPUnroutable
	case syscall.ECONNREFUSED, syscall.ENOENT, syscall.EAGAIN:
		return vocab.ConnectionRefused
	case syscall.ETIMEDOUT:
		return vocab.ConnectionTimeout
	}
	return ""
}

// Short reports whether this host is short of descriptors, ports or memory, which says
// nothing about the server, and passes. Where a socket may not be used, or a firewall
// here forbids it, the trouble is our own as well, but with this one server.
func (f *Failure) Short() bool {
	return f.Symptom == vocab.ProxyInternalError && !errors.Is(f.Err, os.ErrPermission)
}

// alerted reports whether the server sent an alert.
func alerted(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

func handshake(err error) vocab.Symptom {
	var verify *tls.CertificateVerificationError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	switch {
	case errors.As(err, &verify), errors.As(err, &host), errors.As(err, &authority), errors.As(err, &invalid):
		return vocab.TLSCertificateError
	case errors.As(err, &alert), alerted(err):
		return vocab.TLSAlertReceived
	case timeout(err):
		return vocab.ConnectionTimeout
	}
	return vocab.TLSProtocolError
}

func timeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// reason is the innermost error, which names no address.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		if timeout(err) && !errors.Is(err, syscall.EAGAIN) { // a unix socket's full queue, which calls itself a timeout
			return op.Op + ": timed out"
		}
		var sys *os.SyscallError
		if errors.As(op.Err, &sys) {
			return op.Op + ": " + sys.Err.Error()
		}
		return op.Op + ": " + op.Err.Error()
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection"
	case timeout(err):
		return "timed out"
	}
	return err.Error()
}
