package errlog

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// messageFiles reads what begins with w, p or o: writes to sockets and files,
// the ends of processes, handshakes that the peer ended.
func messageFiles(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "writev() failed"); ok {
		return send(b, b[len(b)-len(rest)-len("failed"):], r)
	}
	if line.Has(b, "worker process ") {
		return processEnd(b, r)
	}
	if rest, ok := line.CutPrefix(b, "peer closed connection in SSL handshake"); ok {
		if tail(b, rest, r) == phaseHandshaking || line.Contains(rest[:min(len(rest), 80)], "to upstream") {
			return keyTLSClosed
		}
		return dialect.Plain
	}
	if rest, ok := line.CutPrefix(b, "posix_memalign("); ok {
		return memory(b, rest, r)
	}
	if rest, ok := line.CutPrefix(b, "open() \""); ok {
		return file(b, rest, r, true)
	}
	for _, s := range [...]string{"pwrite() \"", "pwritev() \"", "write() \"", "writev() \""} {
		if rest, ok := line.CutPrefix(b, s); ok {
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

// looked reads a file that try_files may not look at: `"/srv/www/index.html"
// failed (13: Permission denied)`. It goes on to the next one, and to the last
// in the end.
func looked(msg, b []byte, r *dialect.Record) dialect.Key {
	i := line.Index(b, "\" failed (")
	if i < 0 {
		return dialect.Unparsed
	}
	errno, rest, ok := paren(b[i+len("\" failed ("):], r)
	if !ok {
		return dialect.Unparsed
	}
	tail(msg, rest, r)
	if errno != line.EACCES && errno != line.EPERM {
		return dialect.Plain
	}
	r.Name = b[:i]
	return keyLookDenied
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
