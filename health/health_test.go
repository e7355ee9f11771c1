package health_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ask(t *testing.T, h http.Handler) (int, health.Report) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var r health.Report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, r
}

func TestReadiness(t *testing.T) {
	bad := func(context.Context) error { return errors.New("away") }
	good := func(context.Context) error { return nil }
	for _, c := range []struct {
		name   string
		scope  health.Scope
		check  health.Check
		code   int
		status string
	}{
		{"well", health.Own, good, 200, "ok"},
		{"a shared dependency is away", health.Shared, bad, 200, "degraded"},
		{"something of its own is away", health.Own, bad, 503, "failed"},
		{"a check that panics", health.Own, func(context.Context) error { panic("x") }, 503, "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := health.New(health.Options{})
			h.Add("it", c.scope, c.check)
			code, r := ask(t, h.Ready())
			if code != c.code || r.Status != c.status || len(r.Checks) != 1 {
				t.Errorf("%d %+v, want %d %s", code, r, c.code, c.status)
			}
			if code, r := ask(t, h.Live()); code != 200 || r.Status != "ok" {
				t.Errorf("liveness depends on it: %d %+v", code, r)
			}
		})
	}
}

func TestHungCheckIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New(health.Options{})
		free := make(chan struct{})
		h.Add("deaf", health.Own, func(context.Context) error { <-free; return nil })
		begun := time.Now()
		if code, r := ask(t, h.Ready()); code != 503 || r.Checks[0].Error != "timed out" {
			t.Errorf("%d %+v", code, r)
		}
		if d := time.Since(begun); d != time.Second {
			t.Errorf("it took %v", d)
		}
		close(free)
	})
}

func TestResultsAreSharedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		h := health.New(health.Options{})
		h.Add("counted", health.Own, func(context.Context) error { n++; return nil })
		for range 10 {
			ask(t, h.Ready())
		}
		time.Sleep(time.Second)
		ask(t, h.Ready())
		if n != 2 {
			t.Errorf("the check ran %d times", n)
		}
	})
}

func TestServeEndsWithoutLosingARequest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := health.New(health.Options{})
	entered, leave := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/readyz", h.Ready())
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		io.WriteString(w, "whole")
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, &http.Server{Handler: mux}, l, health.Shutdown{}) }()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	answer := make(chan string, 1)
	go func() {
		resp, err := (&http.Client{Transport: tr}).Get("http://" + l.Addr().String() + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		answer <- string(b)
	}()
	<-entered
	stop()
	for !h.Draining() {
		time.Sleep(time.Millisecond)
	}
	if code, r := ask(t, h.Ready()); code != 503 || r.Status != "draining" {
		t.Errorf("readiness while it ends: %d %+v", code, r)
	}
	close(leave)
	if got := <-answer; got != "whole" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestServeUnderLoadLosesNothing: clients keep their connections and send without a
// pause. Once readiness fails they open no new ones, as a balancer does; every request
// that they have sent gets its answer.
func TestServeUnderLoadLosesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := health.New(health.Options{})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	var served atomic.Int64
	go func() {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.Add(1); io.Copy(w, r.Body) })
		ended <- h.Serve(ctx, &http.Server{Handler: handler}, l, health.Shutdown{Notice: time.Second})
	}()
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for !h.Draining() {
				if err := keepAsking(l.Addr().String()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for served.Load() < 1000 {
		time.Sleep(time.Millisecond)
	}
	stop()
	clients.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// keepAsking sends POST after POST on one connection until an answer says that it is
// the last.
func keepAsking(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(b) != "abc" {
			return fmt.Errorf("%q: %w", b, err)
		}
		if resp.Close {
			return nil
		}
	}
}

// TestServeEndedElsewhere: an application that ends its server itself is no failure.
func TestServeEndedElsewhere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler()}
	ended := make(chan error, 1)
	go func() { ended <- health.New(health.Options{}).Serve(context.Background(), srv, l, health.Shutdown{}) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	srv.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
