// Package survey finds the gateways that run on this host, or are configured and
// do not run: their processes, version, configuration, logs and sockets, and
// which of them answers for a URL. It asks the world only through a recorder, so
// that a captured case repeats it without touching anything.
package survey

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// Options is what an operator says beside the URL.
type Options struct {
	Config  string   // main configuration file; its gateway is taken even where no name matches
	Gateway string   // product's name or pid of the gateway to take; "" for any
	Logs    []string // log files that the operator names; survey reads no logs
	Offline bool     // resolve no name: the URL's host is compared as it is written

	// Lookup resolves the URL's host. Nil: the system's resolver.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
}

// Survey is what runs here.
type Survey struct {
	Target    Target         // the URL taken apart
	Processes host.Processes // every process of the host
	Gateways  []*Gateway     // running ones by pid, then those that only are configured
	Matches   []Match        // listeners that may answer for the target, the best first; empty: not on this host
	Notes     []string       // what was chosen, and why, in sentences
}

// Target is a URL taken apart.
type Target struct {
	URL    string       // as given, with a scheme
	Scheme string       // "http" or "https"
	Host   string       // lower case, without port and brackets
	Port   int          // of the URL, or of its scheme
	Path   string       // decoded path, begins with "/"
	Query  string       // raw, without "?"
	Addrs  []netip.Addr // what the host resolves to, where it was asked
	Local  bool         // the host is, or resolves to, an address of this host
}

// Gateway is one gateway of this host.
type Gateway struct {
	Dialect   *dialect.Dialect
	Launch    dialect.Launch
	Place     host.Place      // from where it sees the world
	Running   bool            // false: its configuration exists and no process runs
	Master    host.Process    // zero where it does not run
	Workers   []Worker        // by pid
	Conf      *dialect.Conf   // the configuration on disk, never nil
	Files     []host.FileInfo // every file that was read for it, with its times
	Listeners []Listening     // what it is configured to listen on, and whether it does
	PIDFile   int             // pid that its pid file names; 0: none
	Output    []string        // files of this host, as goodgate sees them, that hold what it writes to stdout and stderr
	Gaps      []evidence.Gap
}

// Worker is a child of a gateway's main process.
type Worker struct {
	Process  host.Process
	Draining bool // it is shutting down and still has connections of the former configuration
}

// Listening is a listener of the configuration with what the kernel shows of it.
type Listening struct {
	topo.Listener
	Found   bool          // a socket of the gateway's processes listens there
	Socket  host.Listener // where Found, or where another process has the address
	Foreign []int         // processes that listen there and are not the gateway
}

// Match says that a gateway answers for the target, and how to ask it there.
type Match struct {
	Gateway  *Gateway
	Kind     string        // "exact", "wildcard", "regex", "default"
	Site     topo.SiteName // the name that matched
	Why      string        // one sentence
	Dial     Dial
	Request  topo.Request  // what to ask Conf.Resolve
	Decision topo.Decision // what Conf.Resolve answered
}

// Dial says how to reach a listener as a client would.
type Dial struct {
	Place       host.Place // namespace to dial from
	Network     string     // "tcp" or "unix"
	Address     string     // "127.0.0.1:80", a path
	TLS         bool
	SNI         string
	Host        string // Host header: with port where the URL has one
	ProxyHeader bool   // the listener expects a PROXY header before anything else
}

// Oldest returns when the oldest worker that takes new requests started: what it
// runs is the configuration of then, or an older one. Where no worker is seen it
// is the start of the main process; it is zero where the gateway does not run.
func (g *Gateway) Oldest() time.Time {
	var oldest time.Time
	for _, w := range g.Workers {
		if !w.Draining && (oldest.IsZero() || w.Process.Started.Before(oldest)) {
			oldest = w.Process.Started
		}
	}
	if oldest.IsZero() && g.Running {
		return g.Master.Started
	}
	return oldest
}

// ConfigFiles returns the files of the configuration, with their times. Dialects read
// others, too: what a product keeps for itself beside its log says when it started.
func (g *Gateway) ConfigFiles() []host.FileInfo {
	return slices.DeleteFunc(slices.Clone(g.Files), func(f host.FileInfo) bool {
		return len(g.Conf.Instance.Files) > 0 && !slices.Contains(g.Conf.Instance.Files, f.Path)
	})
}

// Dialler returns the process that stands for those which ask upstreams: a worker that
// takes new requests, else the main process. Its PID is 0 where the gateway does not run.
func (g *Gateway) Dialler() host.Process {
	for _, w := range g.Workers {
		if !w.Draining {
			return w.Process
		}
	}
	return g.Master
}

// Find surveys this host for target, a URL or a host name. Views may be nil where
// rec replays a captured case. The gaps say what could not be looked at. Where no
// gateway of this host answers for the target, Matches is empty. Configurations
// without a process are looked for only where no running gateway has the name.
func Find(ctx context.Context, rec *evidence.Recorder, views *host.Views, dialects []dialect.Dialect, target string, opt Options) (*Survey, []evidence.Gap) {
	k := newLook(ctx, rec, views, opt)
	t, err := ParseTarget(target)
	if err != nil {
		k.gap(&evidence.Gap{Source: "target", Why: err.Error(), Allow: "give a URL: https://example.com/path"}, "")
		return k.s, k.gaps
	}
	k.s.Target = t
	k.running(dialects)
	k.locate()
	k.match()
	if opt.Config != "" || len(k.s.Matches) == 0 || k.s.Matches[0].Kind == "default" {
		// One that should run and does not may have the name.
		k.configured(dialects)
		k.match()
	}
	k.unmatched()
	return k.s, k.gaps
}

// Overview surveys this host without a target: what `goodgate` alone shows.
func Overview(ctx context.Context, rec *evidence.Recorder, views *host.Views, dialects []dialect.Dialect, opt Options) (*Survey, []evidence.Gap) {
	k := newLook(ctx, rec, views, opt)
	k.running(dialects)
	k.configured(dialects)
	return k.s, k.gaps
}

func newLook(ctx context.Context, rec *evidence.Recorder, views *host.Views, opt Options) *look {
	return &look{
		ctx: ctx, rec: rec, views: views, opt: opt, s: &Survey{},
		mains: map[int]bool{}, tables: map[string]host.Listeners{}, addrs: map[string]host.Addresses{},
	}
}
