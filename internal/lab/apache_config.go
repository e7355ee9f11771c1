package lab

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func apacheAddress() []Fault {
	f := func(name, doc string, cause vocab.Cause, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: vocab.ConnectionRefused, Status: 503, Start: start}
	}
	return []Fault{
		otherPort(apache(), "the application listens on another port than ProxyPass says").status(503),
		localhostV6(apache(), "ProxyPass leads to [::1], the application listens on 127.0.0.1 only").status(503),
		otherSocket(apache()).status(503),
		f("address-php-socket", "php-fpm listens on a unix socket, ProxyPassMatch leads to a port", vocab.WrongAddress, func(b *Bench) (Scene, error) {
			name := b.Name()
			b.PHP(name, b.socket(name), "", map[string]string{"index.php": "echo 'ok';"})
			return b.Apache(b.phpHost(name, b.local())).Run().Scene()
		}).needs("php-fpm"),
		closedSocket(apache()).status(503),
		f("permission-php-pool", "php-fpm's pool gives its socket to root", vocab.SocketPermission, func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			b.PHP(name, address, "listen.owner = root\nlisten.group = root\nlisten.mode = 0660\n", map[string]string{"index.php": "echo 'ok';"})
			return b.Apache(b.phpHost(name, address)).Run().Scene()
		}).needs("root", "php-fpm").symptom(vocab.ProxyInternalError),
	}
}

func apacheMismatch() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.ProtocolMismatch, Symptom: symptom, Status: status, Start: start}
	}
	return []Fault{
		f("mismatch-http-to-tls", "ProxyPass http:// leads to an application that ends a connection without a TLS hello", vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			cert := b.certificate(certificate{name: name + ".internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: cert.file, Key: cert.key}
			app := b.Backend(name, config)
			return b.Apache(b.httpSite(name, app.Addr, "")).Run().Scene()
		}),
		f("mismatch-https-to-http", "ProxyPass https:// leads to an application that speaks plain HTTP", vocab.TLSProtocolError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("https", app.Addr), "", "SSLProxyEngine on")).Run().Scene()
		}),
		toPHP(apache(), "ProxyPass http:// leads to php-fpm").called("mismatch-http-to-fastcgi"),
		f("mismatch-fastcgi-to-http", "ProxyPass fcgi:// leads to an HTTP application", vocab.HTTPProtocolError, 503, func(b *Bench) (Scene, error) {
			name := b.Name()
			// mod_proxy_fcgi writes its records one by one: where the application has
			// answered the first and closed, the next ends in EPIPE (AH01074).
			app := b.Backend(name, good(b.local()))
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("fcgi", app.Addr), "")).Run().Scene()
		}).orSymptom(vocab.ConnectionTerminated),
		f("mismatch-http-to-uwsgi", "ProxyPass http:// leads to uwsgi's own protocol", vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.UWSGI(name, b.local(), "return ok()\n")
			return b.Apache(b.httpSite(name, app.Addr, "")).Run().Scene()
		}).needs("uwsgi"),
		toProxyProtocol(apache(), "the upstream's listener demands a PROXY header, Apache sends none"),
	}
}

// behindApacheTLS is a site in front of an application of ours that speaks TLS.
func (b *Bench) behindApacheTLS(cert certificate, demand func(*backend.TLS, pair), extra ...string) *Apache {
	name := b.Name()
	p := b.certificate(cert)
	config := good(b.local())
	config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
	demand(config.TLS, p)
	app := b.Backend(name, config)
	extra = append([]string{"SSLProxyEngine on", "SSLProxyCACertificateFile " + p.authority}, extra...)
	return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("https", app.Addr), "", extra...))
}

func apacheTLS() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, cert certificate, demand func(*backend.TLS, pair), extra ...string) Fault {
		// Only at level info does Apache say why a handshake failed.
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, OrSymptom: []vocab.Symptom{vocab.TLSProtocolError}, Status: 500,
			Start: func(b *Bench) (Scene, error) {
				return b.behindApacheTLS(cert, demand, extra...).Run().Scene()
			}}
	}
	nothing := func(*backend.TLS, pair) {}
	return []Fault{
		f("untrusted-self-signed", "the upstream's certificate is signed by itself, SSLProxyVerify is require", vocab.TLSUntrusted, vocab.TLSCertificateError, certificate{name: "app.internal", alone: true}, nothing, "SSLProxyVerify require", "SSLProxyCheckPeerName off"),
		f("untrusted-expired", "the upstream's certificate expired yesterday, which Apache checks unless told not to", vocab.TLSUntrusted, vocab.TLSCertificateError, certificate{name: "app.internal", expired: true}, nothing, "SSLProxyCheckPeerName off"),
		f("untrusted-name", "the upstream's certificate is for another name, which Apache checks unless told not to", vocab.TLSUntrusted, vocab.TLSCertificateError, certificate{name: "old.internal"}, nothing),
		f("handshake-version", "the upstream speaks TLS 1.3 only, SSLProxyProtocol allows up to 1.2", vocab.TLSHandshake, vocab.TLSAlertReceived, certificate{name: "app.internal"}, func(t *backend.TLS, _ pair) { t.Min = tls.VersionTLS13 }, "SSLProxyProtocol TLSv1.2", "SSLProxyCheckPeerName off"),
		f("handshake-client-certificate", "the upstream demands a client certificate", vocab.TLSHandshake, vocab.TLSAlertReceived, certificate{name: "app.internal"}, func(t *backend.TLS, p pair) { t.Clients, t.Max = p.authority, tls.VersionTLS12 }, "SSLProxyCheckPeerName off"),
	}
}

func apacheNames() []Fault {
	return []Fault{
		fault("name-unknown", "the target's name does not exist", vocab.NoSuchName, vocab.DNSError, 500, misnamed(apache(), backend.DNS{})).needs("netns"),
		fault("resolver-silent", "the host's name server does not answer", vocab.ResolverUnreachable, vocab.DNSError, 500, misnamed(apache(), backend.DNS{Mute: true})).needs("netns"),
	}
}

// apacheRefuses runs Apache's own test, as apache2ctl does before a reload, and
// expects that it fails: the reload does not come about.
func apacheRefuses(g *Gateway) {
	if g.b.err != nil {
		return
	}
	p := g.b.Start(g.product.(*Apache).run("-t"))
	p.Wait()
	text, err := os.ReadFile(p.Log)
	if g.b.err == nil && (err != nil || !strings.Contains(string(text), "yntax error")) {
		g.b.fail("cannot make Apache refuse its configuration: %s", tail(p.Log))
	}
}

func apacheConfig() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Start: start}
	}
	return []Fault{
		f("invalid-section", "the application moved; the edit that follows it lacks the end of a section, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 503,
			spoilt(apache("", "retry=0"), func(text string, _ int) string { return strings.Replace(text, "</VirtualHost>", "", 1) }, apacheRefuses, "the file on disk has the right port and does not load")),
		f("invalid-directive", "the edit that follows the application has a misspelt directive, so the reload was refused", vocab.InvalidConfig, vocab.ConnectionRefused, 503,
			spoilt(apache("", "retry=0"), func(text string, _ int) string {
				return strings.Replace(text, "</VirtualHost>", "    ProxyTimout 30\n</VirtualHost>", 1)
			}, apacheRefuses, "the file on disk has the right port and a word that Apache does not know")),
		f("invalid-not-running", "Apache does not run at all, because its configuration does not load", vocab.InvalidConfig, "", 0, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			a := b.Apache(b.httpSite(name, app.Addr, ""))
			a.write()
			a.past()
			a.Edit(func(text string) string { return strings.Replace(text, "ProxyPass ", "ProxyPas ", 1) })
			b.age(a.file, time.Hour)
			apacheRefuses(a.Gateway)
			return a.Quiet("Apache was started and gave up")
		}).withConfig(),
		notApplied(apache("", "retry=0"), "Apache").status(503),
		f("missing-module", "mod_proxy_http is not loaded", vocab.MissingModule, vocab.ProxyConfigurationError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			a := b.Apache(b.httpSite(name, app.Addr, ""))
			a.modules = nil
			for _, m := range apacheModules {
				if m != "proxy_http" {
					a.modules = append(a.modules, m)
				}
			}
			return a.Run().Scene("a2enmod proxy, and not proxy_http")
		}),
		f("no-ssl-engine", "ProxyPass leads to https:// and SSLProxyEngine is off", vocab.InvalidConfig, vocab.ProxyConfigurationError, 500, func(b *Bench) (Scene, error) {
			name := b.Name()
			cert := b.certificate(certificate{name: name + ".internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: cert.file, Key: cert.key}
			app := b.Backend(name, config)
			return b.Apache(b.ApacheSite(name).proxied(b, apacheURL("https", app.Addr), "")).Run().Scene()
		}),
	}
}

func apacheMaintenance() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.Maintenance, Symptom: symptom, Status: 503, Start: start}
	}
	return []Fault{
		f("maintenance-redirect", "a <Location> says Redirect 503", vocab.ProxyInternalResponse, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.httpSite(name, app.Addr, "")
			s.Pass += fmt.Sprintf("<Location \"%s\">\n    Redirect 503\n</Location>\n", s.Route)
			return b.Apache(s).Run().Scene()
		}),
		f("maintenance-file", "a file turns maintenance on, by RewriteRule", vocab.ProxyInternalResponse, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.httpSite(name, app.Addr, "")
			file := b.Write("srv/maintenance.on", "")
			s.Inside += fmt.Sprintf("RewriteEngine On\nRewriteCond %s -f\nRewriteCond %%{REQUEST_URI} !^/maintenance\nRewriteRule ^ - [R=503,L]\n", file)
			return b.Apache(s).Run().Scene()
		}),
		f("maintenance-all-disabled", "a person has disabled all members of the balancer", vocab.DestinationUnavailable, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			return b.Apache(b.balanced(name, "", []string{one.Addr + " status=+D", two.Addr + " status=+D"})).Run().Scene()
		}),
		f("maintenance-app", "the application answers 503 with Retry-After and says that it is being maintained", "", apacheAnswers(backend.Route{Path: "/", Status: 503, Header: map[string]string{"Retry-After": "3600", "Content-Type": "text/html; charset=utf-8"}, Body: "<html><head><title>Down for maintenance</title></head><body><h1>We are down for maintenance</h1></body></html>\n"})),
	}
}

// balanced is a site in front of a balancer with members, each with its
// parameters.
func (b *Bench) balanced(name, params string, members []string, extra ...string) *Site {
	s := b.ApacheSite(name)
	pool := name + pick(b, "", "-cluster")
	var c strings.Builder
	fmt.Fprintf(&c, "<Proxy \"balancer://%s\">\n", pool)
	for _, m := range members {
		address, rest, _ := strings.Cut(m, " ")
		fmt.Fprintf(&c, "    BalancerMember \"http://%s\" %s\n", address, rest)
	}
	c.WriteString("</Proxy>\n")
	s.Outside += c.String()
	s.Pass = fmt.Sprintf("ProxyPass \"%s\" \"balancer://%s/\" %s\n", s.Route, pool, params) + lines(extra)
	return s
}
