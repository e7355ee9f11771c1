package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// Type is a type of record that is asked for.
type Type uint16

// The types.
const (
	A    Type = 1
	AAAA Type = 28
	SRV  Type = 33
)

// String returns the type as zone files spell it.
func (t Type) String() string {
	switch t {
	case AAAA:
		return "AAAA"
	case SRV:
		return "SRV"
	}
	return "A"
}

// Question returns the message that asks for records of name, which is fully
// qualified, with recursion desired.
func Question(id uint16, name string, t Type) ([]byte, error) {
	if _, ok := dns.IsDomainName(name); !ok || !strings.HasSuffix(name, ".") {
		return nil, fmt.Errorf("cannot ask for %.80q: not a domain name", name)
	}
	m := new(dns.Msg)
	m.SetQuestion(name, uint16(t))
	m.Id = id
	b, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("cannot ask for %.80q: %w", name, err)
	}
	return b, nil
}

// Record is one address in an answer.
type Record struct {
	Addr netip.Addr
	TTL  uint32 // the least of the records that lead to it, in seconds
}

// Service is one server of a service (RFC 2782).
type Service struct {
	Target                 string // a name; "." says that there is no such service
	Port, Priority, Weight uint16
	TTL                    uint32 // as Record's
}

// Answer is what a name server said.
type Answer struct {
	Rcode         string // "NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", …
	Truncated     bool
	Authoritative bool
	Records       []Record
	Services      []Service
	CNAMEs        []string // the chain from the name asked for, without it
}

// ErrOther says that a message does not answer the question: another id, another
// name, or no answer at all. The right one may still come.
var ErrOther = errors.New("the message answers another question")

// ParseAnswer reads the answer to Question(id, name, t). It fails with ErrOther, or
// because the bytes are no DNS message.
func ParseAnswer(b []byte, id uint16, name string, t Type) (Answer, error) {
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		return Answer{}, fmt.Errorf("cannot read the answer: %w", err)
	}
	if m.Id != id || !m.Response {
		return Answer{}, ErrOther
	}
	if len(m.Question) > 0 && (!strings.EqualFold(m.Question[0].Name, name) || m.Question[0].Qtype != uint16(t)) {
		return Answer{}, ErrOther
	}
	a := Answer{Rcode: dns.RcodeToString[m.Rcode], Truncated: m.Truncated, Authoritative: m.Authoritative}
	if a.Rcode == "" {
		a.Rcode = fmt.Sprintf("RCODE%d", m.Rcode)
	}
	a.follow(m.Answer, name, t)
	return a, nil
}

// maxChain is how many aliases are followed; glibc and nginx stop earlier or at
// about as many.
const maxChain = 16

// follow walks the aliases from name to its addresses, or services.
func (a *Answer) follow(records []dns.RR, name string, t Type) {
	least := ^uint32(0)
	for range maxChain {
		next := ""
		for _, rr := range records {
			h := rr.Header()
			if !strings.EqualFold(h.Name, name) || len(a.Records)+len(a.Services) == maxAddresses {
				continue
			}
			var ip netip.Addr
			var ok bool
			switch r := rr.(type) {
			case *dns.CNAME:
				next, least = r.Target, min(least, h.Ttl)
				continue
			case *dns.A:
				ip, ok = netip.AddrFromSlice(r.A.To4())
				ok = ok && t == A
			case *dns.AAAA:
				ip, ok = netip.AddrFromSlice(r.AAAA.To16())
				ok = ok && t == AAAA
			case *dns.SRV:
				if t == SRV {
					a.Services = append(a.Services, Service{r.Target, r.Port, r.Priority, r.Weight, min(least, h.Ttl)})
				}
			}
			if ok {
				a.Records = append(a.Records, Record{ip, min(least, h.Ttl)})
			}
		}
		if next == "" || len(a.Records)+len(a.Services) > 0 {
			return
		}
		a.CNAMEs = append(a.CNAMEs, next)
		name = next
	}
}
