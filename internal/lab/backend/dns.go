package backend

import (
	"fmt"
	"net"
	"sync"

	"github.com/miekg/dns"
)

// DNS is a small name server.
type DNS struct {
	Listen string            `json:"listen"`           // UDP and TCP
	Names  map[string]string `json:"names"`            // name to IPv4 address; to "" where the name exists without one
	Names6 map[string]string `json:"names6,omitempty"` // name to IPv6 address
	TTL    uint32            `json:"ttl,omitempty"`
	Code   int               `json:"code,omitempty"`  // answer everything with this RCODE
	Mute   bool              `json:"mute,omitempty"`  // answer nothing
	Short  bool              `json:"short,omitempty"` // answer over UDP only that the answer is too long for it, and listen on no TCP port
}

type names struct {
	servers []*dns.Server

	mu     sync.Mutex
	config DNS
}

func serveDNS(config DNS) (*names, error) {
	n := &names{config: config}
	packets, err := net.ListenPacket("udp", config.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot serve names: %w", err)
	}
	n.servers = []*dns.Server{{PacketConn: packets, Handler: n}}
	if !config.Short {
		streams, err := net.Listen("tcp", config.Listen)
		if err != nil {
			packets.Close()
			return nil, fmt.Errorf("cannot serve names: %w", err)
		}
		n.servers = append(n.servers, &dns.Server{Listener: streams, Handler: n})
	}
	for _, s := range n.servers {
		go s.ActivateAndServe()
	}
	return n, nil
}

// Close implements io.Closer.
func (n *names) Close() error {
	for _, s := range n.servers {
		s.Shutdown()
	}
	return nil
}

func (n *names) change(o Order) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if o.Names != nil {
		n.config.Names = o.Names
	}
	n.config.Mute = n.config.Mute || o.Mute
}

// ServeDNS implements dns.Handler.
func (n *names) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	n.mu.Lock()
	config := n.config
	n.mu.Unlock()
	if config.Mute || len(q.Question) != 1 {
		return
	}
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	question := q.Question[0]
	address, known := config.Names[question.Name]
	address6, known6 := config.Names6[question.Name]
	known = known || known6
	ttl := config.TTL
	if ttl == 0 {
		ttl = 5
	}
	header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: ttl}
	switch {
	case config.Short:
		m.Truncated = true
	case config.Code != 0:
		m.Rcode = config.Code
	case !known:
		m.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeA && address != "":
		m.Answer = append(m.Answer, &dns.A{Hdr: header, A: net.ParseIP(address)})
	case question.Qtype == dns.TypeAAAA && address6 != "":
		m.Answer = append(m.Answer, &dns.AAAA{Hdr: header, AAAA: net.ParseIP(address6)})
	}
	w.WriteMsg(m)
}
