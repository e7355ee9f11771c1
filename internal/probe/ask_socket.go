package probe

import (
	"context"
	"errors"
	"io"
	"time"
)

// SocketReply is what a running instance answered to one command.
type SocketReply struct {
	Text string `json:"text"`
	Cut  bool   `json:"cut,omitempty"` // there was more than the bound
}

// socketBytes bounds the reply to one command.
const socketBytes = 1 << 20

// SocketTime bounds one command to a running instance.
const SocketTime = 2 * time.Second

// AskSocket writes one command to a socket on which an instance answers about
// itself, and reads until the instance closes. Where next is not nil it is called
// with everything that came whenever more has come, and what it returns is written:
// so a challenge is answered. It sends what the dialect declares, and nothing that
// changes anything.
func AskSocket(ctx context.Context, d Dialer, network, address, send string, next func(got []byte) string) (SocketReply, error) {
	ctx, cancel := bounded(ctx, SocketTime)
	defer cancel()
	conn, err := d(ctx, network, address)
	if err != nil {
		return SocketReply{}, err
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return SocketReply{}, err
		}
	}
	if _, err := io.WriteString(conn, send); err != nil {
		return SocketReply{}, err
	}
	b, err := dialogue(conn, next)
	if len(b) == 0 && err == nil {
		err = errors.New("it closed without an answer")
	}
	if len(b) > 0 {
		err = nil // what came is worth reading
	}
	cut := len(b) > socketBytes
	return SocketReply{Text: string(b[:min(len(b), socketBytes)]), Cut: cut}, err
}

// dialogue reads until the other side closes, one byte more than the bound at
// most, and says what next wants said.
func dialogue(conn io.ReadWriter, next func(got []byte) string) ([]byte, error) {
	if next == nil {
		return io.ReadAll(io.LimitReader(conn, socketBytes+1))
	}
	var got []byte
	block := make([]byte, 32<<10)
	for len(got) <= socketBytes {
		n, err := conn.Read(block)
		got = append(got, block[:n]...)
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		if say := next(got); say != "" {
			if _, err := io.WriteString(conn, say); err != nil {
				return got, err
			}
		}
	}
	return got, nil
}
