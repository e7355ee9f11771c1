package uwsgi

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of uWSGI's limits.
func words() []dialect.Word {
	return []dialect.Word{
		table.Word("harakiri", keyHarakiri, "uWSGI kills a worker whose request takes longer than --harakiri; the gateway sees a closed connection, and answers 502."),
		table.Word("HARAKIRI", keyHarakiri, "uWSGI kills a worker whose request takes longer than --harakiri; the gateway sees a closed connection, and answers 502."),
		table.Word("listen queue", keyQueueFull, "The accept queue is full: more requests come than workers take; --listen, with net.core.somaxconn, makes it longer."),
		table.Word("buffer-size", keyTooLarge, "The request's header is larger than uWSGI's buffer (4096): it drops the request and closes."),
		table.Word("invalid request block size", keyTooLarge, "The request's header is larger than buffer-size, or what came is HTTP and not uwsgi."),
		table.Word("no python application found", keyNoApp, "uWSGI started and the application could not be loaded: every request gets a 500."),
		table.Word("unavailable modifier requested", keyNoPlugin, "The plugin for the language is not loaded."),
	}
}
