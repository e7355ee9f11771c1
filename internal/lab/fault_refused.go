package lab

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// refusedFaults are those in which a request is turned away for what it is, or for
// what others did before it.
func refusedFaults() []Fault {
	return append(append(surgeFaults(), http2Faults()...), []Fault{
		{
			Name: "request-too-large-uwsgi", Doc: "the variables of a request with a long query do not fit uwsgi's buffer of 4 KB", Cause: vocab.RequestTooLarge, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx", "uwsgi"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.UWSGI(name, b.local(), "return ok()\n")
				s := b.Site(name).Via(b, "uwsgi", app.Addr)
				n := b.Gateway(s).Run().Served(2)
				s.path += "?filter=" + strings.Repeat("0123456789", 220+b.Rand.IntN(40))
				return n.Scene("the query stands in two variables: QUERY_STRING and REQUEST_URI")
			},
			OrSymptom: []vocab.Symptom{""}, // nginx cuts its line at 2 KB, and with it the upstream and our mark
		},
		{
			Name: "file-denied-upload", Doc: "the folder for uploads belongs to root: bodies that do not fit the buffer get 500", Cause: vocab.FilePermission, Symptom: vocab.ProxyInternalError, Status: 500, Needs: []string{"nginx", "root"}, Intermittent: true,
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "client_body_buffer_size 8k;")).Run().Served(2)
				n.owned(filepath.Join(n.dir, "tmp", "client_body"), pick[os.FileMode](b, 0o700, 0o755))
				for range 3 {
					n.post(1, 40000)
				}
				scene, err := n.Quiet("what a restore or a deploy as root leaves behind")
				scene.Method, scene.Body = http.MethodPost, 40000
				return scene, err
			},
		},
		{
			Name: "ejected-by-errors", Doc: "proxy_next_upstream has http_500 and max_fails is 1: the errors of one page took both servers out, and every page fails", Cause: vocab.EjectedByAppErrors, Symptom: vocab.DestinationUnavailable, Status: 502,
			Also: []vocab.Cause{vocab.NoHealthyUpstream, vocab.BackendInPenalty}, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				bad := func() backend.Config {
					c := good(b.local())
					c.Routes = append([]backend.Route{{Path: "/broken", Status: 500, Body: "Traceback\n"}}, c.Routes...)
					return c
				}
				one, two := b.Backend(name+"-1", bad()), b.Backend(name+"-2", bad())
				s := b.Site(name).timed(b)
				s.Route = "/"
				s.Pool(b, "http", []string{one.Addr + " max_fails=1 fail_timeout=60s", two.Addr + " max_fails=1 fail_timeout=60s"}, "", "proxy_next_upstream error timeout http_500;")
				n := b.Gateway(s)
				n.workers = 1 // each worker counts failures for itself
				n.Run().Served(3)
				for range 3 {
					b.ask(b.ctx, n.hosts, http.MethodGet, s.below("/broken/report"), 0)
				}
				n.Get(2)
				return n.Scene("both servers answer every other page well; nginx asks neither for a minute")
			},
		},
	}...)
}

// owned gives a folder of the gateway to root.
func (g *Gateway) owned(dir string, mode os.FileMode) {
	if g.b.err != nil {
		return
	}
	if err := os.Chown(dir, 0, 0); err != nil {
		g.b.fail("cannot give %s to root: %w", dir, err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		g.b.fail("cannot close %s: %w", dir, err)
	}
}
