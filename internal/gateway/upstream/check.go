package upstream

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"time"
)

// Check is an active check of a pool's servers.
type Check struct {
	Path     string // "" only connects
	Host     string // Host field; "" the server as configured
	Every    time.Duration
	Timeout  time.Duration
	Rise     int    // successes until a server that failed is up
	Fall     int    // failures until a server is down
	Statuses []int  // that are good; none: 200 to 399
	Body     string // must stand in the first 64 KiB of the body
}

// startChecks begins the checks of e, once. The caller is Replace.
func (e *Endpoint) startChecks() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checking || e.pool.closed.Load() {
		return
	}
	e.checking = true
	e.pool.wg.Add(1)
	go func() {
		defer e.pool.wg.Done()
		e.checks(*e.pool.Settings.Check)
		e.mu.Lock()
		e.checking = false
		e.mu.Unlock()
	}()
}

func (e *Endpoint) checks(c Check) {
	good, bad := 0, 0
	for {
		err := e.check(c)
		if err == nil {
			good, bad = good+1, 0
			if cond := e.Condition(); cond&Unborn != 0 || cond&Failing != 0 && good >= c.Rise {
				e.set(0, Unborn|Failing, "the check succeeds")
			}
		} else {
			good, bad = 0, bad+1
			e.notYet(err)
			if bad >= c.Fall {
				e.set(Failing, 0, err.Error())
			}
		}
		t := time.NewTimer(jitter(c.Every))
		select {
		case <-t.C:
		case <-e.pool.stop:
			t.Stop()
			return
		}
		if e.Condition()&Gone != 0 {
			return
		}
	}
}

// notYet keeps why a server that no check has found well is still out.
func (e *Endpoint) notYet(err error) {
	if e.Condition()&Unborn != 0 {
		e.mu.Lock()
		e.lastWhy = err.Error()
		e.mu.Unlock()
	}
}

// check asks e once, on a connection of its own.
func (e *Endpoint) check(c Check) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	if c.Path == "" {
		conn, err := e.pool.Settings.Dial(ctx, e.Network, e.Address)
		if err != nil {
			return fmt.Errorf("the check cannot connect: %s", reason(err))
		}
		return conn.Close()
	}
	host := c.Host
	if host == "" {
		host = e.Server
	}
	if h, _, err := net.SplitHostPort(host); err == nil && h == "" || host == "" {
		host = "localhost"
	}
	req := &Request{Method: "GET", Fresh: true, Body: &Body{},
		Head: []byte("GET " + c.Path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: goodgate-check\r\nConnection: close\r\n\r\n")}
	x := &Exchange{end: e, req: req, ctx: ctx, start: time.Now(), settled: true, probe: true}
	x.limit = x.start.Add(c.Timeout)
	if f := x.begin(); f != nil {
		return f
	}
	defer x.Abandon()
	if err := x.Wait(); err != nil {
		return err
	}
	return c.expect(x)
}

func (c *Check) expect(x *Exchange) error {
	status, good := x.Response.Status, len(c.Statuses) == 0 && x.Response.Status >= 200 && x.Response.Status < 400
	for _, s := range c.Statuses {
		good = good || s == status
	}
	if !good {
		return fmt.Errorf("the check was answered %d", status)
	}
	if c.Body == "" {
		return nil
	}
	var seen []byte
	for len(seen) < 64<<10 {
		b, f := x.Next()
		if f != nil {
			return f
		}
		if b == nil {
			break
		}
		seen = append(seen, b...)
	}
	if !bytes.Contains(seen, []byte(c.Body)) {
		return fmt.Errorf("the answer to the check lacks %q", c.Body)
	}
	return nil
}
