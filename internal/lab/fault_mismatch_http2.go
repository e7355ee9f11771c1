package lab

import (
	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// http2Faults are those of upstreams that speak HTTP/2, as gRPC servers do.
func http2Faults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start func(b *Bench, name string) *Gateway) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{"nginx"}, Start: func(b *Bench) (Scene, error) {
			return start(b, b.Name()).Scene(doc)
		}}
	}
	h2c := func(b *Bench, name, does string) *Proc {
		return b.Backend(name, backend.Config{Listen: []string{b.local()}, H2C: true, Routes: []backend.Route{{Path: "/", Do: does}}})
	}
	healthy := f("healthy-grpc", "grpc_pass leads to an application that speaks HTTP/2", "", "", 200, func(b *Bench, name string) *Gateway {
		return b.Gateway(b.Site(name).Via(b, "grpc", h2c(b, name, "").Addr)).Run().Served(3)
	})
	healthy.Healthy = true
	return []Fault{
		f("mismatch-http-to-h2c", "proxy_pass http:// leads to an application that speaks HTTP/2 only", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench, name string) *Gateway {
			return b.Gateway(b.Site(name).Via(b, "http", h2c(b, name, "").Addr)).Run()
		}).orSymptom(vocab.HTTPProtocolError),
		f("mismatch-http-to-h2c-node", "proxy_pass http:// leads to a Node application that speaks HTTP/2 only: nginx passes its first frame on as HTTP/0.9", vocab.ProtocolMismatch, vocab.HTTPProtocolError, 0, func(b *Bench, name string) *Gateway {
			return b.Gateway(b.Site(name).Via(b, "http", b.nodeH2C(name).Addr)).Run()
		}).orSymptom(vocab.ConnectionTerminated).needs("node"),
		f("mismatch-grpc-to-tls", "grpc_pass grpc:// leads to an application that speaks TLS", vocab.ProtocolMismatch, vocab.ConnectionTerminated, 502, func(b *Bench, name string) *Gateway {
			cert := b.certificate(certificate{name: name + ".internal"})
			return b.Gateway(b.Site(name).Via(b, "grpc", b.NodeTLS(name, b.local(), cert).Addr)).Run()
		}).orSymptom(vocab.HTTPProtocolError).needs("node"),
		f("grpc-hung", "grpc_pass leads to an application that takes requests and answers none", vocab.UpstreamHung, vocab.ConnectionReadTimeout, 504, func(b *Bench, name string) *Gateway {
			app := h2c(b, name, "")
			n := b.Gateway(b.Site(name).Via(b, "grpc", app.Addr, "grpc_read_timeout 1s;")).Run().Served(2)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: "hang"}}})
			return n
		}),
		f("grpc-down", "grpc_pass leads to where nothing listens", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench, name string) *Gateway {
			return b.Gateway(b.Site(name).Via(b, "grpc", b.local())).Run()
		}),
		healthy,
	}
}

// nodeH2C is a Node application that speaks HTTP/2 without TLS.
func (b *Bench) nodeH2C(name string) *Proc {
	return b.Node(name, b.local(), "res.end('ok\\n');", "const two = require('http2').createServer(server.listeners('request')[0]);\nserver.listen = (...args) => two.listen(...args);")
}
