package lab

import (
	"fmt"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/miekg/dns"
)

// nameFaults are those of names that one looks up right and another wrong: one of
// two servers, one of two families, the system and not the gateway.
func nameFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, start func(b *Bench, name, host string, port int) *Gateway) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: 502, Needs: []string{"nginx", "netns"}, Start: func(b *Bench) (Scene, error) {
			name, p := b.Name(), 0
			host := name + ".svc.internal"
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n127.0.0.1 " + host + " " + name + "\n", "/etc/resolv.conf": "search svc.internal\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})
			p = b.Port()
			return start(b, name, host, p).Scene(doc)
		}}
	}
	app := func(b *Bench, name string, port int) { b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", port))) }
	lists := func(host string) map[string]string { return map[string]string{host + ".": "127.0.0.1"} }
	const six = "2001:db8::5"

	oneSick := func(doc string, server backend.DNS, symptom vocab.Symptom, name string) Fault {
		sometimes := f(name, doc, vocab.ResolverUnreachable, symptom, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			well := b.DNS(backend.DNS{Names: lists(host), TTL: 1})
			sick := b.DNS(server)
			servers := pick(b, well.Addr+" "+sick.Addr, sick.Addr+" "+well.Addr)
			n := b.Gateway(b.variable(name, host, port, "resolver "+servers+" valid=1s ipv6=off;\nresolver_timeout 1s;")).Run()
			for range 3 { // the servers are asked in turn, each answer is kept for a second
				n.Get(1)
				b.pause(1100 * time.Millisecond)
			}
			n.unlucky(1)
			return n
		}).comesAndGoes()
		sometimes.OrStatus = []int{200}
		return sometimes
	}
	return []Fault{
		oneSick("one of the gateway's two name servers does not answer", backend.DNS{Mute: true}, vocab.DNSTimeout, "resolver-one-silent"),
		oneSick("one of the gateway's two name servers answers SERVFAIL", backend.DNS{Code: dns.RcodeServerFailure}, vocab.DNSError, "resolver-one-servfail"),
		f("resolver-no-tcp", "the name server's answer is too long for UDP, and nothing answers over TCP", vocab.ResolverUnreachable, vocab.DNSTimeout, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			names := b.DNS(backend.DNS{Short: true})
			return b.Gateway(b.variable(name, host, port, "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run()
		}),
		f("resolver-refuses", "the name server refuses to answer this host", vocab.ResolverUnreachable, vocab.DNSError, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			names := b.DNS(backend.DNS{Code: dns.RcodeRefused})
			return b.Gateway(b.variable(name, host, port, "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run()
		}),
		f("name-aaaa-only", "the upstream's name has an IPv6 address only, and this host has no route for it", vocab.Unreachable, vocab.DestinationIPUnroutable, func(b *Bench, name, host string, port int) *Gateway {
			names := b.DNS(backend.DNS{Names6: map[string]string{host + ".": six}})
			return b.Gateway(b.variable(name, host, port, "resolver "+names.Addr+";\nresolver_timeout 2s;")).Run()
		}),
		f("name-dual-v6-dead", "the upstream's name has an address of each family, and this host has no route for IPv6", vocab.Unreachable, vocab.DestinationIPUnroutable, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			names := b.DNS(backend.DNS{Names: lists(host), Names6: map[string]string{host + ".": six}})
			s := b.variable(name, host, port, "resolver "+names.Addr+";\nresolver_timeout 2s;")
			s.Pass += "proxy_next_upstream off;\n"
			n := b.Gateway(s).Run()
			n.unlucky(2)
			return n
		}).comesAndGoes().also(vocab.PartialOutage),
		f("name-hosts-only", "the upstream's name stands in /etc/hosts, which nginx's own resolver does not read", vocab.NoSuchName, vocab.DNSError, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			names := b.DNS(backend.DNS{})
			return b.Gateway(b.variable(name, host, port, "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run()
		}),
		f("name-search-only", "the upstream's name is complete only with the search list, which nginx's own resolver does not use", vocab.NoSuchName, vocab.DNSError, func(b *Bench, name, host string, port int) *Gateway {
			app(b, name, port)
			names := b.DNS(backend.DNS{Listen: "127.0.0.1:53", Names: lists(host)})
			return b.Gateway(b.variable(name, name, port, "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run()
		}),
	}
}
