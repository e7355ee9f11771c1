package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestMain lets the test's own program be the backends.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "backend" {
		backendMain(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// bars are what a request may cost at most, in shares of what it costs a peer in the
// same run, and the memory in shares of the peer's.
var bars = []struct {
	kind, peer   string
	cost, memory float64 // 0: no bar
}{
	{"GET 1 KB", "nginx", 2, 0}, {"GET 1 KB", "caddy", 0.5, 0},
	{"POST 10 KB", "nginx", 2, 0}, {"POST 10 KB", "caddy", 0.5, 0},
	{"GET 64 KB", "nginx", 2, 0}, {"GET 64 KB", "caddy", 0.5, 0},
	{"GET 1 MB", "nginx", 2, 0}, {"GET 1 MB", "caddy", 0.6, 0}, // copying dominates, and varies with the neighbours: 0.5, with slack
	{"GET 1 KB, 1,000 per second", "nginx", 2.2, 0}, // 2, with slack: little happens in a second
	{"GET 1 KB, 64 connections, 1,000 idle ones", "nginx", 2, 0}, {"GET 1 KB, 64 connections, 1,000 idle ones", "caddy", 0.5, 0.55},
}

// TestCost holds what requests cost against peers in the same run. It takes three
// minutes and wants a host with little else to do, and so runs only where asked for:
//
//	GOODGATE_BENCH=1 go test ./internal/gateway/gatebench -run Cost -v
func TestCost(t *testing.T) {
	if os.Getenv("GOODGATE_BENCH") == "" {
		t.Skip("a benchmark: GOODGATE_BENCH=1 runs it")
	}
	for _, name := range []string{"nginx", "caddy"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%v; apt-get install %s", err, name)
		}
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "goodgate")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/goodgatehq/goodgate/cmd/goodgate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := &bench{dir: dir, goodgate: program, peers: []string{"goodgate", "nginx", "caddy"}, work: 2 * time.Second, times: 3}
	servers, stop, err := backends()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, k := range kinds {
		got, err := b.rounds(k, servers)
		if err != nil {
			t.Fatal(err)
		}
		mine := got["goodgate"]
		for _, bar := range bars {
			if bar.kind != k.name {
				continue
			}
			peer := got[bar.peer]
			cost, memory := mine.us/peer.us, mine.mb/peer.mb
			t.Logf("%s: %.2f × %s (%.1f and %.1f µs), memory %.2f × (%.1f and %.1f MB)", k.name, cost, bar.peer, mine.us, peer.us, memory, mine.mb, peer.mb)
			if cost > bar.cost {
				t.Errorf("%s costs %.2f × %s, more than %.2f", k.name, cost, bar.peer, bar.cost)
			}
			if bar.memory > 0 && memory > bar.memory {
				t.Errorf("%s takes %.2f of the memory of %s, more than %.2f", k.name, memory, bar.peer, bar.memory)
			}
		}
	}
}
