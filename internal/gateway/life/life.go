// Package life runs a gateway as a process: listeners, certificates, the admin
// address, reload, and an end that loses no request.
package life

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/health"
	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/front"
	"github.com/goodgatehq/goodgate/internal/gateway/pair"
)

// Options are what Run is given.
type Options struct {
	Config *config.Config
	// Load reads the configuration again; nil where it cannot be.
	Load   func() (*config.Config, error)
	Reload <-chan struct{} // asks for Load
	Reopen <-chan struct{} // asks for the log to be opened again
	Log    *slog.Logger
	Env    func(string) (string, bool) // of the process; nil: nothing is inherited
	Ready  func(addresses []net.Addr)  // called when requests are taken; may be nil
}

// life is a running gateway.
type life struct {
	o     Options
	gate  *gateway.Gateway
	front *front.Front
	state *health.Health

	mu sync.Mutex // one reload at a time
}

// Run runs a gateway until ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	l := &life{o: o, state: health.New(health.Options{})}
	l.gate, err = gateway.New(o.Config, gateway.Options{Notify: l.notice})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.gate.Close()) }()
	l.state.Add("configuration", health.Own, func(context.Context) error { return l.gate.Ready() })
	l.front = front.New(l.gate, o.Config.Limits, slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn))
	inherited, err := inherit(o.Env)
	if err != nil {
		return err
	}
	listeners, err := l.listen(inherited)
	if err != nil {
		return err
	}
	aside, err := l.aside(inherited)
	if err != nil {
		closeAll(listeners)
		return err
	}
	inherited.warn(o.Log)
	return l.serve(ctx, listeners, aside)
}

func closeAll(list []net.Listener) {
	for _, l := range list {
		l.Close()
	}
}

// notice logs news about a server.
func (l *life) notice(n gateway.Notice) {
	level := slog.LevelWarn
	if n.Condition == "up" {
		level = slog.LevelInfo
	}
	l.o.Log.Log(context.Background(), level, "server "+n.Condition, "upstream", n.Pool, "server", n.Endpoint, "why", n.Why)
}

// listen opens the addresses of the configuration.
func (l *life) listen(inherited inheritance) ([]net.Listener, error) {
	var list []net.Listener
	for _, c := range l.o.Config.Listen {
		in, err := inherited.open(c.Address)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		if c.Cert != "" {
			p, err := pair.Read(c.Cert, c.Key)
			if err != nil {
				in.Close()
				closeAll(list)
				return nil, err
			}
			conf := &tls.Config{GetCertificate: (&certificate{pair: p, path: c.Cert, log: l.o.Log}).show, MinVersion: tls.VersionTLS12, NextProtos: front.Protocols()}
			in = secure{tls.NewListener(in, conf), in}
		}
		list = append(list, in)
	}
	return list, nil
}

// secure is a listener of TLS that can be told when to end, as the one below it.
type secure struct {
	net.Listener
	below net.Listener
}

// SetDeadline ends Accept at t.
func (s secure) SetDeadline(t time.Time) error {
	if d, ok := s.below.(interface{ SetDeadline(time.Time) error }); ok {
		return d.SetDeadline(t)
	}
	return errors.ErrUnsupported
}

// aside is a server beside the clients' listeners.
type aside struct {
	server *http.Server
	in     net.Listener
}

// aside opens the admin and the health address.
func (l *life) aside(inherited inheritance) ([]aside, error) {
	var list []aside
	for _, one := range []struct {
		address string
		handler http.Handler
	}{{l.o.Config.Admin, l.admin()}, {l.o.Config.Health, l.probes()}} {
		if one.address == "" {
			continue
		}
		in, err := inherited.open(one.address)
		if err == nil && one.address == l.o.Config.Admin {
			err = private(in)
		}
		if err != nil {
			for _, a := range list {
				a.in.Close()
			}
			return nil, err
		}
		list = append(list, aside{&http.Server{Handler: one.handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}, in})
	}
	return list, nil
}

// private lets only owner and group connect to a unix socket, whatever the umask:
// whoever connects takes servers out. It closes in where it cannot.
func private(in net.Listener) error {
	path := in.Addr().String()
	if in.Addr().Network() != "unix" || strings.HasPrefix(path, "@") {
		return nil
	}
	if err := os.Chmod(path, 0o660); err != nil {
		in.Close()
		return fmt.Errorf("cannot keep others from the admin address: %w", err)
	}
	return nil
}

func (l *life) serve(ctx context.Context, listeners []net.Listener, beside []aside) error {
	failed := make(chan error, len(listeners)+len(beside))
	var wg sync.WaitGroup
	var addresses []net.Addr
	for _, in := range listeners {
		addresses = append(addresses, in.Addr())
		wg.Go(func() {
			if err := l.front.Serve(in); err != nil {
				failed <- fmt.Errorf("cannot take requests: %w", err)
			}
		})
	}
	for _, a := range beside {
		wg.Go(func() {
			if err := a.server.Serve(a.in); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("cannot serve %s: %w", a.in.Addr(), err)
			}
		})
	}
	l.notify("READY=1")
	if l.o.Ready != nil {
		l.o.Ready(addresses)
	}
	err := l.wait(ctx, failed)
	err = errors.Join(err, l.stop(ctx))
	for _, a := range beside {
		a.server.Close()
	}
	wg.Wait()
	return err
}

// wait serves the orders that come until ctx ends or a listener fails.
func (l *life) wait(ctx context.Context, failed <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-l.o.Reload:
			if _, err := l.reload(); err != nil {
				l.o.Log.Error("reload refused; the old configuration stays", "why", err.Error())
			}
		case <-l.o.Reopen:
			if err := l.gate.ReopenLog(); err != nil {
				l.o.Log.Error("the access log stays as it is", "why", err.Error())
			}
		}
	}
}

// reload makes the configuration on disk the one in force, or changes nothing. keys are
// those that differ, and need a restart.
func (l *life) reload() (keys []string, err error) {
	if l.o.Load == nil {
		return nil, errors.New("cannot reload: the gateway was started without a configuration file")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notify(reloading())
	defer l.notify("READY=1")
	c, err := l.o.Load()
	if err != nil {
		return nil, err
	}
	keys = fix(l.o.Config, c)
	if err := l.gate.Reload(c); err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		l.o.Log.Warn("these keys change with a restart only", "keys", strings.Join(keys, ", "))
	}
	l.o.Log.Info("configuration loaded")
	return keys, nil
}

// fix gives next what a reload does not change, because what is open stays open, as
// started has it, and names the keys that differed. What the admin address shows is
// then what is in force.
func fix(started, next *config.Config) (keys []string) {
	limits := started.Limits
	limits.Body, limits.Held = next.Limits.Body, next.Limits.Held // of each request
	for _, one := range []struct {
		key  string
		same bool
	}{
		{"listen", slices.Equal(started.Listen, next.Listen)}, {"admin", started.Admin == next.Admin}, {"health", started.Health == next.Health},
		{"limits", limits == next.Limits}, {"access_log", started.AccessLog == next.AccessLog},
	} {
		if !one.same {
			keys = append(keys, one.key)
		}
	}
	next.Listen, next.Admin, next.Health, next.Limits, next.AccessLog = started.Listen, started.Admin, started.Health, limits, started.AccessLog
	return keys
}

// settled is how long after the end has begun kept connections are closed that have
// brought no request since. A client that asks once a second gets its answer with the word
// that it is the last; one that has been idle for longer expects its connection to end.
const settled = time.Second

// stop ends in order: readiness fails and kept connections end with their next answer,
// balancers notice, listeners close, requests under way end.
func (l *life) stop(ctx context.Context) error {
	l.notify("STOPPING=1")
	l.state.Drain()
	l.front.Part()
	s := l.gate.Config().Stop
	if s.Notice > 0 {
		time.Sleep(s.Notice)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Deadline)
	defer cancel()
	if s.Notice < settled {
		moment, over := context.WithTimeout(end, settled-s.Notice)
		l.front.Settle(moment)
		over()
	}
	if err := l.front.Stop(end); err != nil {
		return fmt.Errorf("cannot end every request in time: %w", err)
	}
	return nil
}
