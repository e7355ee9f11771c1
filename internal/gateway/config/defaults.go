package config

import (
	"fmt"
	"strconv"
	"time"
)

// Defaults fills in what c leaves open. The values are safe for a gateway that
// stands on the internet.
func (c *Config) Defaults() {
	l := &c.Limits
	if l.Header == 0 {
		l.Header = 64 << 10
	}
	if l.Held == 0 {
		l.Held = 64 << 10
	}
	span(&l.HeaderTime, 10*time.Second)
	span(&l.IdleTime, 75*time.Second)
	span(&l.WriteTime, 60*time.Second)
	whole(&l.WriteRate, 240)
	span(&l.BodyTime, 60*time.Second)
	whole(&l.BodyRate, 500)
	span(&c.Stop.Deadline, 30*time.Second)
	if c.AccessLog.File != "" && c.AccessLog.Format == "" {
		c.AccessLog.Format = "json"
	}
	for name, u := range c.Upstreams {
		u.defaults()
		c.Upstreams[name] = u
	}
}

func span(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

func whole(n *int, v int) {
	if *n == 0 {
		*n = v
	}
}

func (u *Upstream) defaults() {
	if u.Protocol == "" {
		u.Protocol = "http"
	}
	if u.Policy == "" {
		u.Policy = "least_load"
	}
	if u.Policy == "hash" && u.HashKey == "" {
		u.HashKey = "path"
	}
	if u.Policy == "sticky" && u.Cookie == "" {
		u.Cookie = "goodgate"
	}
	t := &u.Timeouts
	span(&t.DNS, 2*time.Second)
	span(&t.Connect, 2*time.Second)
	span(&t.TLS, 5*time.Second)
	span(&t.Send, 30*time.Second)
	span(&t.First, 60*time.Second)
	span(&t.Header, t.First)
	span(&t.Read, 60*time.Second)
	span(&u.Wait, 10*time.Second)
	span(&u.IdleTime, 60*time.Second)
	span(&u.SlowFor, 5*time.Second)
	span(&u.Eject.For, time.Second)
	span(&u.Refresh, 30*time.Second)
	whole(&u.MaxWait, 4096)
	whole(&u.MaxIdle, 256)
	whole(&u.Eject.After, 3)
	if u.Eject.Most == 0 {
		u.Eject.Most = 0.5
	}
	if u.Retry == nil {
		u.Retry = share(0.1)
	}
	if u.Hedge == nil {
		u.Hedge = share(0.05)
	}
	if c := u.Check; c != nil {
		c := *c
		span(&c.Every, 2*time.Second)
		span(&c.Timeout, time.Second)
		whole(&c.Rise, 2)
		whole(&c.Fall, 2)
		u.Check = &c
	}
}

func share(f float64) *float64 { return &f }

// Simple returns the configuration of a command line: listeners, servers, and
// nothing else.
func Simple(listen, to []string, log string) (*Config, error) {
	c := &Config{AccessLog: AccessLog{File: log}, Upstreams: map[string]Upstream{}, Sites: []Site{{Name: "default", Routes: []Route{{Path: "/", To: "default"}}}}}
	for _, a := range listen {
		if _, err := strconv.ParseUint(a, 10, 16); err == nil {
			a = ":" + a
		}
		c.Listen = append(c.Listen, Listener{Address: a})
	}
	u := Upstream{}
	for _, s := range to {
		a, err := ParseServer(s)
		switch {
		case err != nil:
			return nil, err
		case a.Scheme == "fastcgi":
			return nil, fmt.Errorf("cannot forward to %q: FastCGI needs the application's root, which stands in a configuration file", s)
		case u.Protocol != "" && a.Scheme != "" && a.Scheme != u.Protocol:
			return nil, fmt.Errorf("cannot forward to %s and %s servers at once: a configuration file may have an upstream for each", u.Protocol, a.Scheme)
		case a.Scheme != "":
			u.Protocol = a.Scheme
		}
		u.Servers = append(u.Servers, Server{URL: s})
	}
	c.Upstreams["default"] = u
	return c, c.Check()
}
