package probe

import (
	"context"
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// HTTP sends the request exactly as the gateway would, except that it asks for the
// connection to be closed, and reads the raw answer. It sends GET and HEAD only.
func HTTP(ctx context.Context, d Dialer, to Target, spoken topo.Spoken, limits Limits) (x Exchange) {
	request, err := requestBytes(spoken, "close")
	if err != nil {
		return refused(to, err)
	}
	x.Request = firstLine(request)
	t := converse(ctx, d, to, limits, &x)
	if t == nil {
		return x
	}
	defer t.close()
	t.send(request)
	t.answer(spoken.Method, false)
	t.finish()
	return x
}

// refused is the exchange that is not begun because of err.
func refused(to Target, err error) Exchange {
	return Exchange{Network: to.Network, Address: to.Address, Length: -1, End: EndError, Phase: PhaseNothing, Text: err.Error()}
}

// requestBytes writes the request, with that Connection field instead of its own;
// "" leaves it out.
func requestBytes(s topo.Spoken, connection string) ([]byte, error) {
	if s.Method != "GET" && s.Method != "HEAD" {
		return nil, fmt.Errorf("cannot send %.20q: only GET and HEAD are sent", s.Method)
	}
	b, err := http1.AppendRequestLine(nil, s.Method, s.URI, s.Version)
	if err != nil {
		return nil, err
	}
	for _, h := range s.Header {
		if strings.EqualFold(h.Name, "Connection") || strings.EqualFold(h.Name, "Keep-Alive") {
			continue
		}
		if b, err = http1.AppendField(b, h.Name, h.Value); err != nil {
			return nil, err
		}
	}
	if connection != "" {
		if b, err = http1.AppendField(b, "Connection", connection); err != nil {
			return nil, err
		}
	}
	return append(b, "\r\n"...), nil
}

// firstLine returns the request line of b.
func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b[:min(len(b), 4096)]), "\r\n")
	return line
}

// finish bounds what was collected.
func (t *talk) finish() {
	if len(t.x.Faults) > maxFaults {
		t.x.Faults = t.x.Faults[:maxFaults]
	}
}
