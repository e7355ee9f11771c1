package apache

import (
	"fmt"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// lastNumber is above the numbers that httpd 2.4 gives its messages.
const lastNumber = 10600

// words are the AH numbers whose messages mean one thing wherever they stand,
// APR's own error numbers, and the reasons of Apache's pages.
func words() []dialect.Word {
	var list []dialect.Word
	add := func(text string, key dialect.Key) {
		list = append(list, table.Word(text, key, ""))
	}
	var r dialect.Record // one for all: what is called through a variable keeps it on the heap
	for code := 1; code < lastNumber; code++ {
		r.Reset()
		if key := meaning(code, nil, &r); key > dialect.Plain {
			add(fmt.Sprintf("AH%05d", code), key)
		}
	}
	for _, w := range [...]struct {
		text string
		key  dialect.Key
	}{
		{"70007", keyReadTimeout}, {"70014", keyReadEOF}, {"20014", keyReadGeneral}, {"MaxRequestWorkers", keyMaxWorkers},
		{"Error reading from remote server", keyReadReturned}, {"DNS lookup failure", keyDNS}, {"Error during SSL Handshake with remote server", keyTLS},
		{"error reading status line from remote server", keyRead}, {"proxy-initial-not-pooled", keyRead}, {"No protocol handler was valid", keyNoHandler},
	} {
		add(w.text, w.key)
	}
	return list
}
