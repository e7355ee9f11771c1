package probe

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/wire/dns"
)

// Lookup says how a name is to be resolved.
type Lookup struct {
	Name       string
	Resolver   topo.Resolver // System: the system's way; else as the product itself does: its servers only
	Hosts      []byte        // the hosts file; System only
	ResolvConf []byte        // resolv.conf; System only
	Queries    int           // most queries in all; default 24
}

// Resolution is what a name resolves to.
type Resolution struct {
	Name      string    `json:"name"`
	From      string    `json:"from,omitempty"` // "literal", "hosts", "dns"; empty: nowhere
	Addresses []Address `json:"addresses,omitempty"`
	CNAMEs    []string  `json:"cnames,omitempty"`
	Asked     []Query   `json:"asked,omitempty"`   // every query, in order
	Missing   bool      `json:"missing"`           // the servers that answered say that there is no such name, or no address of the families asked for
	Problem   string    `json:"problem,omitempty"` // why there is no address, in words
	Seconds   float64   `json:"seconds"`
}

// Address is one address of a name.
type Address struct {
	IP  string `json:"ip"`
	TTL uint32 `json:"ttl"`           // seconds; 0 from hosts
	Via string `json:"via,omitempty"` // the server, or "hosts"
}

// Query is one question to one name server and what became of it.
type Query struct {
	Server    string  `json:"server"`
	Name      string  `json:"name"`              // fully qualified, with the final dot
	Type      string  `json:"type"`              // "A" or "AAAA"
	Outcome   string  `json:"outcome"`           // NOERROR, NXDOMAIN, SERVFAIL, REFUSED, …; or a word for no answer: "timeout", "refused" (ICMP), "unreachable", "malformed", "error"
	Text      string  `json:"text,omitempty"`    // the error's words
	Answers   int     `json:"answers,omitempty"` // addresses in the answer
	TCP       bool    `json:"tcp,omitempty"`     // asked again over TCP because the answer was truncated
	Authority bool    `json:"authority,omitempty"`
	Seconds   float64 `json:"seconds"`
}

// Answered reports whether a name server answered at all, whatever it said.
func (q Query) Answered() bool {
	switch q.Outcome {
	case "timeout", "refused", "unreachable", "malformed", "error":
		return false
	}
	return true
}

// MostQueries bounds the questions of one lookup where Lookup names no other bound.
const MostQueries = 24

const (
	defaultQueries = MostQueries
	defaultQuery   = 2 * time.Second  // of one query
	defaultLookup  = 12 * time.Second // of all
)

// Resolve asks for the addresses of a name. The system's way (Resolver.System) is
// hosts, then the search list, each name at one server after the other until one
// answers. Otherwise it goes as nginx does at run time: no hosts file, no search
// list; and because nginx takes its servers in turn, it asks every one of them.
func Resolve(ctx context.Context, d Dialer, l Lookup) Resolution {
	ctx, cancel := bounded(ctx, defaultLookup)
	defer cancel()
	start := time.Now()
	r := &resolving{ctx: ctx, d: d, l: l, left: l.Queries, out: Resolution{Name: l.Name}}
	if r.left <= 0 {
		r.left = defaultQueries
	}
	r.resolve()
	r.out.Seconds = time.Since(start).Seconds()
	return r.out
}

// resolving is one lookup under way.
type resolving struct {
	ctx     context.Context
	d       Dialer
	l       Lookup
	left    int // queries
	timeout time.Duration
	out     Resolution
}

func (r *resolving) resolve() {
	name := r.l.Name
	if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		r.out.From, r.out.Addresses = "literal", []Address{{IP: a.String()}}
		return
	}
	if r.timeout = defaultQuery; r.l.Resolver.Timeout > 0 {
		r.timeout = min(r.timeout, time.Duration(r.l.Resolver.Timeout*float64(time.Second)))
	}
	if r.l.Resolver.AtStart || r.l.Resolver.System() && len(r.l.Hosts)+len(r.l.ResolvConf) > 0 {
		r.system(name)
	} else {
		r.product(strings.TrimSuffix(name, ".") + ".")
	}
	if len(r.out.Addresses) == 0 && r.out.Problem == "" {
		r.out.Problem = r.problem()
	}
}

// system resolves as getaddrinfo does with "hosts: files dns".
func (r *resolving) system(name string) {
	for _, a := range dns.Hosts(r.l.Hosts, name) {
		if a.Unmap().Is4() && r.v4() || !a.Unmap().Is4() && r.v6() {
			r.out.From = "hosts"
			r.out.Addresses = append(r.out.Addresses, Address{IP: a.String(), Via: "hosts"})
		}
	}
	if r.out.From != "" {
		return
	}
	conf := dns.ParseResolvConf(r.l.ResolvConf)
	if len(r.l.ResolvConf) > 0 {
		r.timeout = min(r.timeout, conf.Timeout)
	}
	servers := r.l.Resolver.Servers
	if len(servers) == 0 {
		servers = conf.Servers
	}
	r.out.Missing = true
	for _, candidate := range conf.Candidates(name) {
		if !r.candidate(servers, candidate) {
			break
		}
	}
	r.out.Missing = r.out.Missing && len(r.out.Addresses) == 0
}

// candidate asks for one name, at one server after the other until one gives an
// answer that counts, and reports whether the next name is to be tried. Where none
// does it is not known whether the name is missing, and the search goes on.
func (r *resolving) candidate(servers []string, name string) (next bool) {
	for _, server := range servers {
		settled := true
		for _, t := range r.types() {
			q, ok := r.ask(server, name, t)
			if !ok {
				r.out.Missing = false
				return false
			}
			// The library goes to the next server after SERVFAIL, REFUSED and NOTIMP
			// too (glibc resolv/res_send.c).
			settled = settled && (q.Outcome == "NOERROR" || q.Outcome == "NXDOMAIN")
		}
		if len(r.out.Addresses) > 0 {
			return false
		}
		if settled {
			return true
		}
	}
	r.out.Missing = false
	return true
}

// product asks every server of the product's own resolver for exactly this name.
func (r *resolving) product(name string) {
	if len(r.l.Resolver.Servers) == 0 {
		r.out.Problem = "no name server is configured"
		return
	}
	answered := false
	for _, server := range r.l.Resolver.Servers {
		for _, t := range r.types() {
			q, ok := r.ask(server, name, t)
			if !ok {
				return
			}
			answered = answered || q.Outcome == "NOERROR" || q.Outcome == "NXDOMAIN"
		}
	}
	r.out.Missing = answered && len(r.out.Addresses) == 0
}

func (r *resolving) v4() bool { return r.l.Resolver.V4 || !r.l.Resolver.V6 }
func (r *resolving) v6() bool { return r.l.Resolver.V6 || !r.l.Resolver.V4 }

// types returns what is asked for; a resolver that names no family asks for both.
func (r *resolving) types() (types []dns.Type) {
	if r.v4() {
		types = append(types, dns.A)
	}
	if r.v6() {
		types = append(types, dns.AAAA)
	}
	return types
}

// problem says why there is no address, from what was asked.
func (r *resolving) problem() string {
	if r.out.Missing {
		for _, q := range r.out.Asked {
			if q.Outcome == "NOERROR" {
				return "the name exists and has no address of the families asked for"
			}
		}
		return "the name does not exist"
	}
	for _, q := range r.out.Asked {
		if !q.Answered() {
			return fmt.Sprintf("the name server %s did not answer: %s", q.Server, q.Outcome)
		}
		if q.Outcome != "NOERROR" && q.Outcome != "NXDOMAIN" {
			return fmt.Sprintf("the name server %s answered %s", q.Server, q.Outcome)
		}
	}
	return "no name server was asked"
}
