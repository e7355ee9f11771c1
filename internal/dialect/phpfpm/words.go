package phpfpm

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of php-fpm's limits.
func words() []dialect.Word {
	var list []dialect.Word
	for _, w := range [...]struct {
		text, explain string
		key           dialect.Key
	}{
		{"max_children", "pm.max_children: how many requests a pool works on at the same time; the next ones wait in listen.backlog, and the gateway times out.", keyMaxChildren},
		{"pm.max_children", "How many requests a pool works on at the same time; the next ones wait in listen.backlog, and the gateway times out.", keyMaxChildren},
		{"process.max", "How many children all pools have together.", keyMaxProcesses},
		{"request_terminate_timeout", "php-fpm kills a child whose request takes longer; the gateway sees a reset or a closed connection, and answers 502.", keyTimeout},
		{"request_slowlog_timeout", "php-fpm writes a trace of requests that take longer into slowlog.", keySlowLog},
		{"emergency_restart_threshold", "So many children that die by SIGSEGV or SIGBUS within emergency_restart_interval make php-fpm start anew.", keyThreshold},
		{"seems busy", "The pool starts children and has too few idle ones: pm.start_servers, pm.min_spare_servers.", keySeemsBusy},
		{"listen.backlog", "The accept queue of the pool: a full one is EAGAIN on a unix socket and a connect time-out on TCP.", keyMaxChildren},
		{"max_execution_time", "PHP's own limit on processor time; it ends the script, not the child. The waiting of a database does not count.", keyTimeout},
	} {
		list = append(list, dialect.Word{Text: w.text, Cond: table.Conds()[w.key], Explain: w.explain})
	}
	return list
}
