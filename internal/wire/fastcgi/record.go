// Package fastcgi reads and writes FastCGI 1.0 as bytes: records, parameters, the
// bodies of the records that a web server sends and gets. It works on the
// caller's memory and reads nothing by itself.
package fastcgi

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Type is the type of a record (FastCGI specification, section 8).
type Type uint8

// The types of record.
const (
	BeginRequest    Type = 1
	AbortRequest    Type = 2
	EndRequest      Type = 3
	Params          Type = 4
	Stdin           Type = 5
	Stdout          Type = 6
	Stderr          Type = 7
	Data            Type = 8
	GetValues       Type = 9
	GetValuesResult Type = 10
	UnknownType     Type = 11
)

const (
	// Version is the only version of the protocol.
	Version = 1
	// HeaderSize is the size of a record's header.
	HeaderSize = 8
	// MaxContent is the most content of a record.
	MaxContent = 0xffff
	// Responder is the role of an application that answers requests.
	Responder = 1
	// KeepConn asks the application to leave the connection open.
	KeepConn = 1
)

// Protocol statuses of an EndRequest record.
const (
	RequestComplete = 0
	CantMpxConn     = 1
	Overloaded      = 2
	UnknownRole     = 3
)

// StatusText returns the word for a protocol status.
func StatusText(status uint8) string {
	switch status {
	case RequestComplete:
		return "request_complete"
	case CantMpxConn:
		return "cant_mpx_conn"
	case Overloaded:
		return "overloaded"
	case UnknownRole:
		return "unknown_role"
	}
	return fmt.Sprintf("status_%d", status)
}

// Record is one record. Content is a part of the bytes that were parsed.
type Record struct {
	Type    Type
	ID      uint16 // of the request; 0 for management records
	Content []byte
}

// ErrShort says that the bytes end before the record does.
var ErrShort = errors.New("the record is not complete")

// ErrVersion says that the bytes are no FastCGI record.
var ErrVersion = errors.New("not a FastCGI record: the version is not 1")

// Parse reads the record at the front of b and returns its size, padding
// included. It fails with ErrShort or ErrVersion.
func Parse(b []byte) (r Record, n int, err error) {
	if len(b) > 0 && b[0] != Version {
		return r, 0, ErrVersion
	}
	if len(b) < HeaderSize {
		return r, 0, ErrShort
	}
	r.Type, r.ID = Type(b[1]), binary.BigEndian.Uint16(b[2:])
	content := int(binary.BigEndian.Uint16(b[4:]))
	n = HeaderSize + content + int(b[6])
	if len(b) < n {
		return r, 0, ErrShort
	}
	r.Content = b[HeaderSize : HeaderSize+content : HeaderSize+content]
	return r, n, nil
}

// AppendRecord appends records of that type with all of content, padded to eight
// bytes; several where content is larger than MaxContent, one where it is empty.
func AppendRecord(dst []byte, t Type, id uint16, content []byte) []byte {
	for {
		part := content[:min(len(content), MaxContent&^7)]
		content = content[len(part):]
		pad := -len(part) & 7
		dst = append(dst, Version, byte(t), byte(id>>8), byte(id), byte(len(part)>>8), byte(len(part)), byte(pad), 0)
		dst = append(dst, part...)
		dst = append(dst, make([]byte, pad)...)
		if len(content) == 0 {
			return dst
		}
	}
}

// AppendBegin appends the record that begins a request.
func AppendBegin(dst []byte, id uint16, role uint16, flags uint8) []byte {
	return AppendRecord(dst, BeginRequest, id, []byte{byte(role >> 8), byte(role), flags, 0, 0, 0, 0, 0})
}

// ParseEnd reads the content of an EndRequest record.
func ParseEnd(content []byte) (app uint32, protocol uint8, err error) {
	if len(content) < 5 {
		return 0, 0, ErrShort
	}
	return binary.BigEndian.Uint32(content), content[4], nil
}
