package probe

import (
	"bytes"
	"strings"

	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// cgiReader splits a CGI answer into head and body as it comes.
type cgiReader struct {
	head   []byte
	seen   int
	done   bool // the head is complete
	failed bool // the head does not end
	resp   http1.Response
}

func (c *cgiReader) take(t *talk, b []byte) {
	x := t.x
	if c.done {
		c.body(t, b)
		return
	}
	c.head = append(c.head, b...)
	end := http1.HeadEnd(c.head, c.seen)
	c.seen = len(c.head)
	switch {
	case end >= 0:
		c.resp.ParseCGI(c.head[:end], maxFields)
		c.done = true
		record(x, &c.resp)
		x.HeadDone, x.HeadAfter = true, t.last.Sub(t.sent).Seconds()
		x.Phase = PhaseBody
		c.body(t, c.head[end:])
	case len(c.head) > maxHead:
		c.failed = true
	}
}

func (c *cgiReader) body(t *talk, b []byte) {
	x := t.x
	x.BodyBytes += int64(len(b))
	if room := t.limits.Quote - len(x.Body); room > 0 && len(b) > 0 {
		x.Body = append(x.Body, b[:min(room, len(b))]...)
	}
}

// end judges the body; proper says that the protocol itself marked the end.
func (c *cgiReader) end(t *talk, proper bool) {
	x := t.x
	if !c.done {
		if len(c.head) > 0 {
			c.resp.ParseCGI(c.head, maxFields)
			record(x, &c.resp)
			x.Status = 0 // a gateway takes no status from a head without end
			x.HeaderBytes = len(c.head)
			x.First = bytes.Clone(c.head[:min(len(c.head), maxFirst)])
		}
		return
	}
	x.Length = c.resp.Framing("GET").Length
	x.Missing = max(0, x.Length-x.BodyBytes)
	switch {
	case x.End == EndBound:
		x.BodyEnd, x.Missing = BodyBound, 0
	case x.End == EndFirstByte || x.End == EndTimeout:
		x.BodyEnd = BodyStalled
	case x.Length >= 0 && x.Missing > 0 && !strings.HasPrefix(x.Request, "HEAD "):
		x.BodyEnd = BodyShort
	case x.End == EndReset || !proper:
		x.BodyEnd = BodyReset
	case x.Length >= 0:
		x.BodyEnd, x.Extra, x.Phase = BodyLength, max(0, x.BodyBytes-x.Length), PhaseAfter
	default:
		x.BodyEnd, x.Phase = BodyClose, PhaseAfter
	}
}

// fault says what is wrong with the head, or "".
func (c *cgiReader) fault() string {
	switch {
	case c.failed:
		return "the header does not end"
	case !c.done && len(c.head) > 0:
		return "the header has no empty line after it"
	case len(c.resp.Faults) > 0:
		f := c.resp.Faults[0]
		return string(f.Kind) + " (" + f.Section + ")"
	}
	return ""
}
