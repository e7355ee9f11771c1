// Package proxyproto reads and writes the headers of the PROXY protocol, versions
// 1 and 2 (haproxy.org, proxy-protocol.txt), as bytes. It reads nothing by itself.
package proxyproto

import (
	"errors"
	"net/netip"
)

// Header is one PROXY protocol header.
type Header struct {
	Version     int // 1 or 2
	Local       bool
	Source      netip.AddrPort // not valid where Local, or where the family is unknown or unix
	Destination netip.AddrPort
	Datagram    bool   // version 2: the proxied traffic is UDP
	TLVs        []byte // version 2: what follows the addresses, a part of the bytes that were parsed
}

// Bounds of a header.
const (
	// MaxV1 is the longest version 1 header, CRLF included (section 2.1).
	MaxV1 = 107
	// MaxV2 is the longest version 2 header that is accepted. The format allows
	// 64 KiB of TLVs; nginx refuses more than its buffer of 4 KiB.
	MaxV2 = 4096
)

// Errors of Parse.
var (
	// ErrNone says that the bytes do not begin with a PROXY protocol header.
	ErrNone = errors.New("no PROXY protocol header")
	// ErrShort says that the header is not complete yet.
	ErrShort = errors.New("the PROXY protocol header is not complete")
	// ErrInvalid says that the header is malformed.
	ErrInvalid = errors.New("the PROXY protocol header is malformed")
)

// Parse reads the header at the front of b and returns its size. It fails with
// ErrNone, ErrShort or ErrInvalid.
func Parse(b []byte) (h Header, n int, err error) {
	switch {
	case prefixed(b, signature):
		return parseV2(b)
	case prefixed(b, "PROXY "):
		return parseV1(b)
	case len(b) == 0:
		return h, 0, ErrShort
	}
	return h, 0, ErrNone
}

// prefixed reports whether b begins with word, as far as either goes.
func prefixed(b []byte, word string) bool {
	n := min(len(b), len(word))
	return n > 0 && string(b[:n]) == word[:n]
}
