package doctor

import (
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// What a gateway writes down as failed need not have failed for the client. Another
// server made it good; it was a sub-request of the gateway's own, for whose answer
// nobody waits (mirror); or something stands in for the answer that did not come: a
// page (error_page), a copy in the cache (proxy_cache_use_stale), another place. The
// last is no recovery: it fails as long as something stands in.

// masked reports whether the failed attempt that a line tells of was made good: the
// access log has the same request with a good status, or, where none tells, our own
// request met the same and was answered well. What may not be repeated was not.
func (x *examination) masked(h scan.Hit) bool {
	f := x.decision.Forward
	if f == nil || h.Sub == "" && len(f.Endpoints) < 2 || h.Time.IsZero() {
		return false
	}
	met := slices.IndexFunc(x.own, func(o ownRequest) bool {
		return slices.ContainsFunc(o.Lines, func(l scan.Hit) bool {
			return l.Condition == h.Condition && l.Endpoint == h.Endpoint && (l.Sub == "") == (h.Sub == "")
		})
	})
	if met >= 0 && failed(x.own[met].AskResult) {
		return false
	}
	read := false
	for _, l := range x.logs {
		if l.Kind != "access" || !l.OK || len(l.Extract.Routes) == 0 {
			continue
		}
		for _, r := range l.Extract.Routes {
			if !x.attributable(l, r.Endpoint) || x.label() != "" && !x.ownRoute(r) {
				continue
			}
			read = true
			if r.Failed > 0 && !r.LastFailed.Before(h.Time.Add(-2*time.Second)) && !r.FirstFailed.After(h.Time.Add(2*time.Second)) {
				return false
			}
		}
	}
	if !read && (met < 0 || unsafe(h.Method) || x.standsIn(x.own[met]) || x.failedThen(h)) {
		return false
	}
	if h.Endpoint != "" {
		x.note("Attempts at %s failed (%s) and did not fail the client: another server, or nobody, was waited for.", h.Endpoint, x.cond(h).Symptom)
	}
	return true
}

// failedThen reports whether a line of an access log that may be about the same
// request says that the client got an error.
func (x *examination) failedThen(h scan.Hit) bool {
	return slices.ContainsFunc(x.access, func(a scan.Hit) bool {
		return x.cond(a).Fails && !x.isOwn(a) && x.explainedBy(a, []scan.Hit{h})
	})
}

// standsIn reports whether our own request was answered well although every server
// to which the configuration sends it failed it.
func (x *examination) standsIn(o ownRequest) bool {
	f := x.decision.Forward
	if failed(o.AskResult) || f == nil || len(f.Endpoints) == 0 {
		return false
	}
	return !slices.ContainsFunc(f.Endpoints, func(e topo.Endpoint) bool {
		// A name may have an address more than the log has lines.
		return !e.Down && (e.IsName() || !slices.ContainsFunc(o.Lines, func(h scan.Hit) bool {
			return h.Sub == "" && h.Endpoint == e.String() && (h.Status == 0 || h.Status >= 500) && x.cond(h).Fails
		}))
	})
}
