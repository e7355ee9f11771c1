package evidence

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"sort"
	"strings"
	"sync"
)

// Hidden stands in text where something was taken out.
const Hidden = "***"

// Redactor takes out of foreign text what must not leave the host: credentials,
// query values, token-like words in paths, addresses and names of clients. What
// a diagnosis needs stays: messages, errnos, upstream addresses, socket paths,
// names of headers, cookies and query parameters.
//
// Every method is idempotent, never fails and never panics. A redactor may be
// used by several goroutines.
type Redactor struct {
	key []byte

	mu    sync.RWMutex
	addrs map[netip.Addr]bool
	words map[string]bool
}

// NewRedactor returns a redactor whose pseudonyms for clients are derived from
// key. The same key gives the same pseudonyms. With no key a random one is made,
// so that nobody can find an address by trying them all.
func NewRedactor(key []byte) *Redactor {
	if len(key) == 0 {
		key = make([]byte, sha256.Size)
		rand.Read(key) // never fails, by its documentation
	}
	return &Redactor{key: bytes.Clone(key), addrs: map[netip.Addr]bool{}, words: map[string]bool{}}
}

// Keep names what must stay readable: addresses of listeners, endpoints and
// resolvers, with or without port, and words such as the token of our own
// request. Loopback addresses always stay.
func (r *Redactor) Keep(words ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range words {
		if w == "" {
			continue
		}
		r.words[w] = true
		if a, _, ok := splitAddr(w); ok {
			r.addrs[a.Unmap().WithZone("")] = true
		}
	}
}

// kept reports whether w is a word that must stay.
func (r *Redactor) kept(w string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.words[w]
}

// The pseudonyms of clients: an IPv4 address becomes one of the benchmarking
// network (RFC 2544), an IPv6 address one of the documentation network
// (RFC 3849), so that a field which held an address still does.
var (
	pseudo4 = netip.MustParsePrefix("198.18.0.0/15")
	pseudo6 = netip.MustParsePrefix("2001:db8:c11e::/48")
)

// Client returns the pseudonym of a client: stable within one case, and an
// address of the same family where addr is one, with its port if it has one. A
// host name becomes "client-3f2a". Addresses given to Keep, loopback and
// unspecified addresses and pseudonyms are returned as they are.
func (r *Redactor) Client(addr string) string {
	a, port, ok := splitAddr(addr)
	if !ok {
		return r.clientName(addr)
	}
	p, changed := r.pseudonym(a)
	switch {
	case !changed:
		return addr
	case port == "" && strings.HasPrefix(addr, "["):
		return "[" + p.String() + "]"
	case port == "":
		return p.String()
	case p.Is4():
		return p.String() + ":" + port
	}
	return "[" + p.String() + "]:" + port
}

func (r *Redactor) clientName(name string) string {
	switch {
	case name == "", name == "-", name == "unknown", name == "localhost", name == Hidden, strings.HasPrefix(name, "unix:"), r.kept(name):
		return name
	case isPseudoName(name):
		return name
	}
	return "client-" + hex.EncodeToString(r.sum(name)[:2])
}

func isPseudoName(name string) bool {
	rest, ok := strings.CutPrefix(name, "client-")
	if !ok || len(rest) != 4 {
		return false
	}
	_, err := hex.DecodeString(rest)
	return err == nil
}

func (r *Redactor) pseudonym(a netip.Addr) (netip.Addr, bool) {
	plain := a.Unmap().WithZone("")
	r.mu.RLock()
	keep := r.addrs[plain]
	r.mu.RUnlock()
	if keep || plain.IsLoopback() || plain.IsUnspecified() || pseudo4.Contains(plain) || pseudo6.Contains(plain) {
		return a, false
	}
	sum := r.sum(plain.String())
	if plain.Is4() {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 198<<24|18<<16|binary.BigEndian.Uint32(sum)&0x1ffff)
		return netip.AddrFrom4(b), true
	}
	b := pseudo6.Addr().As16()
	copy(b[12:], sum[:4])
	return netip.AddrFrom16(b), true
}

func (r *Redactor) sum(s string) []byte {
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(s))
	return m.Sum(nil)
}

// splitAddr reads "1.2.3.4", "1.2.3.4:80", "::1", "[::1]" and "[::1]:80".
func splitAddr(s string) (a netip.Addr, port string, ok bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, "", true
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		a, err := netip.ParseAddr(s[1 : len(s)-1])
		return a, "", err == nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, "", false
	}
	return ap.Addr(), s[strings.LastIndexByte(s, ':')+1:], true
}

// Text hides what is secret in text that an application or a program wrote, of
// any number of lines.
func (r *Redactor) Text(s string) string { return r.settle(s, r.textSpans) }

// Line is Text for one line of a log of any product, and replaces the client of
// the request by its pseudonym.
func (r *Redactor) Line(s string) string { return r.settle(s, r.lineSpans) }

// URL hides userinfo, query values, the fragment and token-like segments of a
// URL, absolute or not.
func (r *Redactor) URL(s string) string {
	return r.settle(s, func(b []byte) []span { return r.urlSpans(b, 0, len(b)) })
}

// Path hides token-like segments of the path of a URL, and query values where
// the path comes with a query.
func (r *Redactor) Path(s string) string {
	return r.settle(s, func(b []byte) []span { return r.targetSpans(b, 0, len(b)) })
}

// span is a part of a text that gives way to with.
type span struct {
	start, end int
	with       string
}

// settle replaces the spans that find returns, again and again until nothing is
// left to hide: what stands beside a secret may only be read once it is gone.
func (r *Redactor) settle(s string, find func([]byte) []span) string {
	for range 8 {
		next := replace(s, find([]byte(s)))
		if next == s {
			break
		}
		s = next
	}
	return s
}

// replace puts spans into s. Spans that overlap are hidden as one.
func replace(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	var out strings.Builder
	at := 0
	for _, p := range merge(spans) {
		out.WriteString(s[at:p.start])
		out.WriteString(p.with)
		at = p.end
	}
	out.WriteString(s[at:])
	return out.String()
}

// merge sorts spans and joins those that overlap.
func merge(spans []span) []span {
	sort.SliceStable(spans, func(i, j int) bool { return spans[i].start < spans[j].start })
	out := spans[:0]
	for _, p := range spans {
		if p.start >= p.end {
			continue
		}
		if n := len(out); n > 0 && p.start < out[n-1].end {
			last := &out[n-1]
			if p.end > last.end {
				last.end, last.with = p.end, Hidden
			} else if p.start > last.start || p.end < last.end {
				continue
			}
			continue
		}
		out = append(out, p)
	}
	return out
}
