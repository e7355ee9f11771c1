package lab

import (
	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// These scenes stand behind any product: the gateway and the application do not
// speak the same protocol, or do not trust each other.

func toHTTPS(lay layout, doc string) Fault {
	return fault("mismatch-http-to-https", doc, vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.NodeTLS(name, b.local(), b.certificate(certificate{name: name + ".internal"}))
		return lay(b, name, app.Addr).Run().Scene()
	}).needs("node")
}

// toHTTP wants a layout that speaks TLS.
func toHTTP(lay layout, doc string) Fault {
	return fault("mismatch-https-to-http", doc, vocab.ProtocolMismatch, vocab.TLSProtocolError, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, good(b.local()))
		return lay(b, name, app.Addr).Run().Scene()
	})
}

func toPHP(lay layout, doc string) Fault {
	return fault("mismatch-fastcgi", doc, vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		address := pick(b, b.local(), b.socket(name))
		b.PHP(name, address, "", map[string]string{"index.php": "echo 'ok';"})
		return lay(b, name, address).Run().Scene()
	}).needs("php-fpm")
}

func toProxyProtocol(lay layout, doc string) Fault {
	return fault("mismatch-proxy-protocol", doc, vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		config := good(b.local())
		config.Proxy = true
		app := b.Backend(name, config)
		return lay(b, name, app.Addr).Run().Scene()
	})
}

// secured is an application that speaks TLS, and has demands of its own, behind a
// layout that may need its certificate.
func secured(cert certificate, demand func(*backend.TLS, pair), lay func(pair) layout) func(b *Bench) *Gateway {
	return func(b *Bench) *Gateway {
		name := b.Name()
		p := b.certificate(cert)
		config := good(b.local())
		config.TLS = &backend.TLS{Certificate: p.file, Key: p.key}
		if demand != nil {
			demand(config.TLS, p)
		}
		app := b.Backend(name, config)
		return lay(p)(b, name, app.Addr)
	}
}

// untrusted and handshake are TLS that does not come about.
func untrusted(name, doc string, cert certificate, lay func(pair) layout) Fault {
	return fault("untrusted-"+name, doc, vocab.TLSUntrusted, vocab.TLSCertificateError, 502, func(b *Bench) (Scene, error) {
		return secured(cert, nil, lay)(b).Run().Scene()
	})
}

func handshake(name, doc string, demand func(*backend.TLS, pair), lay func(pair) layout) Fault {
	return fault("handshake-"+name, doc, vocab.TLSHandshake, vocab.TLSAlertReceived, 502, func(b *Bench) (Scene, error) {
		return secured(certificate{name: "app.internal"}, demand, lay)(b).Run().Scene()
	})
}

// demandName has an application demand that clients name it.
func demandName(t *backend.TLS, _ pair) { t.Name = "app.internal" }

// trusted is TLS that does come about.
func trusted(doc string, lay func(pair) layout) Fault {
	return healthy("healthy-tls", doc, 200, func(b *Bench) (Scene, error) {
		return secured(certificate{name: "app.internal"}, nil, lay)(b).Run().Served(2).Scene()
	})
}
