package errlog

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// messageFastCGI reads `FastCGI sent in stderr: "…"`.
func messageFastCGI(b []byte, r *dialect.Record) dialect.Key {
	rest, ok := line.CutPrefix(b, "FastCGI sent in stderr: ")
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
			if rest, ok := line.CutPrefix(b, s); ok {
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
	if rest, ok := line.CutPrefix(b, "auth request unexpected status: "); ok {
		_, rest, _ := line.Number(rest)
		tail(b, rest, r)
		return keyAuthStatus
	}
	if rest, ok := line.CutPrefix(b, "an upstream response is buffered to a temporary file "); ok {
		tail(b, rest, r)
		return keyResponseBuffered
	}
	if rest, ok := line.CutPrefix(b, "a client request body is buffered to a temporary file "); ok {
		tail(b, rest, r)
		return keyRequestBuffered
	}
	for _, s := range [...]string{"accept4() ", "accept() "} {
		if rest, ok := line.CutPrefix(b, s); ok {
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
	if rest, ok := line.CutPrefix(b, "broken header: "); ok {
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
	if rest, ok := line.CutPrefix(b, "bind("); ok {
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
	rest, ok = line.CutPrefix(rest, " worker_connections are not enough")
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
	rest, ok := line.CutPrefix(b, "limiting requests")
	if !ok {
		key = keyLimitConnections
		if rest, ok = line.CutPrefix(b, "limiting connections"); !ok {
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
	if rest, ok := line.CutPrefix(b, "malloc("); ok {
		return memory(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "posix_memalign("); ok {
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
