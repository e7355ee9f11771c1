package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Shutdown says how Serve ends.
type Shutdown struct {
	// Notice is for how long readiness fails while requests are still taken:
	// longer than the balancer needs to notice. 0 means at once.
	Notice time.Duration
	// Deadline is for requests that are under way; 0: 30 seconds.
	Deadline time.Duration
}

// Serve runs srv on l until ctx ends, and ends it so that no request is lost:
// readiness fails, the notice passes, the listener closes, what is under way ends.
// It returns nil after a complete end, also where srv.Shutdown was called elsewhere.
// Pass the context of signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM).
//
// A connection that is kept alive is closed by the answer to its next request in the
// notice, which says so: closing it later, on its own, would meet the request that is
// on its way. Serve wraps srv.Handler for that.
func (h *Health) Serve(ctx context.Context, srv *http.Server, l net.Listener, s Shutdown) error {
	if s.Deadline <= 0 {
		s.Deadline = 30 * time.Second
	}
	srv.Handler = h.parting(srv.Handler)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return serving(err)
	case <-ctx.Done():
	}
	h.Drain()
	if s.Notice > 0 {
		t := time.NewTimer(s.Notice)
		select {
		case <-t.C:
		case err := <-failed:
			t.Stop()
			return serving(err)
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Deadline)
	defer cancel()
	srv.SetKeepAlivesEnabled(false)
	if err := srv.Shutdown(end); err != nil {
		srv.Close()
		<-failed
		return fmt.Errorf("cannot end every request in time: %w", err)
	}
	return serving(<-failed)
}

// serving is why a server serves no longer; nil where it was told to end.
func serving(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("cannot serve: %w", err)
}

// parting tells clients of next, once the end is near, not to use their connection
// again (RFC 9112 section 9.6). With HTTP/2, net/http makes a GOAWAY of it.
func (h *Health) parting(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Draining() && r.Header.Get("Upgrade") == "" {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
