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

// What one command costs at most.
const (
	socketBytes = 1 << 20
	socketTime  = 2 * time.Second
)

// AskSocket writes one command to a socket on which an instance answers about
// itself, and reads until the instance closes. It sends what the dialect
// declares, and nothing that changes anything.
func AskSocket(ctx context.Context, d Dialer, network, address, send string) (SocketReply, error) {
	ctx, cancel := bounded(ctx, socketTime)
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
	b, err := io.ReadAll(io.LimitReader(conn, socketBytes+1))
	if len(b) == 0 && err == nil {
		err = errors.New("it closed without an answer")
	}
	if len(b) > 0 {
		err = nil // what came is worth reading
	}
	cut := len(b) > socketBytes
	return SocketReply{Text: string(b[:min(len(b), socketBytes)]), Cut: cut}, err
}
