package apache

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// numberless are messages of 2.2, which has no numbers, by the number that 2.4 gave
// them.
var numberless = [...]struct {
	text string
	code int
}{
	{"All workers are in error state", 1170},
	{"ajp_read_header: ajp_ilink_receive failed", 992},
	{"read response failed from ", 878},
	{"error reading from remote server returned by ", 898},
	{"Error reading from remote server returned by ", 898},
	{"DNS lookup failure for: ", 898},
	{"Error during SSL Handshake with remote server returned by ", 898},
	{"pass request body failed to ", 1084},
	{"failed to make connection to backend: ", 1114},
}

// old reads a message of 2.2: "proxy: Error reading from remote server returned by /".
func old(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.CutPrefix(b, "child pid "); ok {
		if _, rest, ok := line.Number(rest); ok && line.Has(rest, " exit signal ") {
			return keyChildDied
		}
	}
	rest, spoken := line.CutPrefix(b, "proxy: ")
	if !spoken && !line.Has(b, "ajp_") {
		return dialect.Unparsed
	}
	for i := range numberless {
		if line.Contains(rest, numberless[i].text) {
			return meaning(numberless[i].code, rest, r)
		}
	}
	return dialect.Unparsed
}
