package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// newID returns an id for a request that brought none. It names a log line and is
// no secret.
func newID() string {
	var b [8]byte
	var text [16]byte
	binary.BigEndian.PutUint64(b[:], rand.Uint64())
	hex.Encode(text[:], b[:])
	return string(text[:])
}

// validID reports whether a client's id may stand in logs and pages as it is.
func validID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
