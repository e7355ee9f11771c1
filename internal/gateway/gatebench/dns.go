package main

import (
	"fmt"
	"net"
	"sync/atomic"

	"github.com/miekg/dns"
)

// zone is a name server on loopback with one name, whose address can be changed.
type zone struct {
	address string
	host    atomic.Pointer[string]
	server  *dns.Server
}

// zoneName is the name, and zoneTTL for how many seconds an answer is valid.
const (
	zoneName = "app.test."
	zoneTTL  = 1
)

func newZone() (*zone, error) {
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot serve names: %w", err)
	}
	z := &zone{address: in.LocalAddr().String()}
	up := make(chan struct{})
	z.server = &dns.Server{PacketConn: in, Handler: dns.HandlerFunc(z.answer), NotifyStartedFunc: func() { close(up) }}
	go z.server.ActivateAndServe()
	<-up
	return z, nil
}

func (z *zone) point(host string) { z.host.Store(&host) }

func (z *zone) answer(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	host := z.host.Load()
	switch {
	case q.Question[0].Name != zoneName || host == nil:
		m.Rcode = dns.RcodeNameError
	case q.Question[0].Qtype == dns.TypeA:
		m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: zoneName, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: zoneTTL}, A: net.ParseIP(*host)}}
	}
	w.WriteMsg(m)
}
