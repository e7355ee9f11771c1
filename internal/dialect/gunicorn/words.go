package gunicorn

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of gunicorn's limits.
func words() []dialect.Word {
	var list []dialect.Word
	for _, w := range [...]struct {
		text, explain string
		key           dialect.Key
	}{
		{"WORKER TIMEOUT", "gunicorn's arbiter kills a worker that has not reported for --timeout (30 s): with sync workers, one whose request takes longer. The gateway sees a closed connection, and answers 502.", keyTimeout},
		{"graceful_timeout", "How long a worker may finish its requests after a restart or a timeout, before it is killed.", keyTimeout},
		{"Worker exiting", "A worker ends: by a restart, max_requests, or after an error.", keyExiting},
		{"Worker failed to boot", "The application could not be loaded: the trace stands above.", keyBoot},
		{"SIGKILL! Perhaps out of memory?", "A worker got SIGKILL from outside: most often the kernel's OOM killer.", keyKilled},
		{"Invalid HTTP request received", "uvicorn got what is no HTTP request: TLS, the PROXY protocol, a scanner.", keyInvalid},
		{"LimitRequestLine", "The request line is over limit_request_line (4094).", keyTooLarge},
	} {
		list = append(list, dialect.Word{Text: w.text, Cond: table.Conds()[w.key], Explain: w.explain})
	}
	return list
}
