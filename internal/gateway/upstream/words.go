package upstream

import "bytes"

// foldEqual compares with a lower-case word of the same length, folding ASCII.
func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// listHas reports whether a comma-separated list holds a word.
func listHas(list []byte, lower string) bool {
	for more := true; more; {
		var one []byte
		one, list, more = bytes.Cut(list, []byte(","))
		if foldEqual(bytes.TrimSpace(one), lower) {
			return true
		}
	}
	return false
}
