package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// kinds are the requests whose cost is measured.
var kinds = []struct {
	name       string
	method     string
	body, size int
	rate       int // 0: as many as come
	idle       int // connections that do nothing meanwhile
}{
	{"GET 1 KB", "GET", 0, 1 << 10, 0, 0},
	{"POST 10 KB", "POST", 10 << 10, 1 << 10, 0, 0},
	{"GET 64 KB", "GET", 0, 64 << 10, 0, 0},
	{"GET 1 MB", "GET", 0, 1 << 20, 0, 0},
	{"GET 1 KB, 1,000 per second", "GET", 0, 1 << 10, 1000, 0},
	{"GET 1 KB, 1,000 idle connections", "GET", 0, 1 << 10, 0, 1000},
}

func (b *bench) costs() error {
	fmt.Printf("One core per proxy, keep-alive, access log on, 32 connections, %v each: processor time of the proxy per request, requests per second, resident memory\n\n", b.work)
	fmt.Println("| request | proxy | µs per request | requests per second | memory |")
	fmt.Println("|---|---|---|---|---|")
	var servers []string
	for range 2 {
		address := free()
		p, err := start([]string{"GOMAXPROCS=1"}, os.Args[0], "backend", address, "well", os.DevNull)
		if err != nil {
			return err
		}
		defer p.kill()
		if err := await(address); err != nil {
			return err
		}
		servers = append(servers, address)
	}
	for i := range kinds {
		if b.only != "" && !strings.Contains(kinds[i].name, b.only) {
			continue
		}
		for _, name := range b.peers {
			if err := b.cost(name, i, servers); err != nil {
				return fmt.Errorf("%s, %s: %w", kinds[i].name, name, err)
			}
		}
	}
	return nil
}

func (b *bench) cost(name string, kind int, servers []string) error {
	k := kinds[kind]
	listen := free()
	p, err := b.peer(name, listen, servers, "")
	if err != nil {
		return err
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
			return err
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		c.Write(request)
		if err := read(bufio.NewReader(c), k.size); err != nil {
			return err
		}
	}
	hammer(listen, request, k.size, b.work/4, k.rate) // warm
	before, begun := p.cpu(), time.Now()
	n, err := hammer(listen, request, k.size, b.work, k.rate)
	if err != nil {
		return err
	}
	took, cpu := time.Since(begun), p.cpu()-before
	fmt.Printf("| %s | %s | %.1f | %.0f | %.1f MB |\n", k.name, name, float64(cpu.Microseconds())/float64(n), float64(n)/took.Seconds(), float64(p.rss())/1e6)
	return nil
}

// hammer asks on 32 connections, each request after the answer to the one before.
func hammer(address string, request []byte, size int, span time.Duration, rate int) (int64, error) {
	var n atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, 32)
	begun := time.Now()
	end := begun.Add(span)
	for i := range 32 {
		wg.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			c.SetDeadline(end.Add(5 * time.Second)) // one that stalls is an error, not a wait
			in := bufio.NewReaderSize(c, 64<<10)
			for k := 0; time.Now().Before(end); k++ {
				if rate > 0 {
					time.Sleep(time.Until(begun.Add(time.Duration(k*32+i) * time.Second / time.Duration(rate))))
				}
				if _, err := c.Write(request); err == nil {
					err = read(in, size)
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
