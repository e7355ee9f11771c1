package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// UWSGI sends one request in the uwsgi protocol, modifier 0: a WSGI request. The
// answer is HTTP, or a CGI header as nginx also accepts it.
func UWSGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) Exchange {
	return cgiExchange(ctx, d, network, address, params, limits, uwsgiPacket)
}

// SCGI sends one request as SCGI: the parameters as a netstring, CONTENT_LENGTH
// and SCGI first, and an empty body.
func SCGI(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits) Exchange {
	return cgiExchange(ctx, d, network, address, params, limits, scgiPacket)
}

func cgiExchange(ctx context.Context, d Dialer, network, address string, params []topo.Header, limits Limits,
	packet func([]topo.Header) ([]byte, error)) (x Exchange) {
	to := Target{Network: network, Address: address}
	err := harmless(params)
	var b []byte
	if err == nil {
		b, err = packet(params)
	}
	if err != nil {
		return refused(to, err)
	}
	x.Request = cgiLine(params)
	t := converse(ctx, d, to, limits, &x)
	if t == nil {
		return x
	}
	defer t.close()
	t.send(b)
	t.cgiAnswer(field(params, "REQUEST_METHOD"))
	t.finish()
	return x
}

// uwsgiPacket writes modifier1 0, the size, modifier2 0, and the pairs with 16-bit
// little-endian lengths (uwsgi-docs, Protocol).
func uwsgiPacket(params []topo.Header) ([]byte, error) {
	b := []byte{0, 0, 0, 0}
	for _, p := range params {
		if len(p.Name) > 0xffff || len(p.Value) > 0xffff {
			return nil, fmt.Errorf("cannot write the uwsgi parameter %.40q: it is larger than 64 KiB", p.Name)
		}
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(p.Name))), p.Name...)
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(p.Value))), p.Value...)
	}
	if len(b)-4 > 0xffff {
		return nil, fmt.Errorf("cannot write the uwsgi packet: %d bytes of parameters, 65535 fit", len(b)-4)
	}
	binary.LittleEndian.PutUint16(b[1:], uint16(len(b)-4))
	return b, nil
}

func scgiPacket(params []topo.Header) ([]byte, error) {
	b := []byte("CONTENT_LENGTH\x000\x00SCGI\x001\x00")
	for _, p := range params {
		if p.Name == "CONTENT_LENGTH" || p.Name == "SCGI" {
			continue
		}
		if bytes.IndexByte([]byte(p.Name+p.Value), 0) >= 0 {
			return nil, fmt.Errorf("cannot write the SCGI parameter %.40q: it has a NUL", p.Name)
		}
		b = append(append(append(append(b, p.Name...), 0), p.Value...), 0)
	}
	packet := append(strconv.AppendInt(nil, int64(len(b)), 10), ':')
	return append(append(packet, b...), ','), nil
}

// cgiAnswer reads an answer that ends with the connection: HTTP with its own
// framing, or a CGI header and a body.
func (t *talk) cgiAnswer(method string) {
	x := t.x
	b, ok := t.read()
	if !ok {
		return
	}
	if http := []byte("HTTP/"); bytes.HasPrefix(b, http[:min(len(b), len(http))]) {
		t.again = b
		t.answer(method, false)
		return
	}
	x.Phase = PhaseHead
	x.Speaks = looksLike(t.first)
	if x.Speaks != SpeaksCGI && x.Speaks != SpeaksText {
		t.notHTTP(b)
		return
	}
	var c cgiReader
	for ok && !c.failed && x.Bytes <= t.limits.Body+maxHead {
		c.take(t, b)
		b, ok = t.read()
	}
	if ok {
		x.End = EndBound
	}
	if c.done {
		x.Speaks = SpeaksCGI
	}
	c.end(t, x.End == EndEOF)
}
