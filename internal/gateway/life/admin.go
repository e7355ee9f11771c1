package life

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// admin serves metrics, status and orders. It is reached by loopback or a unix
// socket only, which Check of the configuration sees to.
func (l *life) admin() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(l.gate.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answer(w, l.gate.Status()) })
	mux.HandleFunc("GET /failures", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"schema": "goodgate/gateway-failures/v1", "failures": l.gate.Failures()})
	})
	mux.HandleFunc("GET /config", l.config)
	mux.HandleFunc("POST /drain", l.order(func(r *http.Request) ([]string, error) {
		return nil, l.gate.Drain(r.FormValue("upstream"), r.FormValue("server"), true)
	}))
	mux.HandleFunc("POST /undrain", l.order(func(r *http.Request) ([]string, error) {
		return nil, l.gate.Drain(r.FormValue("upstream"), r.FormValue("server"), false)
	}))
	mux.HandleFunc("POST /reload", l.order(func(*http.Request) ([]string, error) { return l.reload() }))
	mux.Handle("GET /healthz", l.state.Live())
	mux.Handle("GET /readyz", l.state.Ready())
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return here(mux)
}

// here refuses requests that name another host than this one: a page in a browser on
// this host whose name leads to 127.0.0.1 (DNS rebinding) is of the same origin as
// the admin address, and would read what failed. A scraper is let through.
func here(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		a, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err == nil && a.IsLoopback() || strings.IndexByte(host, '.') < 0 || r.URL.Path == "/metrics" || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		http.Error(w, "the admin address is asked by its own name: localhost or a loopback address", http.StatusForbidden)
	})
}

// probes serves health alone, on an address that balancers reach.
func (l *life) probes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", l.state.Live())
	mux.Handle("GET /readyz", l.state.Ready())
	return mux
}

// Done answers an order that was carried out.
type Done struct {
	Status  string   `json:"status"`            // "done"
	Restart []string `json:"restart,omitempty"` // keys that differ, and need a restart
}

// order carries out what was asked. A page in a browser may not ask it: a form of
// another site carries an Origin.
func (l *life) order(do func(*http.Request) (restart []string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			http.Error(w, "orders come from the command line", http.StatusForbidden)
			return
		}
		restart, err := do(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		answer(w, Done{"done", restart})
	}
}

// config shows what is in force, as `goodgate gateway print` does.
func (l *life) config(w http.ResponseWriter, _ *http.Request) {
	b, err := l.gate.Config().Print()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(b)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(v)
}
