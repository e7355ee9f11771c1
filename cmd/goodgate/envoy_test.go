package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// standIn is what testdata/envoy is told to do.
type standIn struct {
	To, Log string
	Say     string
	Wait    time.Duration
	Tell    map[string]string
}

const envoyConfig = `admin:
  address: {socket_address: {address: %s, port_value: %s}}
static_resources:
  listeners:
  - name: web
    address: {socket_address: {address: %s, port_value: %s}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: %s
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {prefix: "/"}
                route: {cluster: orders, timeout: 1s}
  clusters:
  - name: orders
    type: STATIC
    connect_timeout: 1s
    %s
    load_assignment:
      cluster_name: orders
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: %s, port_value: %s}}}
`

// TestEnvoy examines sites behind what looks like Envoy. No Envoy can be had here:
// testdata/envoy stands in for it, with the words that Envoy is recorded to use.
func TestEnvoy(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	program := filepath.Join(t.TempDir(), "envoy")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/envoy").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the stand-in: %v: %s", err, out)
	}
	goodgate := builtProgram(t)
	healthy := func(t *testing.T) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	closes := func(t *testing.T) string {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	dead := func(t *testing.T) string { return freeAddress(t) }
	hosts := func(flags string) string {
		return `{"cluster_statuses":[{"name":"orders","host_statuses":[{"address":{"socket_address":{"address":"HOST","port_value":PORT}},"health_status":{` + flags + `"eds_health_status":"HEALTHY"},"weight":1}]}]}`
	}
	for _, x := range []struct {
		name    string
		to      func(*testing.T) string
		say     string
		cluster string
		tell    map[string]string
		cause   vocab.Cause
		symptom vocab.Symptom
	}{
		{name: "down", to: dead, cause: vocab.UpstreamDown, symptom: vocab.ConnectionRefused},
		{name: "empty", to: closes, cause: vocab.EmptyResponse, symptom: vocab.ConnectionTerminated},
		{name: "check", to: healthy, say: "unhealthy", cause: vocab.HealthCheckWrong, symptom: vocab.DestinationUnavailable,
			cluster: "health_checks: [{timeout: 1s, interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check: {path: /healthz}}]\n    common_lb_config: {healthy_panic_threshold: {value: 0}}",
			tell:    map[string]string{"/clusters": hosts(`"failed_active_health_check":true,`), "/stats": "cluster.orders.membership_healthy: 0\ncluster.orders.membership_total: 1\n"}},
		{name: "breaker", to: healthy, say: "overflow", cause: vocab.CircuitOpen, symptom: vocab.ConnectionLimitReached, cluster: "circuit_breakers: {thresholds: [{max_connections: 1, max_pending_requests: 1}]}",
			tell: map[string]string{"/clusters": hosts(""), "/stats": "cluster.orders.circuit_breakers.default.rq_pending_open: 1\ncluster.orders.membership_healthy: 1\ncluster.orders.membership_total: 1\n"}},
		{name: "healthy", to: healthy, tell: map[string]string{"/clusters": hosts("")}},
	} {
		t.Run(x.name, func(t *testing.T) {
			to := x.to(t)
			toHost, toPort, _ := net.SplitHostPort(to)
			dir := t.TempDir()
			web, admin := listener(t), listener(t)
			o := standIn{To: to, Log: filepath.Join(dir, "access.log"), Say: x.say, Wait: time.Second, Tell: map[string]string{}}
			for path, text := range x.tell {
				o.Tell[path] = strings.NewReplacer("HOST", toHost, "PORT", toPort).Replace(text)
			}
			config := filepath.Join(dir, "envoy.yaml")
			part := func(l net.Listener) (string, string) { h, p, _ := net.SplitHostPort(l.Addr().String()); return h, p }
			ah, ap := part(admin)
			lh, lp := part(web)
			url := "http://" + web.Addr().String() + "/api/list"
			cluster := x.cluster
			if cluster == "" {
				cluster = "lb_policy: ROUND_ROBIN"
			}
			if err := os.WriteFile(config, fmt.Appendf(nil, envoyConfig, ah, ap, lh, lp, o.Log, cluster, toHost, toPort), 0o644); err != nil {
				t.Fatal(err)
			}
			start(t, program, config, o, web, admin)
			for range 3 {
				if a, err := http.Get(url); err == nil {
					a.Body.Close()
				}
			}
			judge(t, goodgate, url, x.cause, x.symptom)
		})
	}
}

// freeAddress is one at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l := listener(t)
	defer l.Close()
	return l.Addr().String()
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// start starts the stand-in, which takes the listeners over: nobody else can have
// their ports meanwhile, and who connects waits until it serves.
func start(t *testing.T, program, config string, o standIn, listeners ...net.Listener) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", config)
	cmd.Env = append(os.Environ(), "STAND_IN="+string(text))
	cmd.Stderr = os.Stderr
	for _, l := range listeners {
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		defer l.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

func judge(t *testing.T, goodgate, url string, cause vocab.Cause, symptom vocab.Symptom) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(goodgate, "diagnose", url, "-o", "json")
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run() // its code says what was found
	var said verdict
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	if cause == "" {
		if said.Verdict != vocab.Healthy || len(said.Causes) > 0 {
			t.Errorf("a healthy site is %s: %+v", said.Verdict, said.Causes)
		}
		return
	}
	if len(said.Causes) == 0 || said.Causes[0].ID != cause {
		t.Errorf("%s is true, said were %+v\n%s", cause, said.Causes, out.String())
	}
	if said.Symptom == nil || *said.Symptom != symptom {
		t.Errorf("%s is true, said was %v", symptom, said.Symptom)
	}
	if i := slices.IndexFunc(said.Causes, func(c struct {
		ID         vocab.Cause   `json:"id"`
		Confidence float64       `json:"confidence"`
		Verdict    vocab.Verdict `json:"verdict"`
		Summary    string        `json:"summary"`
	}) bool {
		return c.Verdict == vocab.Confirmed && c.ID != cause
	}); i >= 0 {
		t.Errorf("wrongly confirmed: %+v", said.Causes[i])
	}
}
