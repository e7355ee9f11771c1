package phpfpm

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of php-fpm's limits.
func words() []dialect.Word {
	return []dialect.Word{
		table.Word("max_children", keyMaxChildren, "pm.max_children: how many requests a pool works on at the same time; the next ones wait in listen.backlog, and the gateway times out."),
		table.Word("pm.max_children", keyMaxChildren, "How many requests a pool works on at the same time; the next ones wait in listen.backlog, and the gateway times out."),
		table.Word("process.max", keyMaxProcesses, "How many children all pools have together."),
		table.Word("request_terminate_timeout", keyTimeout, "php-fpm kills a child whose request takes longer; the gateway sees a reset or a closed connection, and answers 502."),
		table.Word("request_slowlog_timeout", keySlowLog, "php-fpm writes a trace of requests that take longer into slowlog."),
		table.Word("emergency_restart_threshold", keyThreshold, "So many children that die by SIGSEGV or SIGBUS within emergency_restart_interval make php-fpm start anew."),
		table.Word("seems busy", keySeemsBusy, "The pool starts children and has too few idle ones: pm.start_servers, pm.min_spare_servers."),
		table.Word("listen.backlog", keyMaxChildren, "The accept queue of the pool: a full one is EAGAIN on a unix socket and a connect time-out on TCP."),
		table.Word("max_execution_time", keyTimeout, "PHP's own limit on processor time; it ends the script, not the child. The waiting of a database does not count."),
	}
}
