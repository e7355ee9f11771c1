package gateway

import (
	"encoding/json"
	"strings"
	"sync"
)

// ringSize is how many failed exchanges are kept.
const ringSize = 64

// ring keeps the last failed exchanges, redacted, for whoever asks why.
type ring struct {
	mu   sync.Mutex
	list [ringSize]*Failed
	next int
}

// Failed is an exchange that failed, as far as it may be shown.
type Failed struct {
	Log     json.RawMessage `json:"exchange"`         // as in the access log
	Request []string        `json:"request"`          // the request's head, secrets hidden
	Answer  string          `json:"answer,omitempty"` // the bytes that broke the rules of HTTP
}

// secret are the fields whose values are not kept.
func secret(name string) bool {
	n := strings.ToLower(name)
	switch n {
	case "cookie", "set-cookie":
		return true
	}
	for _, part := range [...]string{"auth", "token", "secret", "passw", "session", "credential", "signature", "api-key", "apikey", "access-key"} {
		if strings.Contains(n, part) {
			return true
		}
	}
	return false
}

// withoutQuery hides what stands behind the question mark of a URL: often a secret.
func withoutQuery(url string) string {
	if i := strings.IndexByte(url, '?'); i >= 0 {
		return url[:i] + "?…"
	}
	return url
}

// add keeps h's exchange. It runs on failures only.
func (r *ring) add(h *handler) {
	x := h.x
	x.Target, x.Referrer = withoutQuery(x.Target), withoutQuery(x.Referrer)
	f := &Failed{Log: trimNewline(x.AppendJSON(nil)), Answer: clean(h.answer)}
	f.Request = append(f.Request, h.r.Method+" "+x.Target+" "+h.r.Proto, "Host: "+h.r.Host)
	for i, field := range h.r.Header {
		if i == 64 {
			break
		}
		v := field.Value
		switch {
		case secret(field.Name):
			v = "(hidden)"
		case field.Name == "Referer":
			v = withoutQuery(v)
		}
		if len(v) > 256 {
			v = v[:256] + "…"
		}
		f.Request = append(f.Request, field.Name+": "+v)
	}
	r.mu.Lock()
	r.list[r.next%ringSize] = f
	r.next++
	r.mu.Unlock()
}

func trimNewline(b []byte) json.RawMessage { return b[:len(b)-1] }

// clean makes the first bytes of an answer fit to be shown.
func clean(b []byte) string { return strings.ToValidUTF8(string(b), "�") }

// last returns what is kept, the latest first.
func (r *ring) last() []*Failed {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []*Failed{} // none is a list as well, for who reads it
	for i := 1; i <= ringSize && r.next-i >= 0; i++ {
		out = append(out, r.list[(r.next-i)%ringSize])
	}
	return out
}
