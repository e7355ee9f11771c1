package host

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Denial is one access that SELinux or AppArmor refused.
type Denial struct {
	When   time.Time `json:"when"`
	Module string    `json:"module"` // "selinux", "apparmor"
	PID    int       `json:"pid"`
	Comm   string    `json:"comm"`
	What   string    `json:"what"`             // "connect", "name_connect", "open", …
	Object string    `json:"object,omitempty"` // path or port
	Only   bool      `json:"only,omitempty"`   // it was only noted, not refused (permissive, complain)
	Text   string    `json:"text"`
}

// Denials is what was refused, oldest first.
type Denials struct {
	List []Denial       `json:"list,omitempty"`
	Gaps []evidence.Gap `json:"gaps,omitempty"`
}

// RedactWith cleans the texts.
func (d *Denials) RedactWith(r *evidence.Redactor) {
	for i := range d.List {
		d.List[i].Text = r.Text(d.List[i].Text)
	}
}

const (
	maxDenials = 100
	auditTail  = 4 << 20 // of audit.log, which is rotated at 8 MB (auditd.conf)
)

// ReadDenials reads what was refused since a time from the log of auditd and,
// where no auditd runs, from the kernel's log.
func ReadDenials(ctx context.Context, since time.Time) (Denials, error) {
	var d Denials
	v := &View{place: selfPlace(), root: -1, net: -1}
	tail, err := within(ctx, nil, "audit log", func() ([]byte, error) {
		f, info, err := v.openRegular("/var/log/audit/audit.log")
		if err != nil {
			return nil, denied("audit log", err)
		}
		defer f.Close()
		start := max(0, info.Size-auditTail)
		return io.ReadAll(io.NewSectionReader(f, start, min(info.Size, auditTail)))
	})
	switch {
	case err == nil:
		for line := range bytes.Lines(tail) {
			d.take(string(line), since)
		}
	case !gone(err):
		d.Gaps = append(d.Gaps, gapOf("audit log", err))
	}
	k, err := readKernelLines(ctx, func(text string) bool { return strings.Contains(text, "type=1400 ") })
	if err != nil {
		d.Gaps = append(d.Gaps, gapOf("kernel log", err))
	}
	for _, text := range k {
		d.take(text, since)
	}
	return d, nil
}

func (d *Denials) take(line string, since time.Time) {
	x, ok := parseDenial(line)
	if !ok || x.When.Before(since) {
		return
	}
	for _, have := range d.List {
		if have.When.Equal(x.When) && have.PID == x.PID && have.Object == x.Object && have.What == x.What {
			return // auditd and the kernel tell of the same
		}
	}
	if len(d.List) == maxDenials {
		d.List = append(d.List[:0], d.List[1:]...)
	}
	d.List = append(d.List, x)
}

// parseDenial reads one record: auditd writes "type=AVC msg=audit(1700000000.123:45):
// avc: denied { name_connect } for pid=…", the kernel "audit: type=1400
// audit(1700000000.123:45): apparmor="DENIED" operation="connect" …"
// (slow_avc_audit in security/selinux/avc.c, audit_pre in security/apparmor/audit.c).
func parseDenial(line string) (d Denial, ok bool) {
	line = printable(strings.TrimRight(line, "\n"), 2048)
	_, rest, ok := strings.Cut(line, "audit(")
	stamp, rest, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return d, false
	}
	seconds, _, _ := strings.Cut(stamp, ":")
	whole, fraction, _ := strings.Cut(seconds, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || n > 1<<36 {
		return d, false
	}
	ms, _ := strconv.Atoi((fraction + "000")[:3])
	d.When, d.Text = time.Unix(n, int64(max(0, ms))*int64(time.Millisecond)).UTC(), line
	switch {
	case strings.Contains(rest, "avc:  denied  {") || strings.Contains(rest, "avc: denied {"):
		d.Module = "selinux"
		_, after, _ := strings.Cut(rest, "{")
		what, _, _ := strings.Cut(after, "}")
		d.What = strings.TrimSpace(what)
		d.Only = auditField(rest, "permissive") == "1"
	case strings.Contains(rest, `apparmor="DENIED"`), strings.Contains(rest, `apparmor="ALLOWED"`):
		d.Module = "apparmor"
		d.What = auditField(rest, "operation")
		d.Only = strings.Contains(rest, `apparmor="ALLOWED"`)
	default:
		return d, false
	}
	d.Comm = auditField(rest, "comm")
	d.PID, _ = strconv.Atoi(auditField(rest, "pid"))
	for _, name := range []string{"dest", "path", "name"} {
		if d.Object = auditField(rest, name); d.Object != "" {
			break
		}
	}
	return d, true
}

// auditField returns the value of name=value or name="value"; a value with odd
// characters is written in hexadecimal digits (audit_log_untrustedstring).
func auditField(text, name string) string {
	for rest := text; ; {
		i := strings.Index(rest, name+"=")
		if i < 0 {
			return ""
		}
		if i > 0 && rest[i-1] != ' ' {
			rest = rest[i+len(name)+1:]
			continue
		}
		value := rest[i+len(name)+1:]
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			value, _, _ = strings.Cut(quoted, `"`)
			return printable(value, 512)
		}
		value, _, _ = strings.Cut(value, " ")
		return printable(unhex(value, name), 512)
	}
}

// unhex decodes the values that the kernel encodes: names and paths only.
func unhex(value, name string) string {
	if len(value) < 2 || len(value)%2 != 0 || name == "pid" || name == "permissive" || name == "dest" {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i += 2 {
		n, err := strconv.ParseUint(value[i:i+2], 16, 8)
		if err != nil {
			return value
		}
		b.WriteByte(byte(n))
	}
	return b.String()
}
