package goodgate

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// verdict says what the line means.
func (s *seen) verdict(r *dialect.Record) dialect.Key {
	switch string(s.maker) {
	case "client":
		return s.clientKey(r)
	case "upstream":
		switch {
		case s.cut:
			return s.cutKey(r)
		case r.Status >= 500:
			return keyPassed
		}
		return dialect.Plain
	}
	if r.Status < 500 {
		if string(s.symptom) == string(vocab.DestinationNotFound) {
			return keyNoRoute
		}
		return s.clientKey(r)
	}
	// What the last attempt saw is nearer to the cause than that no server was
	// left in the end.
	symptom, detail, phase := s.symptom, s.detail, []byte(nil)
	if string(s.last.symptom) == string(vocab.ConnectionRefused) && bytes.Equal(s.broken.upstream, s.last.upstream) && s.broken.symptom != nil {
		s.last = s.broken // it went away under this request, and was looked for in vain
	}
	if s.last.symptom != nil {
		symptom, detail, phase = s.last.symptom, s.last.detail, s.last.phase
		r.Message, r.Upstream, r.Endpoint = detail, s.last.upstream, s.last.upstream
	}
	if _, why, away := bytes.Cut(detail, []byte("; away: ")); away && s.last.symptom == nil && string(symptom) == string(vocab.DestinationUnavailable) {
		// No attempt was made, because earlier ones had found nobody there.
		symptom = []byte(vocab.ConnectionRefused)
		if bytes.Contains(why, []byte("dial: timed out")) {
			symptom = []byte(vocab.ConnectionTimeout)
		}
	}
	return failure(symptom, detail, phase)
}

// clientKey is the key of what ended by the client: it left, or its request was
// refused before any server got it.
func (s *seen) clientKey(r *dialect.Record) dialect.Key {
	switch {
	case r.Status == 499 || s.cut || vocab.Symptom(s.symptom) != vocab.HTTPRequestError:
		return keyGone
	case r.Status == 408:
		return keyClientStalled
	case r.Status == 413:
		return keyBodyTooLarge
	case r.Status == 431:
		return keyHeadTooLarge
	}
	return keyBadRequest
}

// cutKey is the key of an answer that broke off after its head had been sent.
func (s *seen) cutKey(r *dialect.Record) dialect.Key {
	if s.last.symptom != nil {
		r.Message = s.last.detail
	}
	switch vocab.Symptom(s.symptom) {
	case vocab.ConnectionReadTimeout, vocab.HTTPResponseTimeout:
		return keyBodyTimeout
	case vocab.HTTPTransferCoding:
		return keyCoding
	}
	return keyCut
}

// simple are the symptoms that say all by themselves.
var simple = map[vocab.Symptom]dialect.Key{
	vocab.ConnectionTimeout: keyConnectTimeout, vocab.DestinationIPUnroutable: keyUnroutable, vocab.DNSTimeout: keyNameTimeout,
	vocab.TLSCertificateError: keyCertificate, vocab.TLSAlertReceived: keyAlert, vocab.TLSProtocolError: keyTLS, vocab.ConnectionWriteTimeout: keyWriteTimeout,
	vocab.HTTPResponseTimeout: keySlow, vocab.HTTPResponseIncomplete: keyIncomplete, vocab.HTTPHeaderSectionSize: keyTooBig, vocab.HTTPTransferCoding: keyCoding,
	vocab.ConnectionLimitReached: keyFull, vocab.DestinationNotFound: keyNoRoute, vocab.ProxyLoopDetected: keyLoop,
	vocab.HTTPUpgradeFailed: keyUpgrade, vocab.ConnectionReadTimeout: keyReadTimeout,
}

func failure(symptom, detail, phase []byte) dialect.Key {
	has := func(text string) bool { return bytes.Contains(detail, []byte(text)) }
	switch vocab.Symptom(symptom) {
	case vocab.ConnectionRefused:
		switch {
		case has("no such file"):
			return keyNoSocket
		case has("temporarily unavailable"):
			return keyBacklog
		}
		return keyRefused
	case vocab.ProxyInternalError:
		switch {
		case has("permission denied"), has("not permitted"):
			return keyDenied
		case has("too many open files"):
			return keyNoFiles
		case has("cannot assign requested address"):
			return keyNoPort
		}
		return keyInternal
	case vocab.ConnectionTerminated:
		switch {
		case string(phase) == "send":
			return keySending
		case has("reset by peer"), has("broken pipe"):
			return keyReset
		}
		return keyClosed
	case vocab.DestinationUnavailable:
		return unavailable(detail)
	case vocab.DNSError:
		if !has("no such host") {
			return keyNameFailed
		}
		return keyName
	case vocab.HTTPProtocolError:
		if has("status_line") || has("version at") {
			return keyNotHTTP
		}
		return keyInvalid
	}
	if k, ok := simple[vocab.Symptom(symptom)]; ok {
		return k
	}
	return keyOther
}

// unavailable is the key of an exchange for which no server could be asked. The
// detail has the condition of one of them, and why: "no server can be asked;
// unchecked,failing: the check was answered 404".
func unavailable(detail []byte) dialect.Key {
	if bytes.Contains(detail, []byte("every server is drained")) {
		return keyDrained
	}
	_, rest, _ := bytes.Cut(detail, []byte("; "))
	condition, why, _ := bytes.Cut(rest, []byte(": "))
	if !bytes.Contains(condition, []byte("failing")) && !bytes.Contains(condition, []byte("unchecked")) {
		return keyNoServer
	}
	switch connected(why) {
	case vocab.ConnectionRefused:
		return keyRefused
	case vocab.ConnectionTimeout:
		return keyConnectTimeout
	}
	return keyCheck
}

// connected says why a health check got no connection; empty where it got one, and
// did not like what came.
func connected(why []byte) vocab.Symptom {
	switch {
	case bytes.Contains(why, []byte("dial: connection refused")):
		return vocab.ConnectionRefused
	case bytes.Contains(why, []byte("dial: timed out")):
		return vocab.ConnectionTimeout
	case bytes.Contains(why, []byte("dial: ")):
		return vocab.DestinationUnavailable
	}
	return ""
}
