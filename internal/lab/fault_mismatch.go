package lab

import (
	"crypto/tls"
	"fmt"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func mismatchFaults() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.ProtocolMismatch, Symptom: symptom, Status: 502, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		toHTTPS(nginx(), "proxy_pass http:// leads to a Node application that speaks TLS").onNginx(),
		f("mismatch-http-to-tls", "proxy_pass http:// leads to an application that ends a connection without a TLS hello", vocab.ConnectionTerminated, func(b *Bench) (Scene, error) {
			name := b.Name()
			cert := b.certificate(certificate{name: name + ".internal"})
			config := good(b.local())
			config.TLS = &backend.TLS{Certificate: cert.file, Key: cert.key}
			app := b.Backend(name, config)
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene()
		}),
		f("mismatch-https-to-http", "proxy_pass https:// leads to an application that speaks plain HTTP", vocab.TLSProtocolError, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Gateway(b.Site(name).Via(b, "https", app.Addr)).Run().Scene()
		}),
		toPHP(nginx(), "proxy_pass leads to php-fpm").called("mismatch-http-to-fastcgi").onNginx(),
		f("mismatch-fastcgi-to-http", "fastcgi_pass leads to an HTTP application", vocab.HTTPProtocolError, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Gateway(b.Site(name).Via(b, "fastcgi", app.Addr)).Run().Scene()
		}),
		f("mismatch-http-to-uwsgi", "proxy_pass leads to uwsgi's own protocol", vocab.ConnectionTerminated, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.UWSGI(name, b.local(), "return ok()\n")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene()
		}).needs("uwsgi"),
		f("mismatch-grpc-to-http1", "grpc_pass leads to an application that speaks HTTP/1 only", vocab.HTTPProtocolError, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			return b.Gateway(b.Site(name).Via(b, "grpc", app.Addr)).Run().Scene()
		}),
		toProxyProtocol(nginx(), "the upstream's listener demands a PROXY header, nginx sends none").onNginx(),
		f("mismatch-proxy-protocol-nginx", "the upstream is a listener of nginx with proxy_protocol", vocab.ConnectionTerminated, func(b *Bench) (Scene, error) {
			name := b.Name()
			inner := b.local()
			s := b.Site(name).Via(b, "http", inner)
			s.Outside += fmt.Sprintf("server {\n    listen %s proxy_protocol;\n    server_name %s-inner;\n    location / { return 200 \"ok\\n\"; }\n}\n\n", inner, name)
			return b.Gateway(s).Run().Scene()
		}),
	}
}

func tlsFaults() []Fault {
	untrusted := func(name, doc string, cert certificate, extra ...string) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.TLSUntrusted, Symptom: vocab.TLSCertificateError, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				n, _ := b.behindTLS(cert, func(*backend.TLS, pair) {}, append([]string{"proxy_ssl_verify on;"}, extra...)...)
				return n.Run().Scene()
			}}
	}
	handshake := func(name, doc string, symptom vocab.Symptom, demand func(*backend.TLS, pair), extra ...string) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.TLSHandshake, Symptom: symptom, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				n, _ := b.behindTLS(certificate{name: "app.internal"}, demand, extra...)
				return n.Run().Scene()
			}}
	}
	return []Fault{
		untrusted("untrusted-self-signed", "the upstream's certificate is signed by itself, proxy_ssl_verify is on", certificate{name: "app.internal", alone: true}, "proxy_ssl_name app.internal;"),
		untrusted("untrusted-expired", "the upstream's certificate expired yesterday, proxy_ssl_verify is on", certificate{name: "app.internal", expired: true}, "proxy_ssl_name app.internal;"),
		untrusted("untrusted-name", "the upstream's certificate is for another name, proxy_ssl_verify is on", certificate{name: "old.internal"}, "proxy_ssl_name app.internal;"),
		handshake("handshake-sni", "the upstream demands a server name, proxy_ssl_server_name is off", vocab.TLSAlertReceived, func(t *backend.TLS, _ pair) { t.Name = "app.internal" }),
		handshake("handshake-version", "the upstream speaks TLS 1.3 only, proxy_ssl_protocols allows up to 1.2", vocab.TLSAlertReceived, func(t *backend.TLS, _ pair) { t.Min = tls.VersionTLS13 }, "proxy_ssl_protocols TLSv1.2;"),
		handshake("handshake-client-certificate", "the upstream demands a client certificate", vocab.TLSAlertReceived, func(t *backend.TLS, p pair) { t.Clients, t.Max = p.authority, tls.VersionTLS12 }),
		handshake("handshake-client-certificate-13", "the upstream demands a client certificate, in TLS 1.3", vocab.TLSAlertReceived, func(t *backend.TLS, p pair) { t.Clients = p.authority }, "proxy_ssl_protocols TLSv1.3;"),
		{
			Name: "handshake-nginx-rejects", Doc: "the upstream is a listener of nginx with ssl_reject_handshake for unknown names", Cause: vocab.TLSHandshake, Symptom: vocab.TLSAlertReceived, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				cert := b.certificate(certificate{name: name + ".internal"})
				inner := b.local()
				s := b.Site(name).Via(b, "https", inner)
				s.Outside += fmt.Sprintf("server {\n    listen %s ssl default_server;\n    ssl_reject_handshake on;\n}\nserver {\n    listen %s ssl;\n    server_name %s.internal;\n    ssl_certificate %s;\n    ssl_certificate_key %s;\n    location / { return 200 \"ok\\n\"; }\n}\n\n", inner, inner, name, cert.file, cert.key)
				return b.Gateway(s).Run().Scene()
			},
		},
	}
}

// behindTLS is a gateway, not running yet, in front of an application of ours
// that speaks TLS.
func (b *Bench) behindTLS(cert certificate, demand func(*backend.TLS, pair), extra ...string) (*Nginx, *Proc) {
	name := b.Name()
	p := b.certificate(cert)
	config := good(b.local())
	config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
	demand(config.TLS, p)
	app := b.Backend(name, config)
	extra = append(extra, "proxy_ssl_trusted_certificate "+p.authority+";")
	return b.Gateway(b.Site(name).Via(b, "https", app.Addr, extra...)), app
}
