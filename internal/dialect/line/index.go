package line

import (
	"strings"
	"unsafe"
)

// Index returns the position of s in b, or -1. It allocates nothing, whatever
// the length of s; bytes.Index(b, []byte(s)) does for more than 32 bytes.
func Index(b []byte, s string) int {
	return strings.Index(view(b), s)
}

// Last returns the position of the last s in b, or -1.
func Last(b []byte, s string) int {
	return strings.LastIndex(view(b), s)
}

// view is b as a string without a copy. The string does not outlive the call of
// the search that it is made for, and strings.Index keeps and changes nothing,
// so that b cannot change while the string is in use.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
