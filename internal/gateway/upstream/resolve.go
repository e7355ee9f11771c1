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

// System resolves a name as the system's library does: the hosts file, then the
// name servers and the search list of resolv.conf, both families. Unlike the
// library it says for how long the answer is valid.
func System(ctx context.Context, host string) ([]netip.Addr, time.Duration, error) {
	if b, err := os.ReadFile("/etc/hosts"); err == nil {
		if addrs := dns.Hosts(b, host); len(addrs) > 0 {
			return addrs, hostsTTL, nil
		}
	}
	b, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, 0, fmt.Errorf("cannot resolve %s: %w", host, err)
	}
	conf := dns.ParseResolvConf(b)
	return Ask(ctx, conf, host)
}

// Ask resolves a name at the servers of conf.
func Ask(ctx context.Context, conf dns.ResolvConf, host string) ([]netip.Addr, time.Duration, error) {
	var last error
	for _, name := range conf.Candidates(host) {
		v4, ttl4, err4 := askAll(ctx, conf, name, dns.A)
		v6, ttl6, err6 := askAll(ctx, conf, name, dns.AAAA)
		addrs := append(v4, v6...)
		switch {
		case len(addrs) > 0:
			ttl := ttl4
			if len(v4) == 0 || len(v6) > 0 && ttl6 < ttl {
				ttl = ttl6
			}
			// One family failed: its addresses may be missing. Look again soon.
			if err4 != nil || err6 != nil {
				ttl = min(ttl, failedRefresh)
			}
			return addrs, ttl, nil
		case err4 != nil:
			last = err4
		case err6 != nil:
			last = err6
		}
	}
	if last == nil {
		last = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return nil, 0, last
}

func askAll(ctx context.Context, conf dns.ResolvConf, name string, t dns.Type) (addrs []netip.Addr, ttl time.Duration, err error) {
	for range max(conf.Attempts, 1) {
		for _, server := range conf.Servers {
			var a dns.Answer
			if a, err = ask(ctx, server, name, t, conf.Timeout, conf.TCP); err != nil {
				continue
			}
			switch a.Rcode {
			case "NOERROR":
				ttl = time.Hour
				for _, r := range a.Records {
					addrs = append(addrs, r.Addr)
					ttl = min(ttl, time.Duration(r.TTL)*time.Second)
				}
				return addrs, ttl, nil
			case "NXDOMAIN":
				return nil, 0, nil
			}
			err = &net.DNSError{Err: a.Rcode, Name: name, Server: server, IsTemporary: true}
		}
	}
	return nil, 0, err
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
