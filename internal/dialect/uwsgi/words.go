package uwsgi

import "github.com/goodgatehq/goodgate/internal/dialect"

// words are the settings and terms by which people speak of uWSGI's limits.
func words() []dialect.Word {
	var list []dialect.Word
	for _, w := range [...]struct {
		text, explain string
		key           dialect.Key
	}{
		{"harakiri", "uWSGI kills a worker whose request takes longer than --harakiri; the gateway sees a closed connection, and answers 502.", keyHarakiri},
		{"HARAKIRI", "uWSGI kills a worker whose request takes longer than --harakiri; the gateway sees a closed connection, and answers 502.", keyHarakiri},
		{"listen queue", "The accept queue is full: more requests come than workers take; --listen, with net.core.somaxconn, makes it longer.", keyQueueFull},
		{"buffer-size", "The request's header is larger than uWSGI's buffer (4096): it drops the request and closes.", keyTooLarge},
		{"invalid request block size", "The request's header is larger than buffer-size, or what came is HTTP and not uwsgi.", keyTooLarge},
		{"no python application found", "uWSGI started and the application could not be loaded: every request gets a 500.", keyNoApp},
		{"unavailable modifier requested", "The plugin for the language is not loaded.", keyNoPlugin},
	} {
		list = append(list, dialect.Word{Text: w.text, Cond: table.Conds()[w.key], Explain: w.explain})
	}
	return list
}
