package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// meaning says what a message is by its number, the system's error and, where
// one number has several texts, by the text.
func meaning(code int, b []byte, r *dialect.Record) dialect.Key {
	switch code {
	case 0:
		return unnumbered(b, r)
	case 957:
		backend(b, "attempt to connect to ", r)
		if r.Errno == 0 {
			return keyNoConnection // quoted without the system's error
		}
		return connect(r)
	case 2454:
		backend(b, "Unix domain socket ", r)
		if r.Errno == 0 {
			return keyNoConnection
		}
		return connectUnix(r)
	case 952, 2453:
		switch line.Linux(r.Errno) {
		case line.EMFILE, line.ENFILE:
			return keyNoFiles
		case line.EACCES, line.EPERM: // a policy denies the socket itself
			return keyDenied
		case line.EAFNOSUPPORT:
			return keyUnreachable
		}
		return keySocket
	case 1089, 1090, 1091:
		return temporary(r)
	case 898:
		return returned(b, r)
	case 1102:
		backend(b, "remote server ", r)
		return statusLine(r)
	case 1084:
		backend(b, "failed to ", r)
		return requestBody(r)
	case 1075:
		return dispatch(r)
	case 961:
		backend(b, "support for ", r)
		return keyNoSSL
	case 1110:
		if r.Errno == aprGeneral { // the filters say so of chunks that they cannot read
			return keyChunk
		}
		return keyResponse
	case 878, 893, 1030:
		backend(b, "to ", r)
		switch line.Linux(r.Errno) {
		case aprTimeout, line.ETIMEDOUT:
			return keyAJPTimeout
		case ajpNoHeader, aprEOF:
			return keyAJPHeader
		case ajpBadHeader:
			return keyAJPBad
		}
		return keyAJPClosed
	case 1071:
		return script(b)
	case 1031, 1080:
		return keyAJPBad
	case 1114, 1079, 896, 10101, 866, 2452:
		backend(b, "connection to backend: ", r)
		return keyNoConnection
	case 959, 1174, 2460:
		return disabled(code, b, r)
	}
	for i := range byCode {
		if byCode[i].code == code {
			return byCode[i].key
		}
	}
	return dialect.Unparsed
}

// unnumbered reads messages of 2.2, and those that have no number.
func unnumbered(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Contains(b, "attempt to connect to Unix domain socket "):
		backend(b, "Unix domain socket ", r)
		return connectUnix(r)
	case line.Contains(b, ": attempt to connect to ") && line.Contains(b, " failed"):
		backend(b, "attempt to connect to ", r)
		return connect(r)
	case line.Contains(b, "error reading status line from remote server"):
		backend(b, "remote server ", r)
		return statusLine(r)
	case line.Has(b, "End of script output before headers"), line.Has(b, "Premature end of script headers"):
		return keyScriptEnd
	case line.Has(b, "FastCGI: "):
		return modFastCGI(b, r)
	case line.Has(b, "SSL Library Error: error:"):
		return library(b)
	case line.Contains(b, "server reached MaxRequestWorkers setting"), line.Contains(b, "server reached MaxClients setting"):
		return keyMaxWorkers
	case line.Contains(b, "No protocol handler was valid for the URL"):
		return keyNoHandler
	case line.Contains(b, "search for temporary directory failed"), line.Contains(b, "creation of temporary file in directory "), line.Contains(b, "write to temporary file "):
		return temporary(r)
	}
	for _, read := range [...]func([]byte, *dialect.Record) dialect.Key{page, old, fcgid, modJK} {
		if key := read(b, r); key != dialect.Unparsed {
			return key
		}
	}
	return modWSGI(b, r)
}

// page reads the reason that stands on Apache's own page (ap_proxyerror), as it is
// in the page and as a browser shows it: "Reason: DNS lookup failure for: app".
func page(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.After(b[:min(len(b), 400)], "Reason: ")
	if !ok {
		return dialect.Unparsed
	}
	rest, _ = line.CutPrefix(rest, "<strong>")
	rest, _, _ = line.Cut(rest, "</strong>")
	for _, begins := range [...]string{
		"DNS lookup failure for", "Error during SSL Handshake", "Timeout on 100-Continue", "Corrupt status line", "Malformed connection header", "Unexpected Upgrade", "Error reading from remote server",
	} {
		if line.Has(rest, begins) {
			return returned(rest, r)
		}
	}
	return dialect.Unparsed
}

// modFastCGI reads mod_fastcgi, which has no numbers: `FastCGI: failed to
// connect to server "/path": connect() failed`.
func modFastCGI(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Contains(b, "failed to connect to server \""):
		if r.Errno == 0 {
			return keyNoConnection
		}
		return connectUnix(r)
	case line.Contains(b, "incomplete headers ("):
		return keyFCGIHeader
	case line.Contains(b, "aborted: idle timeout"):
		return keyFCGITimeout
	}
	return dialect.Unparsed
}

func connect(r *dialect.Record) dialect.Key {
	switch line.Linux(r.Errno) {
	case line.ECONNREFUSED:
		return keyRefused
	case line.ETIMEDOUT, aprTimeout:
		return keyTimeout
	case line.EHOSTUNREACH:
		return keyNoRoute
	case line.ENETUNREACH:
		return keyUnreachable
	case line.EACCES, line.EPERM:
		return keyDenied
	case line.EADDRNOTAVAIL:
		return keyNoPort
	case line.ECONNRESET:
		return keyReset
	}
	return keyConnect
}

func connectUnix(r *dialect.Record) dialect.Key {
	switch line.Linux(r.Errno) {
	case line.ENOENT:
		return keySocketMissing
	case line.EACCES, line.EPERM:
		return keySocketDenied
	case line.EAGAIN:
		return keyQueueFull
	case line.ECONNREFUSED:
		return keySocketRefused
	}
	return keyConnect
}

// statusLine reads the error with which the status line could not be read.
func statusLine(r *dialect.Record) dialect.Key {
	switch line.Linux(r.Errno) {
	case aprTimeout, line.ETIMEDOUT:
		return keyReadTimeout
	case line.ECONNRESET:
		return keyReadReset
	case aprEOF:
		return keyReadEOF
	case line.EINVAL: // a NUL in the line
		return keyCorrupt
	case aprGeneral:
		return keyReadGeneral
	}
	return keyRead
}

// returned reads "AH00898: REASON returned by URL".
func returned(b []byte, r *dialect.Record) dialect.Key {
	if i := line.Last(b, " returned by /"); i >= 0 {
		r.Path = b[i+len(" returned by "):]
	}
	switch {
	case line.Has(b, "DNS lookup failure for"):
		if rest, ok := line.After(b, "for: "); ok {
			r.Name, _ = line.Word(rest)
		}
		if r.Errno == eaiAgain || r.Errno == eaiFail {
			return keyDNSFailed
		}
		return keyDNS
	case line.Has(b, "Error during SSL Handshake"):
		return keyTLS
	case line.Has(b, "Timeout on 100-Continue"):
		return keyContinue
	case line.Has(b, "Corrupt status line"):
		return keyCorrupt
	case line.Has(b, "Malformed connection header"):
		return keyConnectionHeader
	case line.Has(b, "Unexpected Upgrade"):
		return keyUpgrade
	case line.Has(b, "Too many ("):
		return keyInterim
	}
	return keyReadReturned
}

func requestBody(r *dialect.Record) dialect.Key {
	switch line.Linux(r.Errno) {
	case aprGeneral:
		return keyBodyGeneral
	case aprTimeout, line.ETIMEDOUT:
		return keyBodyTimeout
	case line.ECONNABORTED:
		return keyBodyAborted
	}
	return keyBody
}

// dispatch reads why a FastCGI request failed.
func dispatch(r *dialect.Record) dialect.Key {
	switch line.Linux(r.Errno) {
	case aprTimeout, line.ETIMEDOUT:
		return keyFCGITimeout
	case line.ECONNRESET:
		return keyFCGIReset
	case aprEOF:
		return keyFCGIEOF
	case line.EINVAL:
		return keyFCGIInvalid
	}
	return keyFCGIReset
}

// script reads what a FastCGI application wrote to its standard error.
func script(b []byte) dialect.Key {
	switch {
	case line.Contains(b, "Primary script unknown"), line.Contains(b, "Unable to open primary script"):
		return keyScriptUnknown
	case line.Contains(b, "PHP Fatal error: "), line.Contains(b, "PHP Parse error: "):
		return keyScriptFatal
	}
	return keyScriptOutput
}

// library reads OpenSSL's reason.
func library(b []byte) dialect.Key {
	switch {
	case line.Contains(b, "certificate verify failed"):
		return keyCertificate
	case line.Contains(b, "wrong version number"), line.Contains(b, "packet length too long"), line.Contains(b, "http request"):
		return keyTLSPlain
	case line.Contains(b, " alert "), line.Contains(b, "unrecognized name"):
		return keyTLSAlert
	}
	return dialect.Unparsed
}

func disabled(code int, b []byte, r *dialect.Record) dialect.Key {
	backend(b, "orker (", r)
	backend(b, "worker for (", r)
	if n := len(r.Endpoint); n > 0 && r.Endpoint[n-1] == ')' {
		r.Endpoint = r.Endpoint[:n-1]
	}
	if i := line.Index(r.Endpoint, "://"); i >= 0 {
		r.Endpoint = r.Endpoint[i+3:]
	}
	switch code {
	case 1174:
		return keyForcedStatus
	case 2460:
		return keyForcedTimeout
	}
	return keyDisabled
}
