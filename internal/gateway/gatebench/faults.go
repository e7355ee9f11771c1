package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// fault is something that happens to the servers while requests come.
type fault struct {
	title   string
	servers int
	modes   []string // of the servers; "" is well
	pause   time.Duration
	span    time.Duration // at least
	name    bool          // reached by a name, which leads to the first server
	do      func(s *scene, span time.Duration)
}

// scene is what a fault plays on.
type scene struct {
	list []*server
	zone *zone // nil where servers are reached by their addresses
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
	{title: "kill -9 and restart", servers: 2, do: func(s *scene, d time.Duration) { s.list[0].p.kill(); time.Sleep(d / 3); s.list[0].start() }},
	// A process that a busy host does not run, or that collects garbage, and then dies:
	// its kernel takes what it never reads.
	{title: "a pause of 0.1 s, then kill -9", servers: 2, do: func(s *scene, d time.Duration) {
		s.list[0].p.signal(syscall.SIGSTOP)
		time.Sleep(100 * time.Millisecond)
		s.list[0].p.kill()
		time.Sleep(d / 3)
		s.list[0].start()
	}},
	{title: "SIGTERM and restart", servers: 2, do: func(s *scene, d time.Duration) { s.list[0].restart() }},
	{title: "stopped for 10 s (SIGSTOP)", servers: 2, span: 14 * time.Second, do: func(s *scene, d time.Duration) {
		s.list[0].p.signal(syscall.SIGSTOP)
		time.Sleep(10 * time.Second)
		s.list[0].p.signal(syscall.SIGCONT)
	}},
	{title: "all away for 3 s", servers: 2, span: 6 * time.Second, do: func(s *scene, d time.Duration) {
		s.list[0].p.kill()
		s.list[1].p.kill()
		time.Sleep(3 * time.Second)
		s.list[0].start()
		s.list[1].start()
	}},
	{title: "keep-alive race", servers: 2, modes: []string{"race", "race"}, pause: time.Second, span: 30 * time.Second},
	{title: "one of three slow by 2 s", servers: 3, modes: []string{"slow", "", ""}},
	{title: "one answers garbage", servers: 2, modes: []string{"garbage", ""}},
	{title: "one closes in mid-header", servers: 2, modes: []string{"midheader", ""}},
	{title: "the name gets another address", servers: 2, name: true, do: func(s *scene, d time.Duration) {
		host, _, _ := net.SplitHostPort(s.list[1].address)
		s.zone.point(host)
		s.list[0].p.kill()
	}},
	{title: "rolling restart of all (SIGTERM)", servers: 3, do: func(s *scene, d time.Duration) {
		for _, one := range s.list {
			one.restart()
			time.Sleep(d / 10)
		}
	}},
	{title: "rolling restart of all (kill -9)", servers: 3, do: func(s *scene, d time.Duration) {
		for _, one := range s.list {
			one.p.kill()
			time.Sleep(d / 10)
			one.start()
			time.Sleep(d / 10)
		}
	}},
}

// restart ends the server as a supervisor does, and starts it again.
func (s *server) restart() {
	s.p.signal(syscall.SIGTERM)
	s.p.cmd.Wait()
	s.start()
}

// tally is what the clients and the servers saw.
type tally struct {
	mu            sync.Mutex
	asked, failed map[string]int
	longest       map[string]time.Duration
	reasons       map[string]int
	requests      int // that the servers carried out
	twice         int
	round         int // of load
}

func newTally() *tally {
	return &tally{asked: map[string]int{}, failed: map[string]int{}, longest: map[string]time.Duration{}, reasons: map[string]int{}}
}

func (b *bench) faults() error {
	fmt.Printf("%d requests per second, half GET and half POST, for %v each; failed / longest wait of GET and POST; requests at the servers per request; POSTs executed twice\n\n", b.rate, b.span)
	fmt.Println("| fault | proxy | GET failed | longest | POST failed | longest | per request | POST twice | reasons |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, f := range faults {
		if b.only != "" && !strings.Contains(f.title, b.only) {
			continue
		}
		for _, p := range b.peers {
			if err := b.fault(f, p); err != nil {
				return fmt.Errorf("%s, %s: %w", f.title, p, err)
			}
		}
	}
	fmt.Println()
	return nil
}

// fault holds one proxy against a fault, as often as was asked for.
func (b *bench) fault(f fault, name string) error {
	t := newTally()
	for range b.times {
		if err := b.play(f, name, t); err != nil {
			return err
		}
	}
	t.print(f.title, name)
	return nil
}

// servers starts those of a fault.
func (b *bench) servers(f fault) (s *scene, addresses []string, err error) {
	s = &scene{}
	_, port, _ := net.SplitHostPort(free())
	for i := range f.servers {
		one := &server{address: free(), mode: "well", record: b.recordOf(i)}
		if f.name {
			one.address = fmt.Sprintf("127.0.0.%d:%s", 2+i, port)
		}
		os.Remove(one.record)
		if i < len(f.modes) && f.modes[i] != "" {
			one.mode = f.modes[i]
		}
		one.start()
		s.list = append(s.list, one)
		addresses = append(addresses, one.address)
	}
	if f.name {
		if s.zone, err = newZone(); err != nil {
			return s, nil, err
		}
		s.zone.point("127.0.0.2")
		addresses = []string{strings.TrimSuffix(zoneName, ".") + ":" + port}
	}
	return s, addresses, nil
}

func (s *scene) stop() {
	for _, one := range s.list {
		one.p.signal(syscall.SIGCONT)
		one.p.kill()
	}
	if s.zone != nil {
		s.zone.server.Shutdown()
	}
}

func (b *bench) play(f fault, name string, t *tally) error {
	s, addresses, err := b.servers(f)
	defer s.stop()
	if err != nil {
		return err
	}
	listen, resolver, span := free(), "", max(b.span, f.span)
	if s.zone != nil {
		resolver = s.zone.address
	}
	p, err := b.peer(name, listen, addresses, resolver)
	if err != nil {
		return err
	}
	defer p.kill()
	newTally().load(listen, 100, time.Second, 0) // warm
	for _, one := range s.list {
		os.Truncate(one.record, 0)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if f.do != nil {
			time.Sleep(b.span / 5)
			f.do(s, b.span)
		}
	}()
	t.load(listen, b.rate, span, f.pause)
	<-done
	t.count(s.list)
	return nil
}
