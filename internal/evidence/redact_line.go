package evidence

import (
	"bytes"
	"regexp"

	"github.com/goodgatehq/goodgate/internal/pattern"
)

// Where log lines of the products name the client. The first group is the
// client, or a list of clients.
const (
	addrShape = `(?:\[?[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*\]?|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?`
	listShape = addrShape + `(?:, ?` + addrShape + `)*`
	syslog    = `(?:<[0-9]+>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S+ |[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+ \S+ )?(?:[A-Za-z][\w./-]*(?:\[[0-9]+\])?: ?)?`
)

// clientShapes are where lines name the client. A shape is looked for only in
// lines that hold its anchor: expressions are slow, and most lines have none.
var clientShapes = []struct {
	anchor string
	shape  func() *regexp.Regexp
}{
	{"client: ", pattern.New(`\bclient: (` + listShape + `)`)},                             // nginx errors
	{"[client ", pattern.New(`\[client (` + addrShape + `)\]`)},                            // Apache errors
	{" [", pattern.New(`^` + syslog + `(` + listShape + `) (?:\S+ [^\[\n]{1,256} )?\[`)},   // common log formats, HAProxy
	{"Z ", pattern.New(`^(?:https?|h2|grpcs|wss?) [0-9]{4}-\S+ \S+ (` + addrShape + `) `)}, // ALB
	{" () {", pattern.New(`\] (` + addrShape + `) \(`)},                                    // uwsgi
	{` - "`, pattern.New(`(` + addrShape + `) - "[A-Z]+ `)},                                // uvicorn
	{`" for `, pattern.New(`" for (` + addrShape + `) at `)},                               // Rails
	{"-for", headerClient}, {"-ip", headerClient}, {"remote_addr", headerClient}, {"rip=", headerClient}, // dumps of headers, key=value
	{"for=", pattern.New(`(?i)\bfor="?(` + addrShape + `)`)}, // Forwarded, RFC 7239
}

var headerClient = pattern.New(`(?i)\b(?:x-forwarded-for|x-real-ip|true-client-ip|cf-connecting-ip|remote_addr|client_ip|rip)[:=] ?"?(` + listShape + `)`)

var (
	// commonLine is a line in common log format: the client, the users, the date.
	commonLine = pattern.New(`^` + syslog + `(\S+(?:, ?\S+)*) (\S+) ([^\[\]\n]{1,256}) \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:`)
	// quotedList is a field of an access log that holds addresses: what
	// X-Forwarded-For named.
	quotedList  = pattern.New(`"([0-9a-fA-F:.]{3,45}(?:, ?[0-9a-fA-F:.]{3,45})*)"`)
	statusShape = pattern.New(`" ?[1-5][0-9]{2} `)
	jsonField   = pattern.New(`"([A-Za-z_-]{2,40})" ?: ?(?:"([^"\n]{1,512})"|\[("[^\]\n]{1,512})\])`)
	wordShape   = pattern.New(`[^\s,"]+`)
)

// lineSpans finds what is secret in one log line, the client included.
func (r *Redactor) lineSpans(b []byte) []span {
	out := r.textSpans(b)
	low := lower(b)
	for _, c := range clientShapes {
		if !bytes.Contains(low, bytes.ToLower([]byte(c.anchor))) {
			continue
		}
		for _, m := range c.shape().FindAllSubmatchIndex(b, -1) {
			out = append(out, r.clientSpans(b, m[2], m[3])...)
		}
	}
	common := r.commonSpans(b)
	out = append(out, common...)
	if bytes.IndexByte(b, '"') < 0 {
		return out
	}
	if len(common) > 0 || statusShape().Match(b) {
		for _, m := range quotedList().FindAllSubmatchIndex(b, -1) {
			if !bytes.HasSuffix(b[:m[0]], []byte(": ")) { // host: "…" of an error line
				out = append(out, r.portless(b, m[2], m[3])...)
			}
		}
	}
	if bytes.Contains(b, []byte(`":`)) || bytes.Contains(b, []byte(`" :`)) {
		out = append(out, r.fieldSpans(b)...)
	}
	return out
}

// commonSpans hides the client and the users of a line in common log format.
func (r *Redactor) commonSpans(b []byte) []span {
	if bytes.IndexByte(b, '[') < 0 {
		return nil
	}
	m := commonLine().FindSubmatchIndex(b)
	if m == nil {
		return nil
	}
	var out []span
	if name := string(b[m[2]:m[3]]); r.Client(name) != name {
		out = append(out, span{m[2], m[3], r.Client(name)})
	}
	for _, g := range []int{4, 6} {
		if user := b[m[g]:m[g+1]]; string(user) != "-" && !r.isClient(user) {
			out = append(out, span{m[g], m[g+1], Hidden})
		}
	}
	return out
}

// fieldSpans replaces clients in the fields of a JSON line.
func (r *Redactor) fieldSpans(b []byte) []span {
	var out []span
	for _, m := range jsonField().FindAllSubmatchIndex(b, -1) {
		switch {
		case !clientName(string(b[m[2]:m[3]])):
		case m[4] >= 0:
			out = append(out, r.clientSpans(b, m[4], m[5])...)
		default:
			out = append(out, r.clientSpans(b, m[6], m[7])...)
		}
	}
	return out
}

// clientSpans replaces each address of a list of clients by its pseudonym.
func (r *Redactor) clientSpans(b []byte, start, end int) []span {
	var out []span
	for _, m := range wordShape().FindAllIndex(b[start:end], -1) {
		from, to := start+m[0], start+m[1]
		word := string(b[from:to])
		if _, _, ok := splitAddr(word); !ok {
			continue
		}
		if with := r.Client(word); with != word {
			out = append(out, span{from, to, with})
		}
	}
	return out
}

// portless is clientSpans for a list in which no address has a port.
func (r *Redactor) portless(b []byte, start, end int) []span {
	for _, w := range wordShape().FindAll(b[start:end], -1) {
		if _, port, ok := splitAddr(string(w)); !ok || port != "" {
			return nil
		}
	}
	return r.clientSpans(b, start, end)
}

// isClient reports whether every word of a field is an address: then it is not a
// user but more of the list of clients.
func (r *Redactor) isClient(field []byte) bool {
	words := wordShape().FindAll(field, -1)
	for _, w := range words {
		if _, _, ok := splitAddr(string(w)); !ok {
			return false
		}
	}
	return len(words) > 0
}
