package lab

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// These scenes stand behind any product: the application is not where the gateway
// looks for it, or does not answer. What each product sees, and what its clients
// get, stands in its own table.

// neverStarted is an application that was never started.
func neverStarted(lay layout) Fault {
	return fault("down-never-started", "nothing has ever listened at the server's address", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		return lay(b, b.Name(), b.local()).Run().Scene("the application was never started")
	})
}

func stopped(lay layout) Fault {
	return fault("down-stopped", "the application served requests and was then stopped", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, good(b.local()))
		g := lay(b, name, app.Addr).Run().Served(3)
		app.End()
		return g.Scene(name + " was stopped with SIGTERM")
	})
}

// bothStopped wants a layout with health checks.
func bothStopped(lay layout) Fault {
	return fault("down-checked", "both servers were stopped, and the health checks know it", vocab.UpstreamDown, vocab.DestinationUnavailable, 503, func(b *Bench) (Scene, error) {
		name := b.Name()
		one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
		g := lay(b, name, one.Addr, two.Addr).Run().Served(3)
		one.End()
		two.End()
		return g.down().Scene()
	}).also(vocab.NoHealthyUpstream)
}

// oneDead wants a layout that takes servers in turn and tries nothing twice.
func oneDead(lay layout) Fault {
	return fault("pool-one-dead", "one of three servers is dead, and nothing is tried twice", vocab.UpstreamDown, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		all := []string{b.Backend(name+"-1", good(b.local())).Addr, b.Backend(name+"-2", good(b.local())).Addr, b.local()}
		b.Rand.Shuffle(3, func(i, j int) { all[i], all[j] = all[j], all[i] })
		g := lay(b, name, all...).Run()
		g.Get(6)
		return g.Scene("every third request meets the dead one")
	}).also(vocab.PartialOutage).comesAndGoes()
}

func otherPort(lay layout, doc string) Fault {
	return fault("address-other-port", doc, vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name, wrong := b.Name(), b.Port()
		b.Backend(name, good(fmt.Sprintf("127.0.0.1:%d", b.PortNear(wrong))))
		return lay(b, name, fmt.Sprintf("127.0.0.1:%d", wrong)).Run().Scene()
	})
}

func localhostV6(lay layout, doc string) Fault {
	return fault("address-localhost-v6", doc, vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, good(b.local()))
		return lay(b, name, fmt.Sprintf("[::1]:%d", port(app.Addr))).Run().Scene()
	})
}

// otherSocket is told further endings of names that people mistake for another.
func otherSocket(lay layout, endings ...string) Fault {
	return fault("address-other-socket", "the unix socket has another name in the same folder", vocab.WrongAddress, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		real := b.socket(name)
		b.Backend(name, good(real))
		names := []string{"app.sock", name + "-v2.sock"}
		for _, e := range endings {
			names = append(names, name+e)
		}
		wrong := pick(b, names...)
		return lay(b, name, "unix:"+filepath.Join(filepath.Dir(strings.TrimPrefix(real, "unix:")), wrong)).Run().Scene()
	})
}

// closedSocket is one that the gateway may not open.
func closedSocket(lay layout) Fault {
	return fault("permission-socket", "the unix socket belongs to root, mode 0600", vocab.SocketPermission, vocab.ProxyInternalError, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		address := b.socket(name)
		config := good(address)
		config.Mode = 0o600
		b.backendAs(command{name: name, dir: filepath.Join("srv", name)}, config)
		return lay(b, name, address).Run().Scene()
	}).needs("root")
}

func crashed(lay layout) Fault {
	return fault("crash-exit", "a request makes the Node process exit; nobody starts it again", vocab.UpstreamCrashed, vocab.ConnectionRefused, 502, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Node(name, b.local(), "if (++count > 3) { setImmediate(() => { throw new Error('order 4711 has no customer') }); return }\nres.end('ok\\n');", "let count = 0;")
		g := lay(b, name, app.Addr).Run().Served(3)
		g.Get(1)
		app.Wait()
		return g.Scene("the fourth request killed " + name)
	}).needs("node")
}

// frozen wants a layout that waits for a second.
func frozen(lay layout) Fault {
	return fault("hung-sigstop", "the application has been stopped by SIGSTOP; the kernel still accepts for it", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, good(b.local()))
		g := lay(b, name, app.Addr).Run().Served(3)
		app.Freeze()
		return g.Scene(name + " got SIGSTOP")
	})
}

// quickUntil has an application answer quickly for an hour and then do something
// else. It wants a layout that waits for a second, and logs how long answers took.
func quickUntil(lay layout, then backend.Route, note string) start {
	then.Path = "/"
	return func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, good(b.local()))
		g := lay(b, name, app.Addr).Remember(40, b.quick).Run().Served(3)
		app.Order(backend.Order{Routes: []backend.Route{then}})
		return g.Scene(note)
	}
}

func neverAnswers(lay layout) Fault {
	return fault("hung-never-answers", "the application accepts and reads, and no longer answers", vocab.UpstreamHung, vocab.HTTPResponseTimeout, 504,
		quickUntil(lay, backend.Route{Do: "hang"}, "it answered in milliseconds until a minute ago"))
}

// gotSlow is told what gives up waiting.
func gotSlow(lay layout, limit string) Fault {
	return fault("slow-now", "answers came in milliseconds and now take longer than "+limit, vocab.UpstreamSlow, vocab.HTTPResponseTimeout, 504,
		quickUntil(lay, backend.Route{Delay: 1700}, "every answer now takes 1.7 s"))
}

// tooShort is told what gives up waiting.
func tooShort(lay layout, limit string) Fault {
	return fault("timeout-short", "a report takes 1.7 s, as always; "+limit+" is 1 s since this start", vocab.TimeoutTooShort, vocab.HTTPResponseTimeout, 504, func(b *Bench) (Scene, error) {
		name := b.Name()
		app := b.Backend(name, steady(b.local()))
		return lay(b, name, app.Addr).Remember(60, b.asAlways).Run().Scene()
	})
}
