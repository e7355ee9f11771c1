package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// mod_jk speaks AJP to Tomcat and keeps a log of its own, which the connector for
// IIS writes alike:
//
//	[Fri Nov 20 06:28:24.693 2026] [571:139] [error] ajp_service::jk_ajp_common.c (2799): (app1) connecting to tomcat failed.
var (
	keyJKClosed = jk("jk-closed-early", vocab.ConnectionTerminated, 502, header, vocab.GatewayClosedEarly,
		"Tomcat closed the connection before its header: it was restarted, or closes idle connections (connectionTimeout of its Connector) sooner than mod_jk (connection_pool_timeout).",
		vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamRestarting)
	keyJKTimeout = jk("jk-timeout", vocab.ConnectionReadTimeout, 504, header, vocab.GatewayReadTimeout,
		"Tomcat sent nothing within reply_timeout.", vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted)
	keyJKNoWorker = jk("jk-no-worker", vocab.DestinationUnavailable, 503, local, vocab.GatewayNoLiveUpstream,
		"Every Tomcat of the balancer is in error state, busy or stopped: earlier lines say how each failed.", vocab.NoHealthyUpstream, vocab.UpstreamDown)
	keyJKPool = jk("jk-pool-exhausted", vocab.ConnectionLimitReached, 503, local, vocab.GatewayNoConnections,
		"All connections of the worker are in use: connection_pool_size, against the threads of Apache's process.", vocab.ConnectionsExhausted, vocab.UpstreamSlow)
	keyJKDown = tell("jk-tomcat-down", vocab.DestinationUnavailable, 503, connecting, "",
		"The line before it has the number of the error.", vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.UpstreamRestarting)
)

func jk(id string, symptom vocab.Symptom, status int, phase dialect.Phase, fact vocab.Fact, distinguish string, causes ...vocab.Cause) dialect.Key {
	key := add(id, symptom, status, phase, fact, distinguish, causes...)
	table.Conds()[key].Source = "mod_jk native/common: jk_ajp_common.c, jk_connect.c, jk_lb_worker.c"
	return key
}

// modJK reads a line of mod_jk. Its functions and files stand in each, and the
// system's error at the end: "(errno=111)".
func modJK(b []byte, r *dialect.Record) dialect.Key {
	head := b[:min(len(b), 200)]
	if !line.Contains(head, "::jk_") && !line.Contains(head, "::mod_jk") {
		return dialect.Unparsed
	}
	if rest, ok := line.After(b, "(errno="); ok {
		if n, _, ok := line.Number(rest); ok && n < 100000 {
			r.Errno = int(n)
		}
	}
	switch {
	case line.Contains(b, "): connect to ") && line.Contains(b, " failed (errno="):
		backend(b, "): connect to ", r)
		return connect(r)
	case line.Contains(b, "connecting to backend failed") && r.Errno != 0, line.Contains(b, "Failed opening socket to (") && r.Errno != 0:
		return connect(r)
	case line.Contains(b, "can't receive the response header message from tomcat"):
		if n := line.Linux(r.Errno); n == line.ETIMEDOUT {
			return keyJKTimeout
		}
		return keyJKClosed
	case line.Contains(b, "imeout with waiting reply from tomcat"):
		return keyJKTimeout
	case line.Contains(b, "All tomcat instances "), line.Contains(b, "is in error state"), line.Contains(b, "is in local error state"):
		return keyJKNoWorker
	case line.Contains(b, "Unable to get the free endpoint for worker"):
		return keyJKPool
	case line.Contains(b, "connecting to tomcat failed"), line.Contains(b, "connecting to backend failed"), line.Contains(b, "Tomcat is down or refused connection"), line.Contains(b, "Tomcat is probably not started"):
		return keyJKDown
	}
	return dialect.Unparsed
}
