package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/goodgatehq/goodgate/internal/wire/dns"
)

// lookup is how the last look at a pool's names ended.
type lookup struct{ err error }

// hostsTTL is how long an address from the hosts file is believed.
const hostsTTL = 5 * time.Second

// Resolver turns names into addresses and services. The zero Resolver asks as the
// system's library does: the hosts file, then the name servers and the search list
// of resolv.conf. Unlike the library it says for how long an answer is valid.
type Resolver struct {
	Servers []string // "127.0.0.1:53"; none: those of resolv.conf
}

// familyError says that the addresses of one family could not be asked for. Those of
// the other are known.
type familyError struct {
	six bool
	err error
}

func (f *familyError) Error() string { return f.err.Error() }
func (f *familyError) Unwrap() error { return f.err }

// Addrs returns the addresses of host, of both families. Addresses with an error are
// those of one family; the other could not be asked for.
func (r Resolver) Addrs(ctx context.Context, host string) ([]netip.Addr, time.Duration, error) {
	if b, err := os.ReadFile("/etc/hosts"); err == nil && len(r.Servers) == 0 {
		if addrs := dns.Hosts(b, host); len(addrs) > 0 {
			return addrs, hostsTTL, nil
		}
	}
	conf, err := r.conf(host)
	if err != nil {
		return nil, 0, err
	}
	var last error
	for _, name := range conf.Candidates(host) {
		addrs, ttl, err := both(ctx, conf, name)
		if len(addrs) > 0 {
			return addrs, ttl, err
		}
		if err != nil {
			last = err
		}
	}
	return nil, 0, orNotFound(last, host)
}

// both asks for the addresses of both families at once: one that is not answered must
// not use up the time of the other.
func both(ctx context.Context, conf dns.ResolvConf, name string) ([]netip.Addr, time.Duration, error) {
	var v6 dns.Answer
	var ttl6 time.Duration
	var err6 error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v6, ttl6, err6 = askAll(ctx, conf, name, dns.AAAA)
	}()
	v4, ttl4, err4 := askAll(ctx, conf, name, dns.A)
	<-ended
	var addrs []netip.Addr
	for _, one := range append(v4.Records, v6.Records...) {
		addrs = append(addrs, one.Addr)
	}
	switch {
	case err4 != nil:
		return addrs, ttl6, &familyError{false, err4}
	case err6 != nil:
		return addrs, ttl4, &familyError{true, err6}
	}
	return addrs, min(ttl4, ttl6), nil
}

// Services returns the servers of a service (RFC 2782).
func (r Resolver) Services(ctx context.Context, service string) ([]dns.Service, time.Duration, error) {
	conf, err := r.conf(service)
	if err != nil {
		return nil, 0, err
	}
	var last error
	for _, name := range conf.Candidates(service) {
		a, ttl, err := askAll(ctx, conf, name, dns.SRV)
		if len(a.Services) > 0 {
			return a.Services, ttl, nil
		}
		if err != nil {
			last = err
		}
	}
	return nil, 0, orNotFound(last, service)
}

func orNotFound(err error, name string) error {
	if err == nil {
		err = &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return err
}

// conf returns which servers are asked, and how.
func (r Resolver) conf(host string) (dns.ResolvConf, error) {
	b, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, os.ErrNotExist) && len(r.Servers) == 0 {
		return dns.ResolvConf{}, fmt.Errorf("cannot resolve %s: %w", host, err)
	}
	conf := dns.ParseResolvConf(b)
	if len(r.Servers) > 0 {
		conf.Servers, conf.Search, conf.TCP = r.Servers, nil, false
	}
	return conf, nil
}

// longestTTL is for how long an answer without records is believed, at most.
const longestTTL = time.Hour

// askAll asks one server after the other until one answers.
func askAll(ctx context.Context, conf dns.ResolvConf, name string, t dns.Type) (a dns.Answer, ttl time.Duration, err error) {
	limit := conf.Timeout
	if at, ok := ctx.Deadline(); ok && len(conf.Servers) > 1 {
		// One server that is silent must not use up the time of the others.
		limit = min(limit, time.Until(at)/time.Duration(len(conf.Servers)+1))
	}
	for range max(conf.Attempts, 1) {
		for _, server := range conf.Servers {
			if a, err = ask(ctx, server, name, t, limit, conf.TCP); err != nil {
				continue
			}
			switch a.Rcode {
			case "NOERROR":
				ttl = longestTTL
				for _, r := range a.Records {
					ttl = min(ttl, time.Duration(r.TTL)*time.Second)
				}
				for _, s := range a.Services {
					ttl = min(ttl, time.Duration(s.TTL)*time.Second)
				}
				return a, ttl, nil
			case "NXDOMAIN":
				return dns.Answer{}, longestTTL, nil
			}
			err = &net.DNSError{Err: a.Rcode, Name: name, Server: server, IsTemporary: true}
		}
	}
	return dns.Answer{}, longestTTL, err
}

// ask puts one question to one server, over TCP where the answer was cut.
func ask(ctx context.Context, server, name string, t dns.Type, limit time.Duration, tcp bool) (dns.Answer, error) {
	id := uint16(rand.Uint32())
	q, err := dns.Question(id, name, t)
	if err != nil {
		return dns.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	network := "udp"
	if tcp {
		network = "tcp"
	}
	c, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return dns.Answer{}, asDNS(err, name, server)
	}
	defer c.Close()
	at, _ := ctx.Deadline()
	c.SetDeadline(at)
	if tcp {
		q = append([]byte{byte(len(q) >> 8), byte(len(q))}, q...)
	}
	if _, err := c.Write(q); err != nil {
		return dns.Answer{}, asDNS(err, name, server)
	}
	buf := make([]byte, 65535)
	for {
		n, err := readMessage(c, buf, tcp)
		if err != nil {
			return dns.Answer{}, asDNS(err, name, server)
		}
		a, err := dns.ParseAnswer(buf[:n], id, name, t)
		if errors.Is(err, dns.ErrOther) {
			continue
		}
		if err == nil && a.Truncated && !tcp {
			return ask(ctx, server, name, t, limit, true)
		}
		return a, err
	}
}

func readMessage(c net.Conn, buf []byte, tcp bool) (int, error) {
	if !tcp {
		return c.Read(buf)
	}
	if _, err := io.ReadFull(c, buf[:2]); err != nil {
		return 0, err
	}
	return io.ReadFull(c, buf[:int(buf[0])<<8|int(buf[1])])
}

func asDNS(err error, name, server string) error {
	return &net.DNSError{Err: reason(err), Name: name, Server: server, IsTimeout: timeout(err), IsTemporary: true}
}
