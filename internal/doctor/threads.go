package doctor

import (
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Some products say in two lines of their error log why a request failed: what
// befell the connection to the upstream, and which client it was for. Where a
// thread works on one request at a time, its lines belong together
// (dialect.Log.Threads). And some name upstreams as their configuration does,
// where others name addresses.

// withThreads returns a test that also takes the lines without a client which
// stand, in the same thread, before one that ours takes. Where ours takes none
// and our request failed, those are taken that name its endpoint: what befell
// others there befell us.
func (x *examination) withThreads(log dialect.Log, hits []scan.Hit, ours func(scan.Hit) bool, failed bool) func(scan.Hit) bool {
	if !log.Threads {
		return ours
	}
	type thread struct{ pid, tid int64 }
	waiting := map[thread][]string{}
	joined := map[string]bool{}
	if failed && !slices.ContainsFunc(hits, ours) {
		return func(h scan.Hit) bool { return h.Client == "" && x.cond(h).Fails && x.ownEndpoint(h) }
	}
	for _, h := range hits {
		t := thread{h.PID, h.TID}
		if h.Client == "" {
			waiting[t] = append(waiting[t], h.Place)
			continue
		}
		if ours(h) {
			for _, place := range waiting[t] {
				joined[place] = true
			}
		}
		delete(waiting, t)
	}
	return func(h scan.Hit) bool { return ours(h) || joined[h.Place] }
}

// spellEndpoints writes the endpoints of lines as subjects of facts are written:
// a path is a unix socket, and a name that only the configuration knows is the
// address that it stands for.
func (x *examination) spellEndpoints(hits []scan.Hit) {
	for i := range hits {
		h := &hits[i]
		if strings.HasPrefix(h.Endpoint, "/") {
			h.Endpoint = "unix:" + h.Endpoint
		}
		if address := x.named(h.Endpoint); address != "" {
			h.Endpoint = address
		}
	}
}

// named returns the address of the endpoint that a configuration calls name; ""
// where none or several are called so. Of several, one of our own route is
// meant only where all lines are about it, which is not known here.
func (x *examination) named(name string) string {
	if name == "" {
		return ""
	}
	found := ""
	for _, s := range x.match.Gateway.Conf.Instance.Sites {
		for _, f := range s.Forwards {
			for _, e := range f.Endpoints {
				if e.Name != name || e.String() == name {
					continue
				}
				if found != "" && found != e.String() {
					return ""
				}
				found = e.String()
			}
		}
	}
	return found
}

// ownEndpoint reports whether a line that names no request is about an endpoint
// that our request is sent to.
func (x *examination) ownEndpoint(h scan.Hit) bool {
	if h.Endpoint == "" || h.Path != "" || h.Request != "" || h.Server != "" {
		return false
	}
	return slices.ContainsFunc(x.configuredEndpoints(), func(e string) bool {
		return e == h.Endpoint || strings.Contains(h.Raw, "("+e+")")
	})
}

// pathless reports whether a line tells of a request and does not say of which.
func (x *examination) pathless(h scan.Hit) bool {
	return h.Path == "" && h.Request == "" && h.Server == "" && h.Upstream == "" && x.cond(h).Symptom != vocab.Symptom("")
}

// ownByThread reports whether a line was found to be about our own request by its
// thread.
func (x *examination) ownByThread(h scan.Hit) bool {
	if h.Client != "" || h.TID == 0 {
		return false
	}
	return slices.ContainsFunc(x.own, func(o ownRequest) bool {
		return slices.ContainsFunc(o.Lines, func(l scan.Hit) bool { return l.Raw == h.Raw })
	})
}
