package probe

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/wire/http1"
)

// RedactWith takes the secrets out of header values, body and quotes.
func (x *Exchange) RedactWith(r *evidence.Redactor) {
	x.Request = r.Line(x.Request)
	x.Text = r.Text(x.Text)
	x.Reason = r.Text(x.Reason)
	for i := range x.Header {
		x.Header[i].Value = r.Header(strings.TrimSpace(x.Header[i].Name), x.Header[i].Value)
	}
	x.Body = redacted(x.Body, r)
	x.First = []byte(lines(string(x.First), r))
	for i := range x.Faults {
		f := &x.Faults[i]
		if f.Kind == http1.ObsFold || f.Kind == http1.LeadingSpace {
			f.Quote = " " + evidence.Hidden // of a field whose name is not known
			continue
		}
		f.Quote = lines(f.Quote, r)
	}
	if x.TLS != nil {
		x.TLS.RedactWith(r)
	}
	if x.FastCGI != nil {
		x.FastCGI.Stderr = r.Text(x.FastCGI.Stderr)
	}
}

// RedactWith takes the secrets out of what the peer sent instead of TLS.
func (t *TLSResult) RedactWith(r *evidence.Redactor) {
	t.PlainAnswer = lines(t.PlainAnswer, r)
}

// RedactWith takes the secrets out of what the peer sent instead of TLS.
func (s *Separation) RedactWith(r *evidence.Redactor) {
	s.First.RedactWith(r)
	if s.WithName != nil {
		s.WithName.RedactWith(r)
	}
	if s.OtherVersions != nil {
		s.OtherVersions.RedactWith(r)
	}
}

// RedactWith takes the secrets out of what the peer sent instead of FastCGI.
func (a *FastCGIAbility) RedactWith(r *evidence.Redactor) {
	a.First = []byte(lines(string(a.First), r))
}

// redacted takes the secrets out of a body.
func redacted(b []byte, r *evidence.Redactor) []byte {
	if len(b) == 0 {
		return nil
	}
	return []byte(r.Text(string(b)))
}

// lines takes the secrets out of raw bytes that may be header lines, whole or cut.
func lines(s string, r *evidence.Redactor) string {
	if s == "" {
		return ""
	}
	all := strings.SplitAfter(s, "\n")
	for i, line := range all {
		name, value, ok := strings.Cut(line, ":")
		if bare := strings.Trim(name, " \t"); ok && bare != "" && !strings.ContainsAny(bare, " \t<\"'/{") {
			end := value[len(strings.TrimRight(value, "\r\n")):]
			all[i] = name + ": " + r.Header(bare, strings.TrimSpace(value)) + end
			continue
		}
		all[i] = r.Text(line)
	}
	return strings.Join(all, "")
}

// RedactWith takes the secrets out of what the peer sent instead of HTTP/2.
func (a *HTTP2Ability) RedactWith(r *evidence.Redactor) {
	a.First = []byte(lines(string(a.First), r))
	if a.TLS != nil {
		a.TLS.RedactWith(r)
	}
}
