package errlog

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// messageTLS reads the messages of OpenSSL about the upstream's side. The
// client's side has the same words in another phase.
func messageTLS(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := after(b, "SSL_do_handshake() failed "); ok {
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

// messageFastCGI reads `FastCGI sent in stderr: "…"`.
func messageFastCGI(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := after(b, "FastCGI sent in stderr: ")
	if !ok {
		return dialect.Unparsed
	}
	_, text := foreign(b, rest, r)
	switch {
	case line.Contains(text, "Primary script unknown"), line.Contains(text, "Unable to open primary script"):
		return keyScriptUnknown
	case fatal(text):
		return keyAppFatal
	}
	return keyAppOutput
}

// fatal reports whether PHP says that the request ended there.
func fatal(text []byte) bool {
	i := line.Index(text, "PHP message: PHP ")
	if i < 0 {
		return false
	}
	return line.Contains(text[i:], "PHP Fatal error: ") || line.Contains(text[i:], "PHP Parse error: ") ||
		line.Contains(text[i:], "PHP Recoverable fatal error: ")
}

// messageFiles reads what begins with w, p or o: writes to sockets and files,
// the ends of processes, handshakes that the peer ended.
func messageFiles(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := after(b, "writev() failed"); ok {
		return send(b, b[len(b)-len(rest)-len("failed"):], r)
	}
	if line.Has(b, "worker process ") {
		return processEnd(b, r)
	}
	if rest, ok := after(b, "peer closed connection in SSL handshake"); ok {
		if tail(b, rest, r) == phaseHandshaking || line.Contains(rest[:min(len(rest), 80)], "to upstream") {
			return keyTLSClosed
		}
		return dialect.Plain
	}
	if rest, ok := after(b, "posix_memalign("); ok {
		return memory(b, rest, r)
	}
	if rest, ok := after(b, "open() \""); ok {
		return file(b, rest, r, true)
	}
	for _, s := range [...]string{"pwrite() \"", "pwritev() \"", "write() \"", "writev() \""} {
		if rest, ok := after(b, s); ok {
			return file(b, rest, r, false)
		}
	}
	return dialect.Unparsed
}

// file reads a call on a file that failed: `"/var/lib/nginx/body/0000000042"
// failed (28: No space left on device)`.
func file(msg, b []byte, r *dialect.Record, open bool) dialect.Key {
	i := line.Index(b, "\" failed (")
	if i < 0 {
		return dialect.Unparsed
	}
	name := b[:i]
	errno, rest, ok := paren(b[i+len("\" failed ("):], r)
	if !ok {
		return dialect.Unparsed
	}
	body := tail(msg, rest, r) == phaseBody
	r.Name = name
	switch errno {
	case line.EMFILE, line.ENFILE:
		return keyOpenNoFiles
	case line.ENOSPC, line.EDQUOT:
		if body {
			return keyDiskFullResponse
		}
		return keyDiskFullRequest
	case line.EACCES, line.EPERM, line.EROFS:
		if body {
			return keyTempDeniedResponse
		}
		// A static file that may not be read is written at level error and ends
		// in a 403 (ngx_http_static_module.c); a temporary file at level crit
		// (ngx_create_temp_file) and ends in a 500.
		if !open || line.Is(r.Level, "crit") || r.Level == nil && line.Contains(name, "body") {
			return keyTempDeniedRequest
		}
	}
	return dialect.Plain
}

func memory(msg, b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.After(b, ") failed (")
	if !ok {
		return dialect.Unparsed
	}
	errno, rest, ok := paren(rest, r)
	if !ok || errno != line.ENOMEM {
		return dialect.Unparsed
	}
	tail(msg, rest, r)
	return keyNoMemory
}

// processEnd reads "worker process 3012 exited on signal 11 (core dumped)".
func processEnd(b []byte, r *dialect.Record) dialect.Key {
	r.Message = b
	switch {
	case line.Contains(b, " exited on signal "):
		return keyWorkerDied
	case line.Contains(b, " exited with fatal code "):
		return keyWorkerFatal
	case line.Contains(b, " exited with code "):
		return keyWorkerExit
	}
	return dialect.Unparsed
}

// messageRest reads what has few beginnings.
func messageRest(b []byte, r *dialect.Record) dialect.Key {
	switch b[0] {
	case 'a':
		return messageA(b, r)
	case 'b':
		return messageB(b, r)
	case 'e', 'k':
		if line.Has(b, "epoll_wait() reported that client ") || line.Has(b, "kevent() reported that client ") {
			rest, _ := line.After(b, "prematurely closed connection")
			tail(b, rest, r)
			return keyClientGone
		}
		if line.Is(b, "exit") || line.Is(b, "exiting") {
			r.Message = b
			return keyWorkerExit
		}
	case 'f':
		if line.Has(b, "fork() failed while spawning ") {
			r.Message = b
			return keyForkFailed
		}
	case 'g':
		if line.Has(b, "gracefully shutting down") {
			r.Message = b
			return keyDraining
		}
	case 'h', 'i', 't':
		if line.Has(b, "invalid URL prefix in \"") {
			return prefix(b, r)
		}
		if line.Has(b, "host not found in upstream \"") && line.Contains(b, " in /") {
			return startup(b, r) // pasted without its level
		}
		return badTarget(b, r, keyBadPort)
	case 'l':
		return limiting(b, r)
	case 'm':
		for _, s := range [...]string{"malloc(", "mmap("} {
			if rest, ok := after(b, s); ok {
				return memory(b, rest, r)
			}
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return connections(b, r)
	}
	return dialect.Unparsed
}

func prefix(b []byte, r *dialect.Record) dialect.Key {
	rest := b[len("invalid URL prefix in \""):]
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		i = len(rest)
	}
	r.Name = rest[:i]
	tail(b, rest[min(i+1, len(rest)):], r)
	return keyBadTarget
}

func messageA(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := after(b, "auth request unexpected status: "); ok {
		_, rest, _ := line.Number(rest)
		tail(b, rest, r)
		return keyAuthStatus
	}
	if rest, ok := after(b, "an upstream response is buffered to a temporary file "); ok {
		tail(b, rest, r)
		return keyResponseBuffered
	}
	if rest, ok := after(b, "a client request body is buffered to a temporary file "); ok {
		tail(b, rest, r)
		return keyRequestBuffered
	}
	for _, s := range [...]string{"accept4() ", "accept() "} {
		if rest, ok := after(b, s); ok {
			errno, rest, ok := failed(rest, r)
			if !ok {
				return dialect.Unparsed
			}
			tail(b, rest, r)
			if errno == line.EMFILE || errno == line.ENFILE {
				return keyAcceptNoFiles
			}
			return dialect.Plain
		}
	}
	return dialect.Unparsed
}

func messageB(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := after(b, "broken header: "); ok {
		r.Message = b
		// The quoted bytes are a stranger's: the fields are those after the last
		// phase, since nothing of a client's follows it.
		if i := line.Last(rest, " while reading PROXY protocol"); i >= 0 {
			_, f := action(rest[i:])
			r.Message = b[:len(b)-len(f)]
			fields(f, r)
		}
		return keyProxyHeaderBroken
	}
	if rest, ok := after(b, "bind("); ok {
		i := line.Index(rest, ") failed (")
		if i <= 0 {
			return dialect.Unparsed
		}
		errno, t, ok := paren(rest[i+len(") failed ("):], r)
		if !ok {
			return dialect.Unparsed
		}
		tail(b, t, r)
		r.Name = rest[:i]
		if errno == line.EADDRINUSE {
			return keyBindSourceInUse
		}
		return keyBindSource
	}
	return dialect.Unparsed
}

// connections reads "1024 worker_connections are not enough".
func connections(b []byte, r *dialect.Record) dialect.Key {
	_, rest, ok := line.Number(b)
	if !ok {
		return dialect.Unparsed
	}
	rest, ok = after(rest, " worker_connections are not enough")
	if !ok {
		return dialect.Unparsed
	}
	if line.Has(rest, ", reusing connections") {
		r.Message = b
		return keyReusingConnections
	}
	if p := tail(b, rest, r); p == phaseNone && r.Client == nil {
		return keyNoConnectionsAccept
	}
	return keyNoConnections
}

// limiting reads `limiting requests, excess: 20.320 by zone "perip"`.
func limiting(b []byte, r *dialect.Record) dialect.Key {
	key := keyLimitRequests
	rest, ok := after(b, "limiting requests")
	if !ok {
		key = keyLimitConnections
		if rest, ok = after(b, "limiting connections"); !ok {
			return dialect.Unparsed
		}
	}
	dry := line.Has(rest, ", dry run")
	t, ok := line.After(rest, "by zone \"")
	if !ok {
		return dialect.Unparsed
	}
	i := bytes.IndexByte(t, '"')
	if i < 0 {
		return dialect.Unparsed
	}
	tail(b, t[i+1:], r)
	r.Name = t[:i]
	if dry {
		return keyLimitDryRun
	}
	return key
}

// startup reads the messages with which nginx gives up: level emerg, with the
// place in the configuration at the end.
func startup(b []byte, r *dialect.Record) dialect.Key {
	r.Message = b
	if rest, ok := after(b, "malloc("); ok {
		return memory(b, rest, r)
	}
	if rest, ok := after(b, "posix_memalign("); ok {
		return memory(b, rest, r)
	}
	r.Name = place(b)
	switch {
	case line.Has(b, "host not found in upstream "):
		return keyStartNameMissing
	case line.Has(b, "bind() to "), line.Has(b, "still could not bind()"), line.Has(b, "listen() to "), line.Has(b, "socket() "):
		return keyCannotBind
	case r.Name != nil:
		return keyConfigRejected
	}
	return keyStartFailed
}

// place returns "/etc/nginx/nginx.conf:12" of a message that ends so.
func place(b []byte) []byte {
	b = line.Trim(b)
	i := line.Last(b, " in ")
	if i < 0 {
		return nil
	}
	p := b[i+len(" in "):]
	j := bytes.LastIndexByte(p, ':')
	if j <= 0 || bytes.IndexByte(p, '"') >= 0 {
		return nil
	}
	if _, ok := line.Int(p[j+1:]); !ok {
		return nil
	}
	return p
}
