package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/wire/dns"
)

// ask puts one question to one server and notes the answer; false: the budget of
// time or queries is used up.
func (r *resolving) ask(server, name string, t dns.Type) (Query, bool) {
	if r.left--; r.left < 0 || r.ctx.Err() != nil {
		return Query{}, false
	}
	q := Query{Server: withPort(server), Name: name, Type: t.String()}
	start := time.Now()
	a, err := r.exchange(&q, t)
	q.Seconds = time.Since(start).Seconds()
	switch {
	case err != nil:
		q.Outcome, q.Text = queryFault(err), err.Error()
	default:
		q.Outcome, q.Answers, q.Authority = a.Rcode, len(a.Records), a.Authoritative
		r.note(a, q.Server)
	}
	r.out.Asked = append(r.out.Asked, q)
	return q, true
}

// note adds what is new in an answer to the resolution.
func (r *resolving) note(a dns.Answer, server string) {
	for _, rec := range a.Records {
		known := false
		for _, x := range r.out.Addresses {
			known = known || x.IP == rec.Addr.String()
		}
		if !known {
			r.out.From = "dns"
			r.out.Addresses = append(r.out.Addresses, Address{rec.Addr.String(), rec.TTL, server})
		}
	}
	if len(r.out.CNAMEs) == 0 {
		r.out.CNAMEs = a.CNAMEs
	}
}

// exchange asks over UDP, and over TCP where the answer is truncated.
func (r *resolving) exchange(q *Query, t dns.Type) (dns.Answer, error) {
	id := uint16(rand.Uint32())
	question, err := dns.Question(id, q.Name, t)
	if err != nil {
		return dns.Answer{}, err
	}
	a, err := r.over("udp", q.Server, question, func(b []byte) (dns.Answer, error) { return dns.ParseAnswer(b, id, q.Name, t) })
	if err != nil || !a.Truncated {
		return a, err
	}
	q.TCP = true
	return r.over("tcp", q.Server, question, func(b []byte) (dns.Answer, error) { return dns.ParseAnswer(b, id, q.Name, t) })
}

// maxStray bounds the messages that answer another question.
const maxStray = 16

func (r *resolving) over(network, server string, question []byte, parse func([]byte) (dns.Answer, error)) (dns.Answer, error) {
	ctx, cancel := bounded(r.ctx, r.timeout)
	defer cancel()
	conn, err := r.d(ctx, network, server)
	if err != nil {
		return dns.Answer{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(past) })
	defer stop()
	if network == "tcp" {
		question = append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...)
	}
	if _, err := conn.Write(question); err != nil {
		return dns.Answer{}, err
	}
	for range maxStray {
		b, err := message(network, conn)
		if err != nil {
			return dns.Answer{}, err
		}
		a, err := parse(b)
		if errors.Is(err, dns.ErrOther) {
			continue // late or forged: the right answer may still come
		}
		if err != nil {
			return a, malformed{err}
		}
		return a, nil
	}
	return dns.Answer{}, malformed{dns.ErrOther}
}

// message reads one DNS message.
func message(network string, conn net.Conn) ([]byte, error) {
	b := make([]byte, 64<<10)
	if network == "udp" {
		n, err := conn.Read(b)
		return b[:n], err
	}
	if _, err := io.ReadFull(conn, b[:2]); err != nil {
		return nil, err
	}
	b = b[:binary.BigEndian.Uint16(b)]
	_, err := io.ReadFull(conn, b)
	return b, err
}

// malformed marks an answer that is no answer.
type malformed struct{ error }

func queryFault(err error) string {
	var bad malformed
	if errors.As(err, &bad) {
		return "malformed"
	}
	switch errno(err) {
	case "timeout", "cancelled":
		return "timeout"
	case "ECONNREFUSED":
		return "refused"
	case "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES", "EPERM":
		return "unreachable"
	}
	return "error"
}

// withPort adds the port of DNS to a server that has none.
func withPort(server string) string {
	if a, err := netip.ParseAddr(strings.Trim(server, "[]")); err == nil {
		return net.JoinHostPort(a.String(), "53")
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		return net.JoinHostPort(server, "53")
	}
	return server
}
