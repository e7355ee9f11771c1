package lab

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// squidFaults are the faults behind Squid as a reverse proxy.
func squidFaults() []Fault {
	return behind("squid", []string{"squid"}, squidAway(), squidAnswer(), squidHealthy())
}

// peerSite is one site behind a scene's Squid.
type peerSite struct {
	place
	peers   []string // addresses
	options string   // of cache_peer
	nobody  bool     // no peer may take its requests
}

// Squid is the gateway of a scene.
type Squid struct {
	*Gateway
	target *peerSite
	others []*peerSite
	more   string // further directives
}

func (b *Bench) peerSite(app string, peers ...string) *peerSite {
	return &peerSite{place: b.place(app, nowhere, zones[:3]...), peers: peers}
}

// Squid lays out a Squid with target among its decoys.
func (b *Bench) Squid(target *peerSite) *Squid {
	q := &Squid{target: target}
	q.Gateway = b.layOut(q, "squid", pick(b, "squid", "etc/squid"))
	listen := b.local()
	q.conf = filepath.Join(q.dir, "squid.conf")
	healthy, alive, dead := b.bystanders()
	q.others = []*peerSite{b.peerSite(healthy, alive), b.peerSite(dead, b.local())}
	b.together(listen, &target.place, &q.others[0].place, &q.others[1].place)
	q.serves(target, q.others[0], q.others[1])
	return q
}

// text is the configuration.
func (q *Squid) text() string {
	b := q.b
	var c strings.Builder
	fmt.Fprintf(&c, "# accelerator\nhttp_port %s accel %s\nnever_direct allow all\ncache deny all\nvisible_hostname gw1\n", q.target.listen, pick(b, "vhost", "defaultsite=gw1.shop.test vhost", "no-digest vhost"))
	fmt.Fprintf(&c, "access_log %s%s/log/access.log%s\ncache_log %s/log/cache.log\npid_filename %s/squid.pid\ncoredump_dir %s\nshutdown_lifetime 1 second\npinger_enable off\n",
		pick(b, "stdio:", ""), q.dir, pick(b, "", " squid"), q.dir, q.dir, q.dir)
	c.WriteString(q.more)
	for _, s := range append([]*peerSite{q.target}, q.others...) {
		matcher := fmt.Sprintf("dstdomain %s", s.host)
		if b.Chance(30) && s.named() {
			matcher = fmt.Sprintf("dstdomain .%s", s.host)
		}
		if s.nobody {
			matcher = "urlpath_regex ^/v9/"
		}
		fmt.Fprintf(&c, "\nacl site_%s %s\n", s.app, matcher)
		for i, p := range s.peers {
			host, port, _ := net.SplitHostPort(p)
			fmt.Fprintf(&c, "cache_peer %s parent %s 0 no-query originserver no-digest name=%s_%d%s\ncache_peer_access %s_%d allow site_%s\ncache_peer_access %s_%d deny all\n", host, port, s.app, i+1, s.options, s.app, i+1, s.app, s.app, i+1)
		}
	}
	c.WriteString("\nhttp_access allow all\n")
	return strings.ReplaceAll(c.String(), "accel no-digest vhost", "accel vhost")
}

func (q *Squid) write() {
	q.b.Write(q.conf, q.text())
	q.b.date(q.conf)
}

func (q *Squid) past() {
	q.b.Write(filepath.Join(q.dir, "log", "cache.log"), time.Now().Add(-26*time.Hour).Format("2006/01/02 15:04:05")+" kid1| TCP connection to 127.0.0.1/9 failed\n")
	q.b.Write(filepath.Join(q.dir, "log", "access.log"), fmt.Sprintf("%d.123      3 198.51.100.23 TCP_MISS/503 3424 GET http://legacy.shop.test/old - FIRSTUP_PARENT/127.0.0.1 text/html\n", time.Now().Add(-26*time.Hour).Unix()))
	if os.Geteuid() == 0 {
		q.b.run("chown", "-R", "proxy", q.dir)
	}
}

func (q *Squid) command() command {
	return command{name: "squid", path: program("squid"), argv: "squid", dir: q.dir, args: []string{"-N", "-f", q.conf}, log: filepath.Join(q.dir, "startup.log")}
}

// warm waits until Squid has found the target's peer to be alive.
func (q *Squid) warm() {
	q.b.until("the peer is known to be alive", func() bool { return q.Get(1).Status != http.StatusBadGateway })
}

func (q *Squid) logs(s *Scene) {
	s.Logs = append(s.Logs, filepath.Join(q.dir, "log", "access.log"), filepath.Join(q.dir, "log", "cache.log"))
}

func (q *Squid) record(time.Time, float64) string { return "" } // no scene has looked back so far

// squid lays out a Squid; more are further directives.
func squid(more ...string) layout {
	return func(b *Bench, app string, servers ...string) *Gateway {
		q := b.Squid(b.peerSite(app, servers...))
		q.more = lines(more)
		return q.Gateway
	}
}

// squidAway: what clients get depends on whether Squid has found out already.
func squidAway() []Fault {
	away := func(f Fault, symptom, or vocab.Symptom, status, orStatus int) Fault {
		return f.sees(symptom, status).orSymptom(or).orStatus(orStatus).also(vocab.NoHealthyUpstream)
	}
	return []Fault{
		away(neverStarted(squid()), vocab.DestinationUnavailable, vocab.ConnectionRefused, 502, 503).says("nothing has ever listened at the peer's address: Squid has not found it alive"),
		away(stopped(squid()), vocab.ConnectionRefused, vocab.DestinationUnavailable, 503, 502),
		away(otherPort(squid(), "the application listens on another port than cache_peer says"), vocab.DestinationUnavailable, vocab.ConnectionRefused, 502, 503),
		frozen(squid("read_timeout 1 second")).symptom(vocab.ConnectionReadTimeout),
		fault("no-route", "no cache_peer_access line allows the request, and nothing may go direct", vocab.NoRoute, vocab.ProxyInternalResponse, 502, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.peerSite(name, app.Addr)
			s.nobody, s.path = true, "/list"
			s.host = "127.0.0.1"
			return b.Squid(s).Run().Scene()
		}).orStatus(503).orSymptom(vocab.DestinationUnavailable),
	}
}

func squidAnswer() []Fault {
	f := func(name, doc, what string, cause vocab.Cause, symptom vocab.Symptom, status int) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			q := b.Squid(b.peerSite(name, app.Addr)).Run().Served(2)
			app.Order(backend.Order{Routes: []backend.Route{{Path: "/", Do: what}}})
			return q.Scene()
		})
	}
	routed := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, r backend.Route) Fault {
		return fault(name, doc, cause, symptom, status, func(b *Bench) (Scene, error) {
			name := b.Name()
			r.Path = "/"
			app := b.Backend(name, good(b.local()))
			q := b.Squid(b.peerSite(name, app.Addr)).Run().Served(1)
			app.Order(backend.Order{Routes: []backend.Route{r}})
			return q.Scene()
		})
	}
	return []Fault{
		f("empty-close", "the application reads the request and closes without a word, and lives on", "close", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		f("empty-reset", "the application reads the request and resets the connection, and lives on", "reset", vocab.EmptyResponse, vocab.ConnectionTerminated, 502),
		routed("buffer", "the application sends 70 KB of cookies, reply_header_max_size is 64 KB", vocab.BufferTooSmall, vocab.HTTPHeaderSectionSize, 502, backend.Route{Pad: 70000}),
		routed("app-error", "the application answers 500", vocab.AppError, "", 500, backend.Route{Status: 500, Body: "Internal Server Error\n"}),
		routed("app-503", "the application answers 503", vocab.AppError, "", 503, backend.Route{Status: 503, Body: "no database\n"}),
	}
}

func squidHealthy() []Fault { return allWell(squid(), "") }
