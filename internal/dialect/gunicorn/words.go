package gunicorn

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of gunicorn's limits.
func words() []dialect.Word {
	return []dialect.Word{
		table.Word("WORKER TIMEOUT", keyTimeout, "gunicorn's arbiter kills a worker that has not reported for --timeout (30 s): with sync workers, one whose request takes longer. The gateway sees a closed connection, and answers 502."),
		table.Word("graceful_timeout", keyTimeout, "How long a worker may finish its requests after a restart or a timeout, before it is killed."),
		table.Word("Worker exiting", keyExiting, "A worker ends: by a restart, max_requests, or after an error."),
		table.Word("Worker failed to boot", keyBoot, "The application could not be loaded: the trace stands above."),
		table.Word("SIGKILL! Perhaps out of memory?", keyKilled, "A worker got SIGKILL from outside: most often the kernel's OOM killer."),
		table.Word("Invalid HTTP request received", keyInvalid, "uvicorn got what is no HTTP request: TLS, the PROXY protocol, a scanner."),
		table.Word("LimitRequestLine", keyTooLarge, "The request line is over limit_request_line (4094)."),
	}
}
