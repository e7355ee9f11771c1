package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// fault is something that happens to the servers while requests come.
type fault struct {
	name    string
	servers int
	modes   []string // of the servers; "" is well
	pause   time.Duration
	do      func(s []*server, span time.Duration)
}

type server struct {
	address, mode, record string
	p                     *process
}

func (s *server) start() {
	p, err := start([]string{"GOMAXPROCS=1"}, os.Args[0], "backend", s.address, s.mode, s.record)
	if err != nil {
		panic(err)
	}
	s.p = p
	await(s.address)
}

var faults = []fault{
	{name: "kill -9 and restart", servers: 2, do: func(s []*server, d time.Duration) { s[0].p.kill(); time.Sleep(d / 3); s[0].start() }},
	{name: "SIGTERM and restart", servers: 2, do: func(s []*server, d time.Duration) {
		s[0].p.signal(syscall.SIGTERM)
		s[0].p.cmd.Wait()
		s[0].start()
	}},
	{name: "stopped (SIGSTOP)", servers: 2, do: func(s []*server, d time.Duration) {
		s[0].p.signal(syscall.SIGSTOP)
		time.Sleep(d * 3 / 5)
		s[0].p.signal(syscall.SIGCONT)
	}},
	{name: "all away", servers: 2, do: func(s []*server, d time.Duration) {
		s[0].p.kill()
		s[1].p.kill()
		time.Sleep(d * 2 / 5)
		s[0].start()
		s[1].start()
	}},
	{name: "keep-alive race", servers: 2, modes: []string{"race", "race"}, pause: time.Second},
	{name: "one of three slow by 2 s", servers: 3, modes: []string{"slow", "", ""}},
	{name: "one answers garbage", servers: 2, modes: []string{"garbage", ""}},
	{name: "one closes in mid-header", servers: 2, modes: []string{"midheader", ""}},
	{name: "rolling restart of all", servers: 3, do: func(s []*server, d time.Duration) {
		for _, one := range s {
			one.p.kill()
			time.Sleep(d / 10)
			one.start()
			time.Sleep(d / 10)
		}
	}},
}

// tally is what the clients and the servers saw.
type tally struct {
	mu            sync.Mutex
	asked, failed map[string]int
	longest       map[string]time.Duration
	reasons       map[string]int
}

func (b *bench) faults() error {
	fmt.Printf("%d requests per second, half GET and half POST, for %v each; failed / longest wait of GET and POST; requests at the servers per request; POSTs executed twice\n\n", b.rate, b.span)
	fmt.Println("| fault | proxy | GET failed | longest | POST failed | longest | per request | POST twice | reasons |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, f := range faults {
		if b.only != "" && !strings.Contains(f.name, b.only) {
			continue
		}
		for _, p := range b.peers {
			if err := b.fault(f, p); err != nil {
				return fmt.Errorf("%s, %s: %w", f.name, p, err)
			}
		}
	}
	fmt.Println()
	return nil
}

func (b *bench) fault(f fault, name string) error {
	var list []*server
	var addresses []string
	for i := range f.servers {
		s := &server{address: free(), mode: "well", record: filepath.Join(b.dir, fmt.Sprintf("record%d", i))}
		os.Remove(s.record)
		if i < len(f.modes) && f.modes[i] != "" {
			s.mode = f.modes[i]
		}
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
	p, err := b.peer(name, listen, addresses)
	if err != nil {
		return err
	}
	defer p.kill()
	t := &tally{asked: map[string]int{}, failed: map[string]int{}, longest: map[string]time.Duration{}, reasons: map[string]int{}}
	t.load(listen, 100, time.Second, 0) // warm
	*t = tally{asked: map[string]int{}, failed: map[string]int{}, longest: map[string]time.Duration{}, reasons: map[string]int{}}
	for _, s := range list {
		os.Truncate(s.record, 0)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if f.do != nil {
			time.Sleep(b.span / 5)
			f.do(list, b.span)
		}
	}()
	t.load(listen, b.rate, b.span, f.pause)
	<-done
	t.print(f.name, name, list)
	return nil
}

// load asks at a constant rate, however slow the answers are. With a pause it asks
// in bursts of as many requests, and then nothing for so long.
func (t *tally) load(address string, rate int, span, pause time.Duration) {
	tr := &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true, DialContext: (&net.Dialer{Timeout: 20 * time.Second}).DialContext}
	defer tr.CloseIdleConnections()
	client := &http.Client{Transport: tr, Timeout: 20 * time.Second}
	var wg sync.WaitGroup
	begun := time.Now()
	for n := 0; ; n++ {
		at := begun.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if pause > 0 { // bursts of 20, and then idleness around the server's limit
			burst := n / 20
			at = begun.Add(time.Duration(burst) * (pause + time.Duration(burst%21-10)*time.Millisecond))
		}
		if at.Sub(begun) >= span {
			break
		}
		time.Sleep(time.Until(at))
		wg.Go(func() { t.ask(client, address, n) })
	}
	wg.Wait()
}

func (t *tally) ask(client *http.Client, address string, n int) {
	method, body := "GET", io.Reader(nil)
	if uint32(n)*2654435769>>31 == 1 { // half of them, in no step with any round robin
		method, body = "POST", strings.NewReader("0123456789")
	}
	r, _ := http.NewRequestWithContext(context.Background(), method, "http://"+address+"/1024", body)
	r.Header.Set("X-Id", fmt.Sprint(n))
	begun := time.Now()
	resp, err := client.Do(r)
	why := ""
	if err == nil {
		got, rerr := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || rerr != nil || got != 1024 {
			why = fmt.Sprint(resp.StatusCode)
			if s := resp.Header.Get("Proxy-Status"); s != "" {
				_, s, _ = strings.Cut(s, "error=")
				s, _, _ = strings.Cut(s, ";")
				why += " " + s
			}
		}
	} else {
		why = "broken"
	}
	took := time.Since(begun)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[method]++
	t.longest[method] = max(t.longest[method], took)
	if why != "" {
		t.failed[method]++
		t.reasons[method+" "+why]++
	}
}

func (t *tally) print(fault, name string, list []*server) {
	requests, posts := 0, map[string]int{}
	for _, s := range list {
		f, err := os.Open(s.record)
		if err != nil {
			continue
		}
		for in := bufio.NewScanner(f); in.Scan(); {
			requests++
			if id, ok := strings.CutPrefix(in.Text(), "POST "); ok {
				posts[id]++
			}
		}
		f.Close()
	}
	twice := 0
	for _, n := range posts {
		if n > 1 {
			twice++
		}
	}
	asked := t.asked["GET"] + t.asked["POST"]
	fmt.Printf("| %s | %s | %d of %d | %.2f s | %d of %d | %.2f s | %.3f | %d | %s |\n", fault, name, t.failed["GET"], t.asked["GET"], t.longest["GET"].Seconds(),
		t.failed["POST"], t.asked["POST"], t.longest["POST"].Seconds(), float64(requests)/float64(max(asked, 1)), twice, reasons(t.reasons))
}

func reasons(m map[string]int) string {
	var out []string
	for k, n := range m {
		out = append(out, fmt.Sprintf("%s × %d", k, n))
	}
	return strings.Join(out, ", ")
}
