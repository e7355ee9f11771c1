// Package ajp is the Apache JServ Protocol 1.3 as bytes: what mod_proxy_ajp says to
// Tomcat (Tomcat's AJPv13 description; httpd modules/proxy/ajp_msg.c, ajp_header.c).
package ajp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The types of packets.
const (
	ForwardRequest = 2  // a request, to the server
	SendBody       = 3  // a piece of the body of the answer
	SendHeaders    = 4  // status and header of the answer
	EndResponse    = 5  // the answer is complete
	GetBody        = 6  // the server wants more of the request's body
	CPong          = 9  // the answer to a CPing
	CPing          = 10 // "are you there?", to the server
)

// Methods that may be sent.
const (
	methodGet  = 2
	methodHead = 3
)

// MaxPacket is how large a packet may be with its header, unless both sides are
// configured otherwise (packetSize).
const MaxPacket = 8192

// ErrShort says that a packet is not complete yet.
var ErrShort = errors.New("the packet is not complete")

// ErrSignature says that bytes do not begin as a packet of a server does, "AB".
var ErrSignature = errors.New("no AJP packet begins so")

// Field is a header field.
type Field struct{ Name, Value string }

// Request is a request without a body.
type Request struct {
	Method     string // "GET" or "HEAD"
	URI        string // path without query
	Query      string
	ServerName string
	ServerPort int
	Header     []Field
	Secret     string // empty: none is sent
}

// AppendPing appends a CPing.
func AppendPing(b []byte) []byte { return append(b, 0x12, 0x34, 0, 1, CPing) }

// AppendRequest appends a forward request. It fails where the method is another
// one, or the packet would be too large.
func AppendRequest(b []byte, r Request) ([]byte, error) {
	method := byte(methodGet)
	switch r.Method {
	case "GET":
	case "HEAD":
		method = methodHead
	default:
		return b, fmt.Errorf("cannot write %.20q as AJP: only GET and HEAD are written", r.Method)
	}
	c := []byte{ForwardRequest, method}
	c = appendString(c, "HTTP/1.1")
	c = appendString(c, r.URI)
	c = appendString(c, "127.0.0.1") // remote address
	c = appendString(c, "localhost") // remote host
	c = appendString(c, r.ServerName)
	c = binary.BigEndian.AppendUint16(c, uint16(r.ServerPort))
	c = append(c, 0) // not over TLS
	c = binary.BigEndian.AppendUint16(c, uint16(len(r.Header)))
	for _, h := range r.Header {
		c = appendString(appendString(c, h.Name), h.Value)
	}
	if r.Query != "" {
		c = appendString(append(c, 5), r.Query)
	}
	if r.Secret != "" {
		c = appendString(append(c, 12), r.Secret)
	}
	c = append(c, 0xff)
	if len(c)+4 > MaxPacket {
		return b, fmt.Errorf("cannot write the request as AJP: %d bytes, %d fit", len(c)+4, MaxPacket)
	}
	b = append(b, 0x12, 0x34)
	b = binary.BigEndian.AppendUint16(b, uint16(len(c)))
	return append(b, c...), nil
}

// appendString writes the length, the bytes and a NUL.
func appendString(b []byte, s string) []byte {
	s = s[:min(len(s), MaxPacket)]
	return append(append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...), 0)
}

// Packet is one packet of a server. Content is a part of what was parsed.
type Packet struct {
	Type    byte
	Content []byte // behind the type
}

// Parse reads the first packet of b and says how many bytes it takes.
func Parse(b []byte) (p Packet, n int, err error) {
	for i, want := range []byte("AB") {
		if i < len(b) && b[i] != want {
			return p, 0, ErrSignature
		}
	}
	if len(b) < 4 {
		return p, 0, ErrShort
	}
	size := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < 4+size {
		return p, 0, ErrShort
	}
	if size == 0 {
		return p, 0, errors.New("an AJP packet without a type")
	}
	return Packet{Type: b[4], Content: b[5 : 4+size]}, 4 + size, nil
}

// names are the codes of header fields in an answer.
var names = [...]string{
	"Content-Type", "Content-Language", "Content-Length", "Date", "Last-Modified", "Location", "Set-Cookie", "Set-Cookie2", "Servlet-Engine", "Status", "WWW-Authenticate",
}

// ParseHead reads the content of a SendHeaders packet.
func ParseHead(c []byte) (status int, reason string, header []Field, err error) {
	if len(c) < 2 {
		return 0, "", nil, ErrShort
	}
	status = int(binary.BigEndian.Uint16(c))
	reason, c, err = readString(c[2:])
	if err != nil {
		return 0, "", nil, err
	}
	if len(c) < 2 {
		return 0, "", nil, ErrShort
	}
	count := int(binary.BigEndian.Uint16(c))
	c = c[2:]
	for range count {
		var f Field
		if len(c) >= 2 && c[0] == 0xa0 {
			code := int(c[1])
			if code == 0 || code > len(names) {
				return 0, "", nil, fmt.Errorf("a header field with the unknown code %d", code)
			}
			f.Name, c = names[code-1], c[2:]
		} else if f.Name, c, err = readString(c); err != nil {
			return 0, "", nil, err
		}
		if f.Value, c, err = readString(c); err != nil {
			return 0, "", nil, err
		}
		header = append(header, f)
	}
	return status, reason, header, nil
}

// readString reads a string; a length of 0xffff stands for none.
func readString(b []byte) (s string, rest []byte, err error) {
	if len(b) < 2 {
		return "", nil, ErrShort
	}
	size := int(binary.BigEndian.Uint16(b))
	if size == 0xffff {
		return "", b[2:], nil
	}
	if len(b) < 2+size+1 {
		return "", nil, ErrShort
	}
	return string(b[2 : 2+size]), b[2+size+1:], nil
}
