package survey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// output finds where stdout and stderr of a gateway are kept that logs there: in
// a file that was opened for it, or in the one that the container engine writes.
func (k *look) output(g *Gateway) {
	if !slices.ContainsFunc(g.Conf.Instance.Logs, k.standard(g)) {
		return
	}
	d, _, err := evidence.Ask(k.rec, "survey/detail", fmt.Sprintf("pid %d", g.Master.PID), func() (host.Detail, error) { return host.ReadDetail(k.ctx, g.Master.PID) })
	g.Gaps = note(g.Gaps, err, "output")
	own := &source{k: k, place: ownPlace()}
	add := func(pattern string) {
		found, err := own.Glob(pattern)
		g.Gaps = note(g.Gaps, err, "output")
		for _, path := range found {
			if !slices.Contains(g.Output, path) {
				g.Output = append(g.Output, path)
			}
		}
	}
	for _, path := range []string{d.Stdout, d.Stderr} {
		// nginx puts its error log in the place of stderr.
		if slices.ContainsFunc(g.Conf.Instance.Logs, func(l topo.Log) bool { return l.Path == path }) {
			continue
		}
		if g.Place.OwnMount && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/dev/") && !strings.ContainsAny(path, `*?[\`) {
			add(path)
		}
	}
	if id := g.Place.Container; id != "" {
		// The defaults of Docker's json-file driver and of the kubelet.
		add("/var/lib/docker/containers/" + id + "/" + id + "-json.log")
		add("/var/log/containers/*-" + id + ".log")
	}
}

// standard returns a test for logs that go to stdout or stderr, by name or, as in
// the official images, through a link.
func (k *look) standard(g *Gateway) func(topo.Log) bool {
	names := []string{"stderr", "/dev/stderr", "/dev/stdout", "/proc/self/fd/1", "/proc/self/fd/2"}
	return func(l topo.Log) bool {
		return slices.Contains(names, l.Path) || g.Place.Container != "" && strings.HasPrefix(l.Path, "/")
	}
}
