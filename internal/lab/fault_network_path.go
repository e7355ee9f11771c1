package lab

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// pathFaults are those of the way to the upstream's machine: packets that vanish,
// come late, or are too long for a hop that says nothing.
func pathFaults() []Fault {
	f := func(name, doc string, symptom vocab.Symptom, link backend.Link, limit string, app backend.Config) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.Lossy, Symptom: symptom, Status: 504, Needs: []string{"nginx", "netns", "tun"},
			Start: func(b *Bench) (Scene, error) {
				far := b.far(app)
				n := b.Gateway(b.Site(far.name).Via(b, "http", far.address, limit)).Run().Served(2)
				far.cable.Order(backend.Order{Link: &link})
				n.unlucky(2)
				return n.Scene(doc)
			}}
	}
	small := backend.Config{Routes: []backend.Route{{Path: "/"}}}
	large := backend.Config{Routes: []backend.Route{{Path: "/", Body: strings.Repeat("0123456789abcde\n", 280)}}}
	loss := f("lossy-loss", "a third of the packets between gateway and upstream vanish", vocab.ConnectionTimeout, backend.Link{Loss: 33}, "proxy_connect_timeout 800ms;\nproxy_read_timeout 800ms;", small)
	loss.Intermittent = true
	return []Fault{
		loss.orSymptom(vocab.ConnectionReadTimeout),
		f("lossy-delay", "packets to the upstream take 0.7 s each way, the gateway waits 1 s for a connection", vocab.ConnectionTimeout, backend.Link{Delay: 700}, "proxy_connect_timeout 1s;", small),
		f("lossy-late", "packets to the upstream take 0.7 s each way, the gateway waits 1 s for an answer", vocab.ConnectionReadTimeout, backend.Link{Delay: 700}, "proxy_read_timeout 1s;", small),
		f("lossy-mtu", "a hop silently drops large packets from the upstream: connects and short answers pass", vocab.ConnectionReadTimeout, backend.Link{Back: 1300}, "proxy_read_timeout 1s;", large),
		uploads(f("lossy-mtu-upload", "a hop silently drops large packets to the upstream: uploads are lost", vocab.ConnectionReadTimeout, backend.Link{Forth: 1300}, "proxy_read_timeout 1s;", small)),
	}
}

// unlucky makes requests until some of them failed, or as many as chance may need.
func (g *Gateway) unlucky(count int) {
	for tries := 0; tries < 20 && count > 0; tries++ {
		if a := g.Get(1); a.Status >= 500 {
			count--
		}
	}
}

// uploads is a fault that only requests with a body meet.
func uploads(f Fault) Fault {
	start := f.Start
	f.Start = func(b *Bench) (Scene, error) {
		s, err := start(b)
		s.Method, s.Body = http.MethodPost, 6000
		for range 3 {
			if err == nil {
				s.bench = b
				s.Ask(b.ctx)
			}
		}
		return s, err
	}
	f.Intermittent = true
	return f
}

// idleFaults are connections that something on the way forgets.
func idleFaults() []Fault {
	f := func(name, doc string, args ...string) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.IdleDropped, Symptom: vocab.ConnectionReadTimeout, Status: 200, OrStatus: []int{504}, Intermittent: true, Args: args,
			Needs: []string{"nginx", "netns", "tun"}, Start: func(b *Bench) (Scene, error) {
				far := b.far(backend.Config{Idle: 60000, Routes: []backend.Route{{Path: "/"}}})
				far.cable.Order(backend.Order{Link: &backend.Link{Forget: 900}})
				s := b.Site(far.name).timed(b)
				s.Pool(b, "http", []string{far.address}, "keepalive 8;\nkeepalive_timeout 4s;", "proxy_read_timeout 1s;")
				n := b.Gateway(s)
				n.workers = 1 // the one that holds the idle connection
				n.Run().Served(2)
				for range 3 {
					b.pause(1300 * time.Millisecond)
					if a := n.Get(1); b.err == nil && a.Status != http.StatusGatewayTimeout {
						b.fail("cannot lose a request on an idle connection: status %d, %v", a.Status, a.Err)
					}
					n.Served(2)
				}
				b.pause(1300 * time.Millisecond) // nobody examines a site in the second in which it failed
				return n.Quiet("what lies between forgets a connection that was silent for 0.9 s")
			}}
	}
	return []Fault{
		f("idle-dropped", "a firewall on the way forgets connections that are idle for a second: the first request after a pause is lost"),
		f("idle-dropped-deep", "the same, examined with --deep", "--deep"),
	}
}

// far is an application on another machine, at the other end of a cable.
type far struct {
	name, address string
	cable, app    *Proc
	machine       *namespace
}

// far moves the scene onto a machine of its own and starts an application on
// another one. It must come first.
func (b *Bench) far(app backend.Config) far {
	b.Machine(nil)
	other := b.namespace("other", nil)
	cable := b.cable(other)
	f := far{name: b.Name(), cable: cable, machine: other}
	p := b.Port()
	f.address = fmt.Sprintf("10.66.0.2:%d", p)
	app.Listen = []string{fmt.Sprintf("0.0.0.0:%d", p)}
	f.app = b.backendAs(command{name: f.name, dir: "srv/" + f.name, in: other}, app)
	return f
}

// pause lets time pass, which is what an idle connection is made of.
func (b *Bench) pause(d time.Duration) {
	if b.err != nil {
		return
	}
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-b.ctx.Done():
		b.fail("cannot wait: %w", b.ctx.Err())
	}
}

// pathHealthy are healthy sites whose upstream is on another machine.
func pathHealthy() []Fault {
	f := func(name, doc string, link backend.Link, args ...string) Fault {
		return Fault{Name: name, Doc: doc, Healthy: true, Status: 200, Args: args, Needs: []string{"nginx", "netns", "tun"},
			Start: func(b *Bench) (Scene, error) {
				far := b.far(backend.Config{Idle: 60000, Routes: []backend.Route{{Path: "/", Body: strings.Repeat("0123456789abcde\n", 280)}}})
				n := b.Gateway(b.Site(far.name).Via(b, "http", far.address)).Run().Served(3)
				far.cable.Order(backend.Order{Link: &link})
				n.Served(3)
				return n.Quiet("nothing is wrong")
			}}
	}
	return []Fault{
		f("healthy-far", "the upstream is on another machine, 20 ms away", backend.Link{Delay: 20}),
		f("healthy-far-deep", "the same, examined with --deep", backend.Link{Delay: 20}, "--deep"),
	}
}
