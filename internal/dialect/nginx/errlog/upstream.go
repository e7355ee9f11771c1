package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// messageU reads the messages that begin with "upstream ".
func messageU(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.CutPrefix(b, "upstream ")
	if !ok {
		return dialect.Unparsed
	}
	if t, ok := line.CutPrefix(rest, "timed out ("); ok {
		return timedOut(b, t, r)
	}
	if t, ok := line.CutPrefix(rest, "timed out"); ok {
		return timeoutPhase(b, t, r)
	}
	if t, ok := line.CutPrefix(rest, "prematurely "); ok {
		return premature(b, t, r)
	}
	if t, ok := line.CutPrefix(rest, "sent "); ok {
		return sent(b, t, r)
	}
	if t, ok := line.CutPrefix(rest, "SSL certificate "); ok {
		return certificate(b, t, r)
	}
	if t, ok := line.CutPrefix(rest, "server temporarily disabled"); ok {
		tail(b, t, r)
		return keyDisabled
	}
	if t, ok := line.CutPrefix(rest, "rejected request with error "); ok {
		code, t, _ := line.Number(t)
		tail(b, t, r)
		return rejected(code)
	}
	return dialect.Unparsed
}

// rejected tells the codes of RST_STREAM apart (RFC 9113, section 7).
func rejected(code int64) dialect.Key {
	switch code {
	case 7, 11: // REFUSED_STREAM, ENHANCE_YOUR_CALM
		return keyH2Rejected
	case 13: // HTTP_1_1_REQUIRED
		return keyH2WantsHTTP1
	}
	return keyH2Reset
}

func timedOut(msg, b []byte, r *dialect.Record) dialect.Key {
	_, rest, ok := paren(b, r)
	if !ok {
		return dialect.Unparsed
	}
	return timeoutPhase(msg, rest, r)
}

func timeoutPhase(msg, rest []byte, r *dialect.Record) dialect.Key {
	switch tail(msg, rest, r) {
	case phaseConnecting:
		if stream(rest, r) {
			return keyStreamTimeout
		}
		return keyConnectTimeout
	case phaseHandshaking:
		return keyTLSTimeout
	case phaseSending:
		return keyWriteTimeout
	case phaseHeader:
		return keyReadTimeout
	case phaseBody:
		return keyBodyTimeout
	case phaseUpgraded, phaseStream:
		return keyUpgradeTimeout
	case phaseNone:
		return keyTimeoutSomewhere
	}
	return dialect.Plain
}

func premature(msg, b []byte, r *dialect.Record) dialect.Key {
	if t, ok := line.CutPrefix(b, "closed connection"); ok {
		switch tail(msg, t, r) {
		case phaseBody, phaseUpgraded:
			return keyBodyClosed
		case phaseHandshaking:
			return keyTLSClosed
		}
		return keyClosedEarly
	}
	if t, ok := line.CutPrefix(b, "closed FastCGI stdout"); ok {
		if tail(msg, t, r) == phaseBody {
			return keyFCGIClosedBody
		}
		return keyFCGIClosedHeader
	}
	if t, ok := line.CutPrefix(b, "closed FastCGI request"); ok {
		if tail(msg, t, r) == phaseHeader {
			return keyFCGIClosedHeader
		}
		return keyFCGIRequestClosed
	}
	if t, ok := line.CutPrefix(b, "closed stream"); ok {
		tail(msg, t, r)
		return keyH2Closed
	}
	if t, ok := line.CutPrefix(b, "sent response"); ok {
		tail(msg, t, r)
		return keyTLSPlain
	}
	return dialect.Unparsed
}

// sent reads what nginx says about an answer that it could not use.
func sent(msg, b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "too big header"):
		tail(msg, b[len("too big header"):], r)
		return keyHeaderTooBig
	case line.Has(b, "no valid HTTP/1.0 header"):
		tail(msg, b[len("no valid HTTP/1.0 header"):], r)
		return keyNotHTTP
	case line.Has(b, "invalid "):
		return sentInvalid(msg, b[len("invalid "):], r)
	case line.Has(b, "duplicate header line"):
		_, text := foreign(msg, b, r)
		if line.Ends(text, ", ignored") {
			return keyDuplicateIgnored
		}
		return keyDuplicateHeader
	case line.Has(b, "\"Content-Length\" and \"Transfer-Encoding\""):
		foreign(msg, b, r)
		return keyLengthAndCoding
	case line.Has(b, "unknown \"Transfer-Encoding\""):
		foreign(msg, b, r)
		return keyUnknownCoding
	case line.Has(b, "HTTP/1.0 response with early hints"):
		tail(msg, b[len("HTTP/1.0 response with early hints"):], r)
		return keyEarlyHints10
	case line.Has(b, "more data than specified in "):
		foreign(msg, b, r)
		return keyMoreThanLength
	case line.Has(b, "unexpected FastCGI record"):
		foreign(msg, b, r)
		return keyFCGIUnexpected
	case line.Has(b, "unsupported FastCGI protocol version"):
		foreign(msg, b, r)
		return keyFCGIVersion
	}
	return sentHTTP2(msg, b, r)
}

func sentInvalid(msg, b []byte, r *dialect.Record) dialect.Key {
	p, text := foreign(msg, b, r)
	switch {
	case line.Has(text, "header"):
		if quotesPair(text) {
			return keyInvalidHeader2
		}
		return keyInvalidHeader
	case line.Has(text, "status "):
		return keyInvalidStatus
	case line.Has(text, "\"Content-Length\" header"):
		return keyInvalidLength
	case line.Has(text, "chunked response"):
		return keyInvalidChunk
	case line.Has(text, "FastCGI record type"):
		return keyFCGIType
	case line.Has(text, "http2 table index"):
		return keyH2Index
	case line.Contains(text, "http2"):
		return keyH2Invalid
	case p == phaseBody:
		return keyBodyClosed
	}
	return keyInvalidResponse
}

// quotesPair reports whether a complete header is quoted, as the HTTP/2 parser
// does: `header: "foo: bar"`. The HTTP/1 parsers stop at the byte that is not
// allowed and write three dots there.
func quotesPair(text []byte) bool {
	i := line.Index(text, ": \"")
	return i >= 0 && line.Contains(text[i+3:], ": ") && !line.Ends(text, "...\"")
}

// sentHTTP2 reads the messages of the gRPC and HTTP/2 modules.
func sentHTTP2(msg, b []byte, r *dialect.Record) dialect.Key {
	p, text := foreign(msg, b, r)
	switch {
	case line.Has(text, "too large http2 frame: 4740180"):
		return keyH2SpeaksHTTP1
	case line.Has(text, "too large http2 frame"):
		return keyH2FrameTooLarge
	case line.Has(text, "goaway"):
		return keyH2Goaway
	case line.Has(text, "no :status header"):
		return keyH2NoStatus
	case line.Has(text, "frame for closed stream"):
		return keyH2ClosedStream
	case line.Has(text, "frame for unknown stream"):
		return keyH2UnknownStream
	case line.Has(text, "unexpected http2 frame"):
		return keyH2UnexpectedFrame
	case line.Has(text, "truncated http2 header"):
		return keyH2Truncated
	case line.Has(text, "too large http2 header"):
		return keyH2HeaderTooLarge
	case line.Contains(text, "http2") || line.Has(r.Upstream, "grpc"):
		return keyH2Invalid
	case p == phaseBody:
		return keyBodyClosed
	}
	return keyInvalidResponse
}

// certificate reads `verify error: (10:certificate has expired)` and
// `does not match "backend.internal"`.
func certificate(msg, b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "does not match \""); ok {
		for i, c := range rest {
			if c == '"' {
				r.Name = rest[:i]
				tail(msg, rest[i+1:], r)
				return keyCertMismatch
			}
		}
		r.Message = msg
		return keyCertMismatch
	}
	rest, ok := line.CutPrefix(b, "verify error: (")
	if !ok {
		foreign(msg, b, r)
		return keyCertOther
	}
	code, rest, ok := paren(rest, r)
	r.Errno = 0
	if !ok {
		foreign(msg, b, r)
		return keyCertOther
	}
	tail(msg, rest, r)
	// X509_V_ERR_* of openssl/include/openssl/x509_vfy.h.
	switch code {
	case 10:
		return keyCertExpired
	case 18, 19:
		return keyCertSelfSigned
	case 2, 20, 21, 27:
		return keyCertIssuer
	case 9:
		return keyCertNotYet
	case 62, 64:
		return keyCertName
	}
	return keyCertOther
}
