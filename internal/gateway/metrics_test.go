package gateway_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// gauges reads the gauges of the only upstream.
func gauges(t *testing.T, s *site) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(s.gate.Collector())
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetGauge() != nil && len(m.GetLabel()) == 1 {
				all[f.GetName()[len("goodgate_gateway_"):]] = m.GetGauge().GetValue()
			}
		}
	}
	return all
}

// TestScaleSignal: two servers that carry two requests each, and six requests. The
// third server is a backup: it is capacity for the day on which the others are away.
func TestScaleSignal(t *testing.T) {
	leave := make(chan struct{})
	held := func() *server {
		return newServer(t, answering(func(c net.Conn, _ *http.Request) bool {
			<-leave
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			return true
		}))
	}
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.MaxReqs, u.Wait = 2, time.Minute
		u.Servers[2].Backup = true
	}), held(), held(), newServer(t, well("backup")))
	if g := gauges(t, s); g["saturation_ratio"] != 0 || g["servers_wanted"] != 1 {
		t.Errorf("idle: %v", g)
	}
	var asked sync.WaitGroup
	for range 4 {
		asked.Go(func() { s.ask("GET", "/", "") })
	}
	for gauges(t, s)["upstream_active_requests"] < 4 {
		time.Sleep(time.Millisecond)
	}
	// 4 / (2 × 2) and 4 / (2 × 0.6).
	if g := gauges(t, s); g["saturation_ratio"] != 1 || g["servers_wanted"] != 4 || g["waiting_requests"] != 0 {
		t.Errorf("full: %v", g)
	}
	close(leave)
	asked.Wait()
}
