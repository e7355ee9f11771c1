package lab

import (
	"fmt"
	"net/http"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func responseFaults() []Fault {
	n, chunked := nginx(), nginx(version11)
	return []Fault{
		badHeader(n).onNginx(), garbage(n).status(0).onNginx(), badStatus(n).status(0).onNginx(),
		misdoes(n, "nul-header", "invalid-nul", "a header line of the answer contains a NUL", vocab.InvalidResponse, vocab.HTTPProtocolError).onNginx(),
		misdoes(chunked, "bad-chunk", "invalid-chunk", "the size of a chunk is no number; the log says 200, the client gets nothing", vocab.InvalidResponse, vocab.HTTPTransferCoding).status(0).onNginx(),
		shortBody(n).onNginx(), cutChunk(chunked).onNginx(), halfHeader(n).onNginx(), emptyClose(n).onNginx(), emptyReset(n).onNginx(),
		{
			Name: "early-close", Doc: "the application refuses uploads by closing before it has read them; GETs are fine", Cause: vocab.EarlyClose, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Method: http.MethodPost, Do: "deaf"}, {Path: "/"}}})
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				const size = 6 << 20
				for range 4 {
					b.ask(b.ctx, n.hosts, http.MethodPost, n.url(), size)
				}
				scene, err := n.Quiet("uploads of 6 MB fail, everything else works")
				scene.Method, scene.Body = http.MethodPost, size
				return scene, err
			},
		},
	}
}

func clientFaults() []Fault {
	return []Fault{{
		Name: "client-aborted", Doc: "clients go away before the answer; the site is fine", Cause: vocab.Aborted, Status: 200, Intermittent: true, Needs: []string{"nginx"},
		Start: func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/", Delay: 400}}})
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(1)
			for range 5 {
				b.leave(n.hosts, n.url(), 60*time.Millisecond)
			}
			return n.Served(1).Quiet("five clients waited 60 ms for an answer that takes 400 ms")
		},
	}}
}

// loopSymptoms are what the hop where a loop runs out of connections may say: it
// cannot connect, or the next hop does not accept; or somebody recognises the
// loop as one.
func loopSymptoms() []vocab.Symptom {
	return []vocab.Symptom{vocab.ConnectionTerminated, vocab.ProxyLoopDetected}
}

func gatewayFaults() []Fault {
	return []Fault{
		{
			Name: "loop-self", Doc: "proxy_pass leads to the listener of its own site", Cause: vocab.ProxyLoop, Symptom: vocab.ConnectionLimitReached, Status: 500, OrSymptom: loopSymptoms(), OrStatus: []int{502}, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				s := b.Site(b.Name())
				s.scheme = "http"
				s.Pass = fmt.Sprintf("proxy_pass http://%s;\nproxy_set_header Host %s;\n", s.listen, s.host)
				n := b.Gateway(s)
				n.limit = 128 // so that few connections are enough to fill it
				return n.Run().Scene()
			},
		},
		{
			Name: "loop-two-sites", Doc: "two sites of the same nginx lead to each other", Cause: vocab.ProxyLoop, Symptom: vocab.ConnectionLimitReached, Status: 500, OrSymptom: loopSymptoms(), OrStatus: []int{502}, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				s := b.Site(b.Name())
				inner := b.local()
				s.scheme = "http"
				s.Pass = fmt.Sprintf("proxy_pass http://%s;\nproxy_set_header Host $host;\n", inner)
				s.Outside = fmt.Sprintf("server {\n    listen %s;\n    location / {\n        proxy_pass http://%s;\n        proxy_set_header Host $host;\n    }\n}\n\n", inner, s.listen)
				n := b.Gateway(s)
				n.limit, s.Errors = 128, "" // either of both may be the one that says why
				return n.Run().Scene()
			},
		},
		{
			Name: "limited-rate", Doc: "limit_req allows one request per minute", Cause: vocab.RateLimited, Symptom: vocab.HTTPRequestDenied, Status: 503, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				s := b.Site(name).Via(b, "http", app.Addr, "limit_req zone=per_"+name+";")
				s.Outside += fmt.Sprintf("limit_req_zone $server_name zone=per_%s:1m rate=1r/m;\n\n", name)
				n := b.Gateway(s).Run()
				n.Get(4)
				return n.Scene()
			},
		},
		{
			Name: "limited-connections", Doc: "limit_conn allows one connection, and a slow client holds it", Cause: vocab.RateLimited, Symptom: vocab.HTTPRequestDenied, Status: 503, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, backend.Config{Listen: []string{b.local()}, Idle: 30000, Routes: []backend.Route{{Path: "/slow", Do: "hang"}, {Path: "/"}}})
				s := b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 600s;", "limit_conn per_"+name+" 1;")
				s.Route, s.path = "/", "/list"
				s.Outside += fmt.Sprintf("limit_conn_zone $server_name zone=per_%s:1m;\n\n", name)
				n := b.Gateway(s).Run().Served(2)
				b.occupy(n.hosts, s.below("/slow"))
				b.until("the connection is taken", func() bool { return n.Get(1).Status == http.StatusServiceUnavailable })
				return n.Scene()
			},
		},
	}
}
