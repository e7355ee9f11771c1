package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// soak runs goodgate for a while with a fault every few seconds, and prints its
// memory, goroutines and descriptors as it goes: they must stay flat. At the end
// all is quiet for a moment, and what is left then has been forgotten.
func (b *bench) soak() error {
	s, addresses, err := b.servers(fault{servers: 3})
	defer s.stop()
	if err != nil {
		return err
	}
	listen := free()
	p, err := b.peer("goodgate", listen, addresses, "")
	if err != nil {
		return err
	}
	defer p.kill()
	fmt.Printf("%d requests per second for %v, a fault every 2 s\n\n| after | memory | heap | goroutines | descriptors | GET failed | POST failed | reasons |\n|---|---|---|---|---|---|---|---|\n", b.rate, b.work)
	t, begun := newTally(), time.Now()
	say := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		m := b.metrics()
		fmt.Printf("| %.0f s | %.1f MB | %.1f MB | %.0f | %.0f | %d of %d | %d of %d | %s |\n", time.Since(begun).Seconds(), float64(p.rss())/1e6, m["go_memstats_heap_inuse_bytes"]/1e6, m["go_goroutines"], m["process_open_fds"],
			t.failed["GET"], t.asked["GET"], t.failed["POST"], t.asked["POST"], reasons(t.reasons))
	}
	for n := 0; time.Since(begun) < b.work; n++ {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5 {
				s.disturb()
			}
		}()
		t.load(listen, b.rate, 10*time.Second, 0)
		<-done
		if n%3 == 0 {
			say()
		}
	}
	time.Sleep(5 * time.Second)
	say()
	t.count(s.list)
	fmt.Printf("\n%d requests at the servers for %d of clients; %d POSTs executed twice\n", t.requests, t.asked["GET"]+t.asked["POST"], t.twice)
	return nil
}

// disturb does one thing to the servers and waits a moment.
func (s *scene) disturb() {
	one := s.list[rand.IntN(len(s.list))]
	switch rand.IntN(10) {
	case 0, 1, 2:
		one.p.kill()
		time.Sleep(500 * time.Millisecond)
		one.start()
	case 3, 4, 5:
		one.p.signal(syscall.SIGSTOP)
		time.Sleep(time.Second)
		one.p.signal(syscall.SIGCONT)
	case 6, 7, 8:
		one.restart()
	case 9:
		for _, all := range s.list {
			all.p.kill()
		}
		time.Sleep(500 * time.Millisecond)
		for _, all := range s.list {
			all.start()
		}
	}
	time.Sleep(time.Second)
}

// metrics reads those of the gateway that have no labels; none where it cannot be
// asked.
func (b *bench) metrics() map[string]float64 {
	all := map[string]float64{}
	resp, err := http.Get("http://" + b.admin + "/metrics")
	if err != nil {
		return all
	}
	defer resp.Body.Close()
	for in := bufio.NewScanner(resp.Body); in.Scan(); {
		name, value, ok := strings.Cut(in.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			all[name] = n
		}
	}
	return all
}

// recordOf is where the i-th server writes what it carried out.
func (b *bench) recordOf(i int) string { return filepath.Join(b.dir, fmt.Sprintf("record%d", i)) }
