package lab

import (
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func apacheNetwork() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: 503, Needs: []string{"netns"}, Start: start}
	}
	filter := func(rule, params string) start {
		return func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			a := b.Apache(b.httpSite(name, app.Addr, params)).Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d %s", port(app.Addr), rule))
			return a.Scene("nft: tcp dport " + fmt.Sprint(port(app.Addr)) + " " + rule)
		}
	}
	return []Fault{
		f("filtered-drop", "a firewall on this host drops what goes to the upstream's port", vocab.Filtered, vocab.ConnectionTimeout, filter("drop", "connectiontimeout=1")).needs("nft"),
		f("filtered-reject", "a firewall on this host rejects with \"administratively prohibited\"", vocab.Filtered, vocab.DestinationIPUnroutable, filter("reject with icmpx type admin-prohibited", "retry=0")).needs("nft"),
		f("unreachable-no-route", "there is no route to the upstream's network", vocab.Unreachable, vocab.DestinationIPUnroutable, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.Apache(b.httpSite(b.Name(), fmt.Sprintf("10.20.30.40:%d", b.Port()), pick(b, "", "retry=0"))).Run().Scene()
		}),
	}
}

func apacheBalancer() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, also vocab.Cause, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Also: []vocab.Cause{also}, Start: start}
	}
	return []Fault{
		f("pool-all-dead", "both members of the balancer have been stopped", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, vocab.NoHealthyUpstream, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			a := b.Apache(b.balanced(name, "", []string{one.Addr, two.Addr})).Run().Served(3)
			one.End()
			two.End()
			a.Get(2)
			return a.Scene("both were stopped; Apache asks neither for 60 s")
		}).orSymptom(vocab.ConnectionRefused),
		f("pool-penalty", "both members of the balancer were restarted, and Apache leaves them out for 60 s", vocab.BackendInPenalty, vocab.DestinationUnavailable, 503, vocab.NoHealthyUpstream, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			// Without forcerecovery=Off a balancer of which all members are out is
			// tried again at once.
			a := b.Apache(b.balanced(name, "forcerecovery=Off", []string{one.Addr, two.Addr})).Run().Served(3)
			one.End()
			two.End()
			a.Get(3)
			b.Backend(name+"-1", good(one.Addr))
			b.Backend(name+"-2", good(two.Addr))
			return a.Scene("both are back; Apache asks neither for 60 s")
		}),
		f("pool-one-garbage", "one of two members sends a broken header", vocab.InvalidResponse, vocab.HTTPProtocolError, 500, vocab.PartialOutage, func(b *Bench) (Scene, error) {
			name := b.Name()
			ok, bad := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", does(b.local(), "bad-header"))
			a := b.Apache(b.balanced(name, "", []string{ok.Addr, bad.Addr})).Run()
			a.Get(6)
			return a.Scene("every second request meets the broken one")
		}).comesAndGoes(),
	}
}

func apacheResponse() []Fault {
	return []Fault{
		badHeader(apache()).status(500),
		misdoes(apache(), "bad-chunk", "invalid-chunk", "the size of a chunk is no number", vocab.InvalidResponse, vocab.HTTPTransferCoding).status(200),
		shortBody(apache()),
		cutChunk(apache()),
		emptyClose(apache()),
		emptyReset(apache()),
		{
			Name: "restart-own", Doc: "the application was replaced by its next version without waiting for it to listen", Cause: vocab.UpstreamRestarting, Symptom: vocab.ConnectionRefused, Status: 200, Intermittent: true,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				a := b.Apache(b.httpSite(name, app.Addr, "retry=0")).Run().Served(4)
				app.End()
				a.Get(3)
				b.Backend(name, good(app.Addr))
				return a.Served(2).Quiet("the application was stopped and started again")
			},
		},
	}
}

func apacheHealthy() []Fault {
	f := func(name, doc string, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Status: status, Healthy: true, Start: start}
	}
	return []Fault{
		f("healthy", "an application that keeps idle connections", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(pick(b, b.local(), b.socket(name))))
			return b.Apache(b.httpSite(name, app.Addr, pick(b, "", "disablereuse=On", "retry=0 timeout=30", "enablereuse=on max=10"))).Run().Served(6).Scene()
		}),
		f("healthy-slow", "answers take 0.7 s and the limit is 3 s", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Delay: 700}}})
			return b.Apache(b.httpSite(name, app.Addr, "timeout=3")).Run().Scene()
		}),
		well(apache(), "404", "the application says 404", backend.Route{Status: 404, Body: "no such order\n"}),
		well(apache(), "redirect", "the application redirects", backend.Route{Status: 302, Header: map[string]string{"Location": "/login"}}),
		f("healthy-tls", "the upstream speaks TLS and its certificate verifies", 200, func(b *Bench) (Scene, error) {
			return b.behindApacheTLS(certificate{name: "app.internal"}, func(*backend.TLS, pair) {}, "SSLProxyVerify require", "SSLProxyCheckPeerName off").Run().Served(2).Scene()
		}),
		f("healthy-php", "php-fpm answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := pick(b, b.socket(name), b.local())
			b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
			return b.Apache(b.phpHost(name, address)).Run().Served(2).Scene()
		}).needs("php-fpm"),
		f("healthy-uwsgi", "uwsgi answers", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.UWSGI(name, b.local(), "return ok()\n")
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("uwsgi", app.Addr), "")).Run().Served(2).Scene()
		}).needs("uwsgi"),
		f("healthy-balancer", "a balancer with a spare member that is down, and is not needed", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			one := b.Backend(name+"-1", good(b.local()))
			return b.Apache(b.balanced(name, "", []string{one.Addr, b.local() + " status=+H"})).Run().Served(4).Scene()
		}),
		f("healthy-static", "Apache serves files itself", 200, func(b *Bench) (Scene, error) {
			s := b.ApacheSite(b.Name())
			b.Write(filepath.Join("srv/www", s.path), "hello\n")
			s.Pass = "DocumentRoot " + b.path("srv/www") + "\n"
			return b.Apache(s).Run().Served(2).Scene()
		}),
		f("healthy-rewrite", "a RewriteRule passes requests on, with conditions", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.ApacheSite(name)
			s.Pass = fmt.Sprintf("RewriteEngine On\nRewriteCond %%{HTTP:Upgrade} =websocket [NC]\nRewriteRule ^/(.*)$ ws://%s/$1 [P,L]\nRewriteCond %%{REQUEST_URI} !^/static/\nRewriteRule ^/(.*)$ http://%s/$1 [P,L]\n", app.Addr, app.Addr)
			return b.Apache(s).Run().Served(2).Scene()
		}),
		f("healthy-yesterday", "the site itself had errors yesterday", 200, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			a := b.Apache(b.httpSite(name, app.Addr, ""))
			at := time.Now().Add(-26 * time.Hour)
			for i := range 30 {
				a.good += apacheLine(a.target, record{at: at.Add(time.Duration(i) * time.Second), path: a.target.path, status: http.StatusServiceUnavailable, took: 0.001})
			}
			return a.Run().Served(2).Scene()
		}),
	}
}
