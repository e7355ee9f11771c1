package probe

import (
	"bytes"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// lingering is how long a complete answer is watched for bytes that do not belong
// to it. A server that was told Connection: close closes at once.
const lingering = 100 * time.Millisecond

// answer reads one HTTP answer to a request with that method into t.x. With keep
// it stops at the end of the message, so that the connection can be used on.
func (t *talk) answer(method string, keep bool) {
	head, rest, ok := t.head()
	x := t.x
	if !ok {
		return
	}
	framing := head.Framing(method)
	record(x, head)
	x.Length = framing.Length
	x.Phase = PhaseBody
	b := bodyReader{t: t, framing: framing, left: framing.Length}
	b.read(rest)
	x.Hint = hintOf(x.Status, x.Body)
	if x.End == EndComplete && !keep && x.Extra == 0 {
		t.linger()
	}
}

// head reads up to the end of the final head and returns it with the bytes that
// came after it; false: there was none, and the exchange says why.
func (t *talk) head() (*http1.Response, []byte, bool) {
	var head http1.Response
	var got []byte
	x := t.x
	for total, seen := 0, 0; ; {
		end := http1.HeadEnd(got, seen)
		if seen = len(got); end >= 0 {
			head.Parse(got[:end], maxFields)
			if head.Status == 0 || head.Status >= 200 || head.Status == 101 {
				x.HeadDone, x.HeadAfter = true, t.last.Sub(t.sent).Seconds()
				x.Speaks = SpeaksHTTP
				if head.Status == 101 {
					head.Faults = append(head.Faults, http1.NewFault(http1.Switching, 0, got[:min(end, 40)]))
				}
				return &head, got[end:], true
			}
			if x.Interim = append(x.Interim, head.Status); len(x.Interim) >= maxInterim {
				t.stopHead(got[:end], http1.TooManyInterim)
				return nil, nil, false
			}
			got, seen, total = got[end:], 0, total+end
			continue
		}
		if total+len(got) > maxHead {
			t.stopHead(got, http1.HeadTooLarge)
			return nil, nil, false
		}
		b, ok := t.read()
		if !ok {
			t.cutHead(got)
			return nil, nil, false
		}
		x.Phase = PhaseHead
		got = append(got, b...)
		if total == 0 && !bytes.HasPrefix(got, []byte("HTTP/")[:min(5, len(got))]) {
			t.notHTTP(got)
			return nil, nil, false
		}
	}
}

// stopHead ends an exchange whose head does not end.
func (t *talk) stopHead(got []byte, why http1.Kind) {
	var head http1.Response
	head.Parse(got, maxFields)
	record(t.x, &head)
	t.x.HeaderBytes = len(got)
	t.x.Faults = append(t.x.Faults, http1.NewFault(why, int64(len(got)), nil))
	t.x.End, t.x.Speaks = EndBound, SpeaksHTTP
}

// cutHead ends an exchange whose connection ended inside the head.
func (t *talk) cutHead(got []byte) {
	if len(got) == 0 {
		return
	}
	var head http1.Response
	head.Parse(got, maxFields)
	record(t.x, &head)
	t.x.HeaderBytes = len(got)
	t.x.Speaks = looksLike(got)
	if t.x.End == EndEOF || t.x.End == EndReset {
		t.x.Faults = append(t.x.Faults, http1.NewFault(http1.HeadCut, int64(len(got)), got[bytes.LastIndexByte(got, '\n')+1:]))
	}
}

// notHTTP ends an exchange whose peer sends something else. It takes what comes
// soon, for the quote, and waits no longer.
func (t *talk) notHTTP(got []byte) {
	x := t.x
	for len(t.first) < maxFirst {
		t.deadline(time.Now().Add(lingering))
		n, err := t.readBefore()
		if n == 0 {
			x.End, x.Text = ended(err), err.Error()
			break
		}
	}
	switch {
	case x.End == "" && len(t.first) >= maxFirst:
		x.End = EndBound
	case x.End == EndTimeout && t.ctx.Err() == nil:
		x.End = EndComplete // it has said what it had to say
		x.Text = ""
	}
	x.First = bytes.Clone(t.first)
	x.Speaks = looksLike(x.First)
	line, _, _ := bytes.Cut(got, []byte("\n"))
	x.Faults = append(x.Faults, http1.NewFault(http1.StatusLine, 0, line))
}

// linger looks for bytes after a complete message.
func (t *talk) linger() {
	pause := t.x.LongestPause // which our own patience does not lengthen
	t.deadline(time.Now().Add(lingering))
	n, _ := t.readBefore()
	t.x.LongestPause = pause
	t.extra(t.buf[:n])
}

// extra notes bytes after the end of the message.
func (t *talk) extra(b []byte) {
	if len(b) == 0 {
		return
	}
	if t.x.Extra == 0 {
		t.x.Faults = append(t.x.Faults, http1.NewFault(http1.ExtraData, t.x.BodyBytes, b))
	}
	t.x.Extra += int64(len(b))
}

// record copies a parsed head into x, bounded.
func record(x *Exchange, head *http1.Response) {
	if head.Major > 0 {
		x.Version = string([]byte{'0' + byte(head.Major), '.', '0' + byte(head.Minor)})
	}
	x.Status, x.Reason = head.Status, cut(string(head.Reason), 200)
	x.HeaderBytes = head.Size
	total := 0
	for i, f := range head.Fields {
		if total += len(f.Name) + min(len(f.Value), maxValue); i >= maxFields || total > maxHead/4 {
			x.HeaderCut = true
			break
		}
		x.HeaderCut = x.HeaderCut || len(f.Value) > maxValue || len(f.Name) > maxValue
		x.Header = append(x.Header, topo.Header{Name: cut(string(f.Name), maxValue), Value: cut(string(f.Value), maxValue)})
	}
	x.Faults = append(x.Faults, head.Faults...)
	if len(x.Faults) > maxFaults {
		x.Faults = x.Faults[:maxFaults]
	}
}

func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.Clone(s)
}

// field returns the value of the first field of that name, or "".
func field(header []topo.Header, name string) string {
	for _, h := range header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
