package doctor

import (
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// ownRoute reports whether a tally is about the route of our request.
func (x *examination) ownRoute(r scan.Route) bool {
	if r.Site != "" && !strings.EqualFold(hostOnly(r.Site), x.match.Request.Host) && !x.siteHasName(hostOnly(r.Site)) {
		return false
	}
	if strings.Contains(r.Endpoint, "/<") { // "pool/<NOSRV>"
		return strings.HasPrefix(r.Endpoint, x.pool()+"/") && r.Route == scan.Template(x.match.Request.Path)
	}
	if r.Endpoint != "" && len(x.configuredEndpoints()) > 0 && !slices.Contains(x.configuredEndpoints(), r.Endpoint) && !x.blamed(r.Endpoint) {
		return false
	}
	return r.Route == scan.Template(x.match.Request.Path) || r.Route == "other"
}

func (x *examination) siteHasName(name string) bool {
	if name != "" && name == x.label() {
		return true
	}
	for _, s := range x.match.Gateway.Conf.Instance.Sites {
		if x.ownSite(s) {
			for _, n := range s.Names {
				if strings.EqualFold(n.Name, name) {
					return true
				}
			}
		}
	}
	return false
}

// blamed reports whether a failure names the endpoint.
func (x *examination) blamed(endpoint string) bool {
	return slices.ContainsFunc(x.failures, func(f evidence.Failure) bool { return slices.Contains(f.Subjects[vocab.RoleEndpoint], endpoint) })
}

// attributable reports whether a request of an access log can be told to be of
// our own site: no other site writes to the file, the format names the site, or
// it names an upstream that only our route has.
func (x *examination) attributable(l readLog, endpoint string) bool {
	if l.exclusive {
		return true
	}
	return strings.Contains(l.Format, "$upstream_addr") && endpoint != "" && slices.Contains(x.configuredEndpoints(), endpoint)
}

// exclusive reports whether every line of an access log can be told to be of
// our own site, or of another one.
func (x *examination) exclusive(l topo.Log) bool {
	if log, ok := x.dialectLog(l); ok && log.Sites {
		return true
	}
	return x.alone(l)
}

// alone reports whether no other site writes to a log.
func (x *examination) alone(l topo.Log) bool {
	for _, s := range x.match.Gateway.Conf.Instance.Sites {
		if x.ownSite(s) {
			continue
		}
		req := x.match.Request
		req.Host, req.Path = "", "/"
		if len(s.Names) > 0 {
			req.Host = s.Names[0].Name
		}
		if len(s.Listeners) > 0 {
			req.Listener, req.Port, req.TLS = s.Listeners[0].Address, 0, s.Listeners[0].TLS
		}
		for _, other := range x.match.Gateway.Conf.Resolve(req).Logs {
			if other.Path == l.Path {
				return false
			}
		}
	}
	return true
}

// joined returns the tallies of a log. Where a log tells the servers of our pool
// apart, our route is one for all of them: what one server fails and another
// serves comes and goes.
func (x *examination) joined(l readLog) []scan.Route {
	if !l.whole {
		return l.Extract.Routes
	}
	var all scan.Route
	for _, r := range l.Extract.Routes {
		if !x.ownRoute(r) {
			continue
		}
		if all.Route == "" {
			all = r
			continue
		}
		if r.OK > 0 && (all.OK == 0 || r.FirstOK.Before(all.FirstOK)) {
			all.FirstOK = r.FirstOK
		}
		if r.Failed > 0 && (all.Failed == 0 || r.FirstFailed.Before(all.FirstFailed)) {
			all.FirstFailed = r.FirstFailed
		}
		all.LastOK, all.LastFailed = later(all.LastOK, r.LastOK), later(all.LastFailed, r.LastFailed)
		all.OK, all.Failed = all.OK+r.OK, all.Failed+r.Failed
	}
	return []scan.Route{all}
}
