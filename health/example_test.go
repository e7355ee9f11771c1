package health_test

import (
	"context"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/health"
)

// A service with both endpoints that ends without losing a request.
func Example() {
	h := health.New(health.Options{Version: "1.4.0"})
	h.Add("database", health.Shared, func(ctx context.Context) error { return nil /* db.PingContext(ctx) */ })

	mux := http.NewServeMux()
	mux.Handle("GET /healthz", h.Live())
	mux.Handle("GET /readyz", h.Ready())

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends at once
	l, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	err = h.Serve(ctx, srv, l, health.Shutdown{Notice: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
}
