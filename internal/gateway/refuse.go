package gateway

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// refusal is an answer that the gateway makes itself.
type refusal struct {
	status  int
	symptom vocab.Symptom
	detail  string
	phase   event.Phase
	client  bool // the client is the reason
}

// public is the detail as far as a client may see it: what was seen of a server may
// hold its names, addresses and bytes, and goes to the log alone.
func (f *refusal) public(expose bool) string {
	if expose || f.phase == "" {
		return f.detail
	}
	return ""
}

// refuse answers with an error of the gateway's own.
func (h *handler) refuse(f *refusal) {
	h.x.Symptom, h.x.Detail = f.symptom, f.detail
	h.status(f.status, event.Gateway)
	if f.client {
		h.x.MadeBy = event.Client
		if h.r.Ctx.Err() != nil {
			h.x.Status = 499
			h.w.Abort()
			return
		}
		if f.status >= 500 {
			h.x.Status = 400
		}
	}
	body, kind := h.page(h.x.Status, f)
	header := append(h.fields[:0],
		Field{"Content-Type", kind},
		Field{"Proxy-Status", h.proxyStatus(f.symptom, f.public(h.t.conf.Expose))},
		Field{"X-Request-Id", h.x.ID},
		Field{"Cache-Control", "no-store"},
		Field{"X-Content-Type-Options", "nosniff"})
	if h.body.Rest != nil || h.r.Bad != nil {
		header = append(header, Field{"Connection", "close"}) // the rest of the body will not be read
	}
	if h.x.Status == 503 {
		header = append(header, Field{"Retry-After", "5"})
	}
	h.w.Head(h.x.Status, header, int64(len(body)), false)
	if h.r.Method == "HEAD" {
		return
	}
	if err := h.w.Write([]byte(body)); err == nil {
		h.x.Sent = int64(len(body))
	}
}

// proxyStatus is a Proxy-Status field (RFC 9209). Details name servers only where
// the configuration says so.
func (h *handler) proxyStatus(s vocab.Symptom, detail string) string {
	var b strings.Builder
	b.WriteString("goodgate")
	if s != "" {
		b.WriteString("; error=" + string(s))
	}
	if last := len(h.x.Attempts) - 1; h.t.conf.Expose && last >= 0 {
		b.WriteString("; next-hop=" + sfString(h.x.Attempts[last].Endpoint))
		if st := h.x.Attempts[last].Status; st > 0 && s != "" {
			b.WriteString("; received-status=" + strconv.Itoa(st))
		}
	}
	if detail != "" {
		b.WriteString("; details=" + sfString(detail))
	}
	return b.String()
}

// sfString is a String of structured fields (RFC 9651 section 3.3.3): ASCII, with
// quotes and backslashes escaped.
func sfString(s string) string {
	b := []byte{'"'}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = append(b, '?')
		}
	}
	return string(append(b, '"'))
}

// titles are the words for the statuses that the gateway makes.
var titles = map[int]string{
	400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large", 417: "Expectation Failed", 431: "Request Header Fields Too Large",
	500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}

// advice is what a visitor may do.
func advice(status int) string {
	switch {
	case status == 503:
		return "The service is not available at the moment. Please try again in a few seconds."
	case status == 504:
		return "The service did not answer in time. Please try again."
	case status >= 500:
		return "The service gave no proper answer. Please try again."
	case status == 404:
		return "There is nothing here."
	}
	return "The request cannot be served."
}

// page returns the body of an error and its type, as the client likes it.
func (h *handler) page(status int, f *refusal) (body, kind string) {
	accept, _ := get(h.r.Header, "Accept")
	accept = strings.ToLower(accept)
	title := titles[status]
	switch {
	case strings.Contains(accept, "json"):
		return `{"type":"about:blank","title":` + strconv.Quote(title) + `,"status":` + strconv.Itoa(status) +
			`,"detail":` + strconv.Quote(advice(status)) + `,"error":` + strconv.Quote(string(f.symptom)) + `,"request_id":` + strconv.Quote(h.x.ID) + "}\n", "application/problem+json"
	case strings.Contains(accept, "text/html"):
		return htmlPage(status, title, f.symptom, h.x.ID), "text/html; charset=utf-8"
	}
	return strconv.Itoa(status) + " " + title + "\n" + advice(status) + "\nreason: " + string(f.symptom) + "\nrequest: " + h.x.ID + "\n", "text/plain; charset=utf-8"
}

// htmlPage needs no escaping: its words are ours, and an id has only characters
// that validID allows.
func htmlPage(status int, title string, s vocab.Symptom, id string) string {
	code := strconv.Itoa(status)
	return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>` + code + " " + title +
		`</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}}h1{font-size:1.4rem}small{color:#888}</style><h1>` +
		code + " " + title + `</h1><p>` + advice(status) + `</p><p><small>` + string(s) + ` · ` + id + `</small></p></html>` + "\n"
}
