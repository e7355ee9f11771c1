package probe

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/ajp"
)

// AJP sends one request as mod_proxy_ajp would, without a secret: a server that
// requires one answers 403. The method must be GET or HEAD.
func AJP(ctx context.Context, d Dialer, network, address string, s topo.Spoken, limits Limits) (x Exchange) {
	to := Target{Network: network, Address: address}
	b, err := ajpRequest(s)
	if err != nil {
		return refused(to, err)
	}
	x.Request = cut(s.Method+" "+s.URI, 4096)
	x.Length = -1
	t := converse(ctx, d, to, limits, &x)
	if t == nil {
		return x
	}
	defer t.close()
	t.send(b)
	r := ajpReader{t: t}
	t.each(&r.pending, r.packets)
	r.settle()
	t.finish()
	return x
}

// ajpRequest writes what the gateway would send.
func ajpRequest(s topo.Spoken) ([]byte, error) {
	path, query, _ := strings.Cut(s.URI, "?")
	r := ajp.Request{Method: s.Method, URI: path, Query: query, ServerName: "localhost", ServerPort: 80}
	if host := field(s.Header, "Host"); host != "" {
		r.ServerName = host
		if name, port, err := net.SplitHostPort(host); err == nil {
			r.ServerName = name
			r.ServerPort, _ = strconv.Atoi(port)
		}
	}
	for _, h := range s.Header {
		if !strings.EqualFold(h.Name, "Connection") {
			r.Header = append(r.Header, ajp.Field{Name: h.Name, Value: h.Value})
		}
	}
	return ajp.AppendRequest(nil, r)
}

// ajpReader reads the packets of one answer.
type ajpReader struct {
	t       *talk
	pending []byte
	taken   int // bytes of packets that are done with
	ended   bool
}

// packets takes the complete packets that are pending, and reports whether there is
// nothing more to read.
func (r *ajpReader) packets() bool {
	x := r.t.x
	for {
		p, n, err := ajp.Parse(r.pending)
		switch {
		case err == ajp.ErrShort:
			return false
		case err != nil && r.taken == 0:
			r.t.notHTTP(r.pending)
			x.Faults = nil // not faults of HTTP
			return true
		case err != nil:
			x.End, x.Text = EndError, err.Error()
			return true
		}
		r.pending, r.taken = r.pending[n:], r.taken+n
		switch p.Type {
		case ajp.SendHeaders:
			if !r.head(p.Content) {
				return true
			}
		case ajp.SendBody:
			r.body(p.Content)
		case ajp.EndResponse:
			r.ended, x.End, x.Phase = true, EndComplete, PhaseAfter
			return true
		}
	}
}

func (r *ajpReader) head(content []byte) bool {
	x := r.t.x
	status, reason, fields, err := ajp.ParseHead(content)
	if err != nil {
		x.End, x.Text = EndError, fmt.Sprintf("cannot read the header of the answer: %v", err)
		return false
	}
	x.Status, x.Reason, x.HeaderBytes = status, cut(reason, 200), len(content)
	for i, f := range fields {
		if i >= maxFields {
			x.HeaderCut = true
			break
		}
		x.Header = append(x.Header, topo.Header{Name: cut(f.Name, maxValue), Value: cut(f.Value, maxValue)})
	}
	if n, err := strconv.ParseInt(field(x.Header, "Content-Length"), 10, 64); err == nil && n >= 0 {
		x.Length = n
	}
	x.HeadDone, x.HeadAfter, x.Phase = true, r.t.last.Sub(r.t.sent).Seconds(), PhaseBody
	return true
}

// body takes a piece: its length, its bytes and a NUL.
func (r *ajpReader) body(content []byte) {
	if len(content) < 2 {
		return
	}
	size := int(content[0])<<8 | int(content[1])
	b := content[2:]
	b = b[:min(size, len(b))]
	x := r.t.x
	x.BodyBytes += int64(len(b))
	if room := r.t.limits.Quote - len(x.Body); room > 0 {
		x.Body = append(x.Body, b[:min(room, len(b))]...)
	}
}

// settle judges how the body ended.
func (r *ajpReader) settle() {
	x := r.t.x
	switch {
	case !x.HeadDone:
		if len(r.pending) > 0 && len(x.First) == 0 {
			x.First = bytes.Clone(r.pending[:min(len(r.pending), maxFirst)])
		}
	case x.End == EndBound:
		x.BodyEnd = BodyBound
	case x.End == EndFirstByte || x.End == EndTimeout:
		x.BodyEnd = BodyStalled
	case !r.ended:
		x.BodyEnd = BodyReset
	case x.Length > x.BodyBytes && !strings.HasPrefix(x.Request, "HEAD "):
		x.BodyEnd, x.Missing = BodyShort, x.Length-x.BodyBytes
	default:
		x.BodyEnd = BodyLength
	}
}
