package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// kind is a kind of request whose cost is measured.
type kind struct {
	name       string
	method     string
	body, size int
	rate       int // 0: as many as come
	active     int // connections that ask
	idle       int // connections that do nothing meanwhile
}

var kinds = []kind{
	{"GET 1 KB", "GET", 0, 1 << 10, 0, 32, 0},
	{"POST 10 KB", "POST", 10 << 10, 1 << 10, 0, 32, 0},
	{"GET 64 KB", "GET", 0, 64 << 10, 0, 32, 0},
	{"GET 1 MB", "GET", 0, 1 << 20, 0, 32, 0},
	{"GET 1 KB, 1,000 per second", "GET", 0, 1 << 10, 1000, 32, 0},
	{"GET 1 KB, 64 connections, 1,000 idle ones", "GET", 0, 1 << 10, 0, 64, 1000},
}

// sample is one measurement.
type sample struct {
	us    float64 // processor time of the proxy per request
	speed float64 // requests per second
	mb    float64 // resident memory
}

// median is the median of each number by itself.
func median(list []sample) sample {
	of := func(get func(sample) float64) float64 {
		var v []float64
		for _, s := range list {
			v = append(v, get(s))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return sample{of(func(s sample) float64 { return s.us }), of(func(s sample) float64 { return s.speed }), of(func(s sample) float64 { return s.mb })}
}

func (b *bench) costs() error {
	fmt.Printf("One core's worth of threads per proxy, keep-alive, access log on; medians of %d rounds in which the proxies take turns, %v each: processor time of the proxy per request, requests per second, resident memory\n\n", b.times, b.work)
	fmt.Println("| request | proxy | µs per request | × nginx | × Caddy | requests per second | memory |")
	fmt.Println("|---|---|---|---|---|---|---|")
	servers, stop, err := backends()
	if err != nil {
		return err
	}
	defer stop()
	for _, k := range kinds {
		if b.only != "" && !strings.Contains(k.name, b.only) {
			continue
		}
		got, err := b.rounds(k, servers)
		if err != nil {
			return err
		}
		for _, name := range b.peers {
			m := got[name]
			fmt.Printf("| %s | %s | %.1f | %s | %s | %.0f | %.1f MB |\n", k.name, name, m.us, ratio(m, got, "nginx"), ratio(m, got, "caddy"), m.speed, m.mb)
		}
	}
	return nil
}

func ratio(m sample, all map[string]sample, peer string) string {
	if p, ok := all[peer]; ok && p.us > 0 {
		return fmt.Sprintf("%.2f", m.us/p.us)
	}
	return ""
}

// backends starts the two servers that all proxies forward to.
func backends() (addresses []string, stop func(), err error) {
	var list []*process
	stop = func() {
		for _, p := range list {
			p.kill()
		}
	}
	for range 2 {
		address := free()
		p, err := start([]string{"GOMAXPROCS=1"}, self(), "backend", address, "well", os.DevNull)
		if err != nil {
			stop()
			return nil, nil, err
		}
		list = append(list, p)
		if err := await(address); err != nil {
			stop()
			return nil, nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, stop, nil
}

// self is the program that runs, which is a backend as well.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// rounds measures every peer in turn, several times, and returns the medians.
func (b *bench) rounds(k kind, servers []string) (map[string]sample, error) {
	all := map[string][]sample{}
	for range b.times {
		for _, name := range b.peers {
			s, err := b.cost(name, k, servers)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", k.name, name, err)
			}
			all[name] = append(all[name], s)
		}
	}
	out := map[string]sample{}
	for name, list := range all {
		out[name] = median(list)
	}
	return out, nil
}

func (b *bench) cost(name string, k kind, servers []string) (s sample, err error) {
	listen := free()
	p, err := b.peer(name, listen, servers, "")
	if err != nil {
		return s, err
	}
	defer p.kill()
	request := fmt.Appendf(nil, "%s /%d HTTP/1.1\r\nHost: bench\r\nUser-Agent: gatebench/1\r\nAccept: */*\r\n", k.method, k.size)
	if k.body > 0 {
		request = fmt.Appendf(request, "Content-Length: %d\r\n", k.body)
	}
	request = append(request, "\r\n"...)
	request = append(request, make([]byte, k.body)...)
	for range k.idle {
		c, err := net.Dial("tcp", listen)
		if err != nil {
			return s, err
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		c.Write(request)
		if err := read(bufio.NewReader(c), k.size); err != nil {
			return s, err
		}
	}
	hammer(listen, request, k, b.work/4) // warm
	before, begun := p.cpu(), time.Now()
	n, err := hammer(listen, request, k, b.work)
	if err != nil {
		return s, err
	}
	took, cpu := time.Since(begun), p.cpu()-before
	return sample{float64(cpu.Nanoseconds()) / 1e3 / float64(n), float64(n) / took.Seconds(), float64(p.rss()) / 1e6}, nil
}

// hammer asks on all connections of k that do, each request after the answer to the
// one before.
func hammer(address string, request []byte, k kind, span time.Duration) (int64, error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, k.active)
	begun := time.Now()
	end := begun.Add(span)
	for i := range k.active {
		wg.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			c.SetDeadline(end.Add(5 * time.Second)) // one that stalls is an error, not a wait
			in := bufio.NewReaderSize(c, 64<<10)
			for round := 0; time.Now().Before(end); round++ {
				if k.rate > 0 {
					time.Sleep(time.Until(begun.Add(time.Duration(round*k.active+i) * time.Second / time.Duration(k.rate))))
				}
				if _, err := c.Write(request); err == nil {
					err = read(in, k.size)
				}
				if err != nil {
					errs <- err
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return n.Load(), err
	default:
		return n.Load(), nil
	}
}

// read reads one answer with a body of that size.
func read(in *bufio.Reader, size int) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(line), "HTTP/1.1 200") {
		return fmt.Errorf("answered %q", line)
	}
	for len(line) > 2 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
	}
	if _, err := in.Discard(size); err != nil && err != io.EOF {
		return err
	}
	return nil
}
