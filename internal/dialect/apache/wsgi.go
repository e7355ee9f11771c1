package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// wsgiSource is where mod_wsgi writes its messages: in Apache's error log, without
// an AH number.
const wsgiSource = "mod_wsgi src/server: wsgi_remote.c, mod_wsgi.c, wsgi_daemon.c"

// wsgi adds a condition of mod_wsgi that ends a request.
func wsgi(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	key := add(id, symptom, status, phase, fact, distinguish, causes...)
	table.Conds()[key].Source = wsgiSource
	return key
}

// mod_wsgi's own processes are children of Apache's that run the application.
var (
	keyWSGIClosed = wsgi("wsgi-closed-early", vocab.ConnectionTerminated, 500, header, vocab.GatewayClosedEarly,
		"The daemon process ended, or was ended, in the middle of the request (AH00051 and `exit signal` beside it: it crashed; an extension module may need WSGIApplicationGroup %{GLOBAL}); rarely a header over header-buffer-size.",
		vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamOOMKilled, vocab.UpstreamRestarting, vocab.BufferTooSmall)
	keyWSGITimeout = wsgi("wsgi-timeout", vocab.HTTPResponseTimeout, 504, header, vocab.GatewayReadTimeout,
		"No header within socket-timeout (Apache's Timeout by default), or no thread free within queue-timeout.",
		vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted)
	keyWSGIBacklog = wsgi("wsgi-not-connected", vocab.ConnectionRefused, 503, connecting, vocab.GatewayConnectFailed,
		"The daemon process does not take connections: all its threads are busy and its queue (listen-backlog) is full, or it does not run; after a reload old connections look for the old socket.",
		vocab.WorkersExhausted, vocab.UpstreamDown, vocab.BacklogFull, vocab.UpstreamRestarting)
	keyWSGIBody = wsgi("wsgi-body-failed", vocab.HTTPResponseIncomplete, 0, dialect.PhaseBody, vocab.GatewayClosedBody,
		"The answer broke off in its body: the daemon process ended, or the client did not take it in time.", vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.UpstreamSlow, vocab.Aborted)
	keyWSGIGroup = wsgi("wsgi-no-process-group", vocab.ProxyConfigurationError, 500, local, vocab.GatewayBadTarget,
		"WSGIProcessGroup names a group that no WSGIDaemonProcess makes for this virtual host.", vocab.InvalidConfig)
	keyWSGIApplication = wsgi("wsgi-application", "", 500, header, vocab.GatewayAppOutput,
		"The application's module could not be loaded, or raised: the traceback follows.", vocab.AppError)
	keyWSGIKilled  = wsgiOwn("wsgi-stopped-process", vocab.AppWorkerKilled, "mod_wsgi ended its own process over request-timeout or deadlock-timeout.", vocab.WorkerKilled, vocab.UpstreamHung)
	keyWSGIRestart = wsgiOwn("wsgi-restart", vocab.AppStopping, "mod_wsgi restarts its process: maximum-requests, a changed script, a limit.", vocab.UpstreamRestarting)
	keyWSGISignal  = wsgiOwn("wsgi-killed-by-signal", vocab.AppCrashed, "A daemon process of mod_wsgi died by a signal.", vocab.UpstreamCrashed)
)

// wsgiOwn adds what mod_wsgi says about its own processes: an application server's
// record.
func wsgiOwn(id string, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	key := tell(id, "", 0, "", fact, distinguish, causes...)
	table.Conds()[key].Source = wsgiSource
	return key
}

// daemonWords are mod_wsgi's messages by what they contain; of several that fit the
// first counts.
var daemonWords = [...]struct {
	text string
	key  dialect.Key
}{
	{"Truncated or oversized response headers received from daemon process", keyWSGIClosed},
	{"Timeout when reading response headers from daemon process", keyWSGITimeout},
	{"Failed to proxy response from daemon", keyWSGIBody},
	{"No WSGI daemon process called '", keyWSGIGroup},
	{"cannot be loaded as Python module", keyWSGIApplication},
	{"does not contain WSGI application '", keyWSGIApplication},
	{"Exception occurred processing WSGI script '", keyWSGIApplication},
	{"Failed to exec Python script file '", keyWSGIApplication},
	{"Daemon process request time limit exceeded, stopping process", keyWSGIKilled},
	{"Daemon process deadlock timer expired, stopping process", keyWSGIKilled},
	{"Maximum requests reached", keyWSGIRestart},
	{"' terminated by signal ", keyWSGISignal},
}

// modWSGI reads a message of mod_wsgi: "mod_wsgi (pid=12): Failed to …", of release
// 6 "WSGI0116: …", and those without a head.
func modWSGI(b []byte, r *dialect.Record) dialect.Key {
	if !line.Contains(b, "daemon") && !line.Contains(b, "WSGI") && !line.Contains(b, "mod_wsgi") && !line.Contains(b, "Python") {
		return dialect.Unparsed
	}
	if rest, ok := line.After(b, "Unable to connect to WSGI daemon process '"); ok {
		if r.Errno == 0 || line.Contains(rest, "listener backlog") {
			return keyWSGIBacklog
		}
		return connectUnix(r)
	}
	for i := range daemonWords {
		if line.Contains(b, daemonWords[i].text) {
			return daemonWords[i].key
		}
	}
	return dialect.Unparsed
}

// keyTemp and keyTempFull are of bodies of requests that mod_proxy puts into a file
// (AH01089, AH01090, AH01091; spool_reqbody_cl of mod_proxy_http).
var (
	keyTemp     = add("temp-failed", vocab.ProxyInternalError, 500, local, vocab.GatewayFileDenied, "Apache cannot write a temporary file for the body of a request: is there a folder that its user may write (TMPDIR, /tmp)?", vocab.FilePermission, vocab.DiskFull)
	keyTempFull = add("temp-full", vocab.ProxyInternalError, 500, local, vocab.GatewayDiskFull, "No space for the body of a request: df and df -i on the temporary folder.", vocab.DiskFull)
)

func temporary(r *dialect.Record) dialect.Key {
	if n := line.Linux(r.Errno); n == line.ENOSPC || n == line.EDQUOT {
		return keyTempFull
	}
	return keyTemp
}
