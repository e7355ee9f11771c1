package probe

import (
	"bytes"
	"unicode/utf8"

	"github.com/goodgatehq/goodgate/internal/wire/fastcgi"
	"github.com/goodgatehq/goodgate/internal/wire/proxyproto"
)

// looksLike names what the first bytes of a peer look like; "" where there are
// none.
func looksLike(b []byte) string {
	switch {
	case len(b) == 0:
		return ""
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return SpeaksHTTP
	case isTLS(b):
		return SpeaksTLS
	case isHTTP2(b):
		return SpeaksHTTP2
	case isFastCGI(b):
		return SpeaksFastCGI
	case isMySQL(b):
		return SpeaksMySQL
	case isPostgres(b):
		return SpeaksPostgres
	case isProxy(b):
		return SpeaksProxy
	}
	return looksLikeText(b)
}

// looksLikeText names a protocol of lines by how its first line begins.
func looksLikeText(b []byte) string {
	has := func(word string) bool { return bytes.HasPrefix(b, []byte(word)) }
	line, _, _ := bytes.Cut(b, []byte("\n"))
	switch {
	case has("SSH-"):
		return SpeaksSSH
	case has("* OK") || has("* BYE") || has("* PREAUTH"):
		return SpeaksIMAP
	case has("+OK"):
		return SpeaksPOP3
	case has("-ERR") || has("-NOAUTH") || has("-DENIED") || has("-WRONGPASS"):
		return SpeaksRedis
	case replyCode(b) && bytes.Contains(line, []byte("SMTP")), has("221 2.7.0"), has("554 5.5."), has("500 5.5."):
		return SpeaksSMTP
	case replyCode(b) && bytes.Contains(line, []byte("FTP")):
		return SpeaksFTP
	case has("Status:") || has("Content-Type:") || has("Content-type:") || has("X-Powered-By: PHP"):
		return SpeaksCGI
	case isText(b):
		return SpeaksText
	}
	return SpeaksBinary
}

// isTLS reports a TLS record (RFC 8446 section 5.1): change_cipher_spec, alert,
// handshake or application data, version 3.x.
func isTLS(b []byte) bool {
	return len(b) >= 3 && b[0] >= 20 && b[0] <= 23 && b[1] == 3 && b[2] <= 4
}

// isHTTP2 reports a SETTINGS or GOAWAY frame on stream 0 (RFC 9113 section 4.1).
func isHTTP2(b []byte) bool {
	if len(b) < 9 || b[5] != 0 || b[6] != 0 || b[7] != 0 || b[8] != 0 {
		return false
	}
	length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	switch b[3] {
	case 4:
		return length%6 == 0 && length <= 600 && b[4]&^1 == 0
	case 7:
		return length >= 8 && b[4] == 0
	}
	return false
}

// isFastCGI reports a record that an application sends.
func isFastCGI(b []byte) bool {
	if len(b) < fastcgi.HeaderSize || b[0] != fastcgi.Version {
		return false
	}
	switch fastcgi.Type(b[1]) {
	case fastcgi.EndRequest, fastcgi.Stdout, fastcgi.Stderr, fastcgi.GetValuesResult, fastcgi.UnknownType:
		return true
	}
	return false
}

// isMySQL reports the server's greeting: packet 0, protocol version 10, or an
// error packet.
func isMySQL(b []byte) bool {
	if len(b) < 8 || b[3] != 0 || b[2] != 0 {
		return false
	}
	length := int(b[0]) | int(b[1])<<8
	return length > 4 && (b[4] == 10 && b[5] >= '0' && b[5] <= '9' || b[4] == 0xff)
}

// isPostgres reports an ErrorResponse message, or the one byte that answers an
// SSLRequest.
func isPostgres(b []byte) bool {
	return len(b) > 6 && b[0] == 'E' && b[1] == 0 && b[2] == 0 && bytes.Contains(b[:min(len(b), 64)], []byte("SFATAL"))
}

func isProxy(b []byte) bool {
	_, _, err := proxyproto.Parse(b)
	return err == nil
}

// replyCode reports three digits and a space or hyphen, as SMTP and FTP begin.
func replyCode(b []byte) bool {
	return len(b) >= 4 && b[0] >= '1' && b[0] <= '5' && b[1] >= '0' && b[1] <= '9' && b[2] >= '0' && b[2] <= '9' && (b[3] == ' ' || b[3] == '-')
}

// isText reports whether b has nothing but what people read; a rune cut at the
// end does not count.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			return !utf8.FullRune(b)
		case r < ' ' && r != '\n' && r != '\r' && r != '\t':
			return false
		}
		b = b[n:]
	}
	return true
}

// hints are words in an error page that tell which protocol its server wants.
var hints = []struct{ words, hint string }{
	{"The plain HTTP request was sent to HTTPS port", HintWantsTLS},     // nginx src/http/ngx_http_special_response.c, 497
	{"speaking plain HTTP to an SSL-enabled server port", HintWantsTLS}, // Apache modules/ssl/ssl_engine_kernel.c
	{"Client sent an HTTP request to an HTTPS server", HintWantsTLS},    // Go net/http server.go
	{"This combination of host and port requires TLS", HintWantsTLS},    // Tomcat
	{"HTTP request was sent to HTTPS", HintWantsTLS},                    // nginx derivatives
	{"gRPC requires HTTP/2", HintWantsHTTP2},                            // grpc-go internal/transport/handler_server.go
	{"Unknown ALPN Protocol, expected `h2`", HintWantsHTTP2},            // Node lib/internal/http2/core.js
	{"Missing ALPN Protocol, expected `h2`", HintWantsHTTP2},            // the same, newer
}

// hintOf reads a hint out of an error answer.
func hintOf(status int, body []byte) string {
	if status < 400 {
		return ""
	}
	for _, h := range hints {
		if bytes.Contains(body, []byte(h.words)) {
			return h.hint
		}
	}
	return ""
}
