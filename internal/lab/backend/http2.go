package backend

import (
	"io"
	"net"
	"net/http"
	"time"
)

// serveH2C answers requests over HTTP/2 that begins with prior knowledge (RFC 9113
// section 3.3), as gRPC servers without TLS do.
func (s *server) serveH2C(l net.Listener) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	h := &http.Server{Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := s.route(r)
		if route.Delay > 0 {
			time.Sleep(time.Duration(route.Delay) * time.Millisecond)
		}
		if route.Do == "hang" {
			<-r.Context().Done()
			return
		}
		for name, value := range route.Header {
			w.Header().Set(name, value)
		}
		if route.Status != 0 {
			w.WriteHeader(route.Status)
		}
		body := route.Body
		if body == "" {
			body = "ok\n"
		}
		io.WriteString(w, body)
	})}
	_ = h.Serve(l) // until the listener is closed
}
