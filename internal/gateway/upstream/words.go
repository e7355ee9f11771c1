package upstream

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// listHas reports whether a comma-separated list holds a word.
func listHas(list []byte, lower string) bool {
	for more := true; more; {
		var one []byte
		one, list, more = bytes.Cut(list, []byte(","))
		if http1.EqualFold(bytes.TrimSpace(one), lower) {
			return true
		}
	}
	return false
}
