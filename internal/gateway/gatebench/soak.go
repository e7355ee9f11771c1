package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"time"
)

// soak runs goodgate for a while with a fault every few seconds, and prints its
// memory as it goes: it must stay flat.
func (b *bench) soak() error {
	var list []*server
	var addresses []string
	for i := range 3 {
		s := &server{address: free(), mode: "well", record: filepath.Join(b.dir, fmt.Sprintf("soak%d", i))}
		s.start()
		list = append(list, s)
		addresses = append(addresses, s.address)
	}
	defer func() {
		for _, s := range list {
			s.p.signal(syscall.SIGCONT)
			s.p.kill()
		}
	}()
	listen := free()
	p, err := b.peer("goodgate", listen, addresses, "")
	if err != nil {
		return err
	}
	defer p.kill()
	fmt.Printf("%d requests per second for %v, a fault every 2 s\n\n| after | memory | GET failed | POST failed | reasons |\n|---|---|---|---|---|\n", b.rate, b.work)
	t := newTally()
	begun := time.Now()
	for time.Since(begun) < b.work {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5 {
				s := list[rand.IntN(len(list))]
				switch rand.IntN(3) {
				case 0:
					s.p.kill()
					time.Sleep(500 * time.Millisecond)
					s.start()
				case 1:
					s.p.signal(syscall.SIGSTOP)
					time.Sleep(time.Second)
					s.p.signal(syscall.SIGCONT)
				case 2:
					s.p.signal(syscall.SIGTERM)
					s.p.cmd.Wait()
					s.start()
				}
				time.Sleep(time.Second)
			}
		}()
		t.load(listen, b.rate, 10*time.Second, 0)
		<-done
		t.mu.Lock()
		fmt.Printf("| %.0f s | %.1f MB | %d of %d | %d of %d | %s |\n", time.Since(begun).Seconds(), float64(p.rss())/1e6, t.failed["GET"], t.asked["GET"], t.failed["POST"], t.asked["POST"], reasons(t.reasons))
		t.mu.Unlock()
	}
	return nil
}
