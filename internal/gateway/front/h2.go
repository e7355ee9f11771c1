package front

import (
	"log"
	"net"
	"net/http"
	"sync"
)

// newServer returns net/http's server for HTTP/2.
func newServer(f *Front, complaints *log.Logger) *http.Server {
	s := &http.Server{
		Handler: standard{f}, MaxHeaderBytes: f.limits.Header, ReadHeaderTimeout: f.limits.HeaderTime, IdleTimeout: f.limits.IdleTime,
		ErrorLog: complaints, Protocols: new(http.Protocols), DisableGeneralOptionsHandler: true,
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				f.leave()
			}
		},
	}
	s.Protocols.SetHTTP2(true)
	s.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: 100, // as HAProxy: each stream may hold a connection to a server
		// The limits of the streams do not end a connection of which the client reads nothing.
		WriteByteTimeout: f.limits.WriteTime,
	}
	return s
}

// handed is a listener of connections on which TLS has agreed on HTTP/2.
type handed struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	addr  net.Addr
}

// Accept returns a connection that hand was given.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr returns the address of the first listener.
func (h *handed) Addr() net.Addr { return h.addr }

// hand gives c to the server; false where that has ended.
func (h *handed) hand(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
		return false
	}
}

// standard is a request that net/http's server read.
type standard struct{ f *Front }

// ServeHTTP hands one request to the core.
func (h standard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := h.f
	f.wg.Add(1)
	defer f.wg.Done()
	s := sessions.Get().(*session)
	s.start(f, w, r)
	f.core(&s.req, s)
	aborted := s.aborted
	s.waits() // for the end of the answer, which net/http sends when this returns
	s.reset()
	sessions.Put(s)
	if aborted {
		panic(http.ErrAbortHandler) // net/http breaks the connection, or the stream
	}
}
