package fastcgi

import (
	"encoding/binary"
	"errors"
)

// ErrParams says that name-value pairs are cut short or claim more than there is.
var ErrParams = errors.New("the name-value pairs are cut short")

// AppendParam appends one name-value pair (FastCGI specification, section 3.4).
// Lengths of 2 GiB and more cannot be written; the caller's are far smaller.
func AppendParam(dst []byte, name, value string) []byte {
	dst = appendLength(dst, len(name))
	dst = appendLength(dst, len(value))
	return append(append(dst, name...), value...)
}

func appendLength(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n)|1<<31)
}

// ParseParams calls yield with each pair of b, parts of b, until yield returns
// false. It fails with ErrParams.
func ParseParams(b []byte, yield func(name, value []byte) bool) error {
	for len(b) > 0 {
		name, rest, ok := length(b)
		if !ok {
			return ErrParams
		}
		value, rest, ok := length(rest)
		if !ok || uint64(name)+uint64(value) > uint64(len(rest)) {
			return ErrParams
		}
		if !yield(rest[:name:name], rest[name:name+value:name+value]) {
			return nil
		}
		b = rest[name+value:]
	}
	return nil
}

func length(b []byte) (n uint32, rest []byte, ok bool) {
	switch {
	case len(b) > 0 && b[0] < 0x80:
		return uint32(b[0]), b[1:], true
	case len(b) >= 4:
		return binary.BigEndian.Uint32(b) &^ (1 << 31), b[4:], true
	}
	return 0, nil, false
}
