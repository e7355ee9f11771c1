package lab

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
	"github.com/miekg/dns"
)

func dnsFaults() []Fault {
	return append(append(staleFaults(), resolverFaults()...), nameFaults()...)
}

func staleFaults() []Fault {
	f := func(name, doc string, needs []string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.StaleDNS, Symptom: vocab.ConnectionRefused, Status: 502, Needs: append([]string{"nginx"}, needs...), Start: start}
	}
	return []Fault{
		f("stale-run-time", "the name has moved; nginx keeps the old address for an hour (resolver … valid=1h)", nil, func(b *Bench) (Scene, error) {
			name, p := b.Name(), b.Port()
			host := name + ".svc.internal"
			names := b.DNS(backend.DNS{Names: map[string]string{host + ".": "127.0.0.2"}})
			app := b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
			n := b.Gateway(b.variable(name, host, p, "resolver "+names.Addr+" valid=1h ipv6=off;"))
			n.workers = 1 // each worker remembers names for itself
			n.Run().Served(2)
			b.move(app, name, fmt.Sprintf("127.0.0.3:%d", p))
			names.Order(backend.Order{Names: map[string]string{host + ".": "127.0.0.3"}})
			return n.Scene("the application moved from 127.0.0.2 to 127.0.0.3")
		}),
		staleHosts(nginx(), "the name was looked up when nginx started; /etc/hosts has changed since").onNginx(),
		f("stale-start", "the name was looked up when nginx started; the name server has another address now", []string{"netns"}, func(b *Bench) (Scene, error) {
			name, p := b.Name(), b.Port()
			host := name + ".svc.internal"
			b.Machine(map[string]string{"/etc/hosts": "127.0.0.1 localhost\n", "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})
			names := b.DNS(backend.DNS{Listen: "127.0.0.1:53", Names: map[string]string{host + ".": "127.0.0.2"}})
			app := b.Backend(name, good(fmt.Sprintf("127.0.0.2:%d", p)))
			n := b.Gateway(b.Site(name).Via(b, "http", fmt.Sprintf("%s:%d", host, p))).Run().Served(2)
			b.move(app, name, fmt.Sprintf("127.0.0.3:%d", p))
			names.Order(backend.Order{Names: map[string]string{host + ".": "127.0.0.3"}})
			return n.Scene("the application moved from 127.0.0.2 to 127.0.0.3, the name server says so")
		}),
	}
}

func resolverFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, server backend.DNS) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				names := b.DNS(server)
				return b.Gateway(b.variable(name, name+".svc.internal", b.Port(), "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run().Scene()
			}}
	}
	none := func(name, doc string, withPort bool) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.NoResolver, Symptom: vocab.ProxyConfigurationError, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name, p := b.Name(), b.Port()
				b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", p)))
				s := b.variable(name, "localhost", p, "")
				if !withPort {
					s.Pass = fmt.Sprintf("proxy_pass http://localhost:%d$request_uri;\n", p)
				}
				return b.Gateway(s).Run().Scene()
			}}
	}
	return []Fault{
		none("resolver-none", "proxy_pass has a variable as its host and there is no resolver", true),
		none("resolver-none-uri", "proxy_pass has a variable in its path, so the name is looked up at run time; there is no resolver", false),
		f("name-unknown", "the name server says that the upstream's name does not exist", vocab.NoSuchName, vocab.DNSError, backend.DNS{}),
		f("resolver-servfail", "the resolver answers SERVFAIL", vocab.ResolverUnreachable, vocab.DNSError, backend.DNS{Code: dns.RcodeServerFailure}),
		f("resolver-silent", "the resolver does not answer", vocab.ResolverUnreachable, vocab.DNSTimeout, backend.DNS{Mute: true}),
		{
			Name: "resolver-refused", Doc: "nobody listens at the resolver's port", Cause: vocab.ResolverUnreachable, Symptom: vocab.DNSTimeout, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				return b.Gateway(b.variable(name, name+".svc.internal", b.Port(), "resolver "+b.local()+" ipv6=off;\nresolver_timeout 1s;")).Run().Scene()
			},
		},
		{
			Name: "name-without-address", Doc: "the upstream's name exists and has no address", Cause: vocab.NoSuchName, Symptom: vocab.DNSError, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				host := name + ".svc.internal"
				names := b.DNS(backend.DNS{Names: map[string]string{host + ".": ""}})
				return b.Gateway(b.variable(name, host, b.Port(), "resolver "+names.Addr+" ipv6=off;\nresolver_timeout 1s;")).Run().Scene()
			},
		},
	}
}

// DNS starts a name server; at a free port when d does not say where.
func (b *Bench) DNS(d backend.DNS) *Proc {
	if d.Listen == "" {
		d.Listen = b.local()
	}
	p := b.backendAs(command{name: "named", dir: "srv/named"}, backend.Config{DNS: &d})
	p.Addr = d.Listen
	return p
}

// variable is a site whose upstream's name is looked up at run time.
func (b *Bench) variable(name, host string, port int, resolver string) *Site {
	s := b.Site(name)
	where := pick(b, "location", "server")
	if where == "server" {
		s.Inside += resolver + "\n"
	}
	s.Pass = fmt.Sprintf("set $backend %s;\nproxy_pass http://$backend:%d;\n", host, port)
	if where == "location" && resolver != "" {
		s.Pass = strings.TrimSuffix(resolver, "\n") + "\n" + s.Pass
	}
	return s
}

// move stops the application and starts it at another address.
func (b *Bench) move(app *Proc, name, address string) *Proc {
	app.End()
	return b.Backend(name, good(address))
}
