package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// messageTLS reads the messages of OpenSSL about the upstream's side. The
// client's side has the same words in another phase.
func messageTLS(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "SSL_do_handshake() failed "); ok {
		p, text := foreign(b, rest, r)
		if p != phaseHandshaking && p != phaseNone {
			return dialect.Plain
		}
		if p == phaseNone && r.Level != nil {
			return dialect.Plain
		}
		return handshake(text)
	}
	reading := line.Has(b, "SSL_read() failed")
	if !reading && !line.Has(b, "SSL_write() failed") {
		return dialect.Unparsed
	}
	p, _ := foreign(b, b, r)
	// In TLS 1.3 the alert about a missing client certificate comes after the
	// handshake is done on our side (RFC 8446, section 4.4.2.4).
	if rest, ok := line.After(b, "SSL alert number "); ok && p == phaseHeader {
		n, _, _ := line.Number(rest)
		return alert(n)
	}
	switch {
	case p == phaseBody:
		return keyTLSReadBody
	case p == phaseHeader && reading:
		return keyTLSReadHeader
	case p == phaseSending || p == phaseHeader:
		return keyTLSWriteFailed
	}
	return dialect.Plain
}

// handshake reads OpenSSL's reason: "(SSL: error:0A000410:SSL routines::sslv3
// alert handshake failure:SSL alert number 40)", with a function's name between
// the colons before OpenSSL 3.
func handshake(text []byte) dialect.Key {
	if rest, ok := line.After(text, "SSL alert number "); ok {
		n, _, _ := line.Number(rest)
		return alert(n)
	}
	switch {
	case line.Contains(text, "wrong version number"), line.Contains(text, "unknown protocol"), line.Contains(text, "http request"):
		return keyTLSWrongVersion
	case line.Contains(text, "packet length too long"), line.Contains(text, "record length"):
		return keyTLSLength
	case line.Contains(text, "unexpected eof"):
		return keyTLSEOF
	case line.Contains(text, "unsupported protocol"), line.Contains(text, "no protocols available"),
		line.Contains(text, "no ciphers available"), line.Contains(text, "unsafe legacy renegotiation"),
		line.Contains(text, "wrong ssl version"):
		return keyTLSUnsupported
	case line.Contains(text, "key too small"), line.Contains(text, "md too weak"):
		return keyTLSWeak
	case line.Contains(text, "certificate verify failed"):
		return keyCertOther
	case line.Contains(text, "alert handshake failure"):
		return keyTLSAlertHandshake
	case line.Contains(text, "unrecognized name"):
		return keyTLSAlertName
	case line.Contains(text, "alert "):
		return keyTLSAlert
	case line.Has(text, "(SSL:"):
		return keyTLSFailed
	}
	return keyTLSClosed // "(104: Connection reset by peer)"
}

// alert reads the number of a TLS alert (RFC 8446, section 6).
func alert(n int64) dialect.Key {
	switch n {
	case 40:
		return keyTLSAlertHandshake
	case 112:
		return keyTLSAlertName
	case 70:
		return keyTLSAlertVersion
	case 80:
		return keyTLSAlertInternal
	case 41, 42, 116:
		return keyTLSAlertWantsCertificate
	case 43, 44, 45, 46, 48:
		return keyTLSAlertRejects
	}
	return keyTLSAlert
}
