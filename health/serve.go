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
// It returns nil after a complete end. Pass the context of
// signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM).
func (h *Health) Serve(ctx context.Context, srv *http.Server, l net.Listener, s Shutdown) error {
	if s.Deadline <= 0 {
		s.Deadline = 30 * time.Second
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("cannot serve: %w", err)
	case <-ctx.Done():
	}
	h.Drain()
	if s.Notice > 0 {
		t := time.NewTimer(s.Notice)
		select {
		case <-t.C:
		case err := <-failed:
			t.Stop()
			return fmt.Errorf("cannot serve: %w", err)
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
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
