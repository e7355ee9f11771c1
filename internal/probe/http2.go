package probe

import (
	"bytes"
	"context"
)

// HTTP2Ability is the answer to the beginning of an HTTP/2 connection.
type HTTP2Ability struct {
	Connection Connection `json:"connection"`
	TLS        *TLSResult `json:"tls,omitempty"`
	Speaks     bool       `json:"speaks"`          // it answered with a SETTINGS frame
	Looks      string     `json:"looks,omitempty"` // what the answer looks like; empty: nothing came
	First      []byte     `json:"first,omitempty"` // where it is no HTTP/2
	End        End        `json:"end"`
	Text       string     `json:"text,omitempty"`
	Seconds    float64    `json:"seconds"`
}

// preface is what a client says first (RFC 9113 section 3.4), with an empty
// SETTINGS frame.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// HTTP2 begins an HTTP/2 connection with prior knowledge, as a gateway does for
// gRPC, and hangs up after the server's settings. No request is made.
func HTTP2(ctx context.Context, d Dialer, to Target, limits Limits) HTTP2Ability {
	if to.TLS != nil && len(to.TLS.ALPN) == 0 {
		o := *to.TLS
		o.ALPN = []string{"h2"}
		to.TLS = &o
	}
	var x Exchange
	t := converse(ctx, d, to, limits, &x)
	if t != nil {
		t.send([]byte(preface))
		t.settings()
		t.close()
	}
	a := HTTP2Ability{Connection: x.Connection, TLS: x.TLS, End: x.End, Text: x.Text, Seconds: x.Seconds, Looks: x.Speaks, First: x.First}
	a.Speaks = a.Looks == SpeaksHTTP2
	return a
}

// settings reads as much as tells a frame from anything else.
func (t *talk) settings() {
	const frame = 9
	for len(t.first) < frame {
		if _, ok := t.read(); !ok {
			break
		}
	}
	x := t.x
	if x.Speaks = looksLike(t.first); x.Speaks == SpeaksHTTP2 {
		x.End = EndComplete
		return
	}
	if len(t.first) >= frame {
		t.notHTTP(t.first)
	}
	x.First = bytes.Clone(t.first)
}
