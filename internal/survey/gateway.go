package survey

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// launch is a main process with what its dialect read off it.
type launch struct {
	PID     int            `json:"pid"`
	Dialect string         `json:"dialect"`
	Launch  dialect.Launch `json:"launch"`
}

// launches is every main process of a gateway.
type launches struct {
	List []launch `json:"list"`
}

// RedactWith hides what directives on the command line keep secret.
func (l *launches) RedactWith(r *evidence.Redactor) {
	for i := range l.List {
		l.List[i].Launch.Globals = string(r.Config([]byte(l.List[i].Launch.Globals)))
	}
}

// running finds the gateways among the processes. They are recognised by their
// arguments as they are: a path in which the redactor sees a secret could not be
// opened afterwards.
func (k *look) running(dialects []dialect.Dialect) {
	var raw host.Processes
	list, _, err := evidence.Ask(k.rec, "survey/processes", "", func() (host.Processes, error) {
		var err error
		raw, err = host.ListProcesses(k.ctx)
		return host.Processes{List: slices.Clone(raw.List), Gaps: raw.Gaps}, err
	})
	k.gap(err, "processes")
	for _, g := range list.Gaps {
		k.gaps = addGap(k.gaps, g)
	}
	k.s.Processes = list
	found, _, err := evidence.Ask(k.rec, "survey/launches", "", func() (launches, error) { return recognise(raw, dialects), nil })
	k.gap(err, "gateways")
	for _, l := range found.List {
		k.mains[l.PID] = true
	}
	for _, l := range found.List {
		p, ok := list.Find(l.PID)
		i := slices.IndexFunc(dialects, func(d dialect.Dialect) bool { return d.Name == l.Dialect })
		if ok && i >= 0 {
			if g := k.gateway(&dialects[i], l.Launch, p); g != nil {
				k.s.Gateways = append(k.s.Gateways, g)
			}
		}
	}
}

func recognise(list host.Processes, dialects []dialect.Dialect) (found launches) {
	for _, p := range list.List {
		if p.State == "Z" || p.State == "X" {
			continue
		}
		for _, d := range dialects {
			if d.Recognise == nil || d.Application {
				continue
			}
			if l, ok := d.Recognise(AsDialect(p)); ok {
				found.List = append(found.List, launch{PID: p.PID, Dialect: d.Name, Launch: l})
				break
			}
		}
	}
	all := slices.Clone(found.List)
	found.List = slices.DeleteFunc(found.List, func(l launch) bool { return isWorker(l, all, list, dialects) })
	return found
}

// isWorker reports whether what looks like a main process is the child of one,
// for the products where they look alike.
func isWorker(l launch, all []launch, list host.Processes, dialects []dialect.Dialect) bool {
	p, ok := list.Find(l.PID)
	if !ok || !slices.ContainsFunc(dialects, func(d dialect.Dialect) bool { return d.Name == l.Dialect && d.Worker != nil }) {
		return false
	}
	parent, ok := list.Find(p.PPID)
	return ok && slices.ContainsFunc(all, func(m launch) bool { return m.PID == parent.PID && m.Dialect == l.Dialect })
}

// AsDialect is a process as dialects are shown it.
func AsDialect(p host.Process) dialect.Process {
	return dialect.Process{PID: p.PID, PPID: p.PPID, Exe: p.Exe, Comm: p.Comm, Args: p.Args, Cwd: p.Cwd, Started: p.Started, UID: p.UID}
}

// gateway asks everything about one running gateway; nil where it has ended since it was
// listed, so that nothing of it can be read any more.
func (k *look) gateway(d *dialect.Dialect, l dialect.Launch, p host.Process) *Gateway {
	g := &Gateway{Dialect: d, Running: true, Master: p}
	var err error
	g.Place, err = k.place(p.PID)
	var gap *evidence.Gap
	if err != nil && !errors.As(err, &gap) {
		k.gap(fmt.Errorf("%s ended while it was looked at", d.Name), fmt.Sprintf("process %d", p.PID))
		return nil
	}
	g.Gaps = note(g.Gaps, err, "process")
	g.Place = g.Place.Start()
	if l.Version == "" {
		l.Version, err = k.version(g.Place, p, l, d)
		g.Gaps = note(g.Gaps, err, "version of "+d.Name)
	}
	g.Launch = l
	k.configure(g)
	g.Workers = k.workers(d, p)
	k.listening(g)
	k.output(g)
	return g
}

// configure reads the configuration as the gateway's process sees it.
func (k *look) configure(g *Gateway) {
	src := &source{k: k, place: g.Place, runs: g.Running}
	g.Conf = k.understand(g, src)
	if g.Launch.Config == "" {
		g.Launch.Config = g.Conf.Instance.Config
	}
	if g.Launch.Product == "" {
		g.Launch.Product = g.Conf.Instance.Product
	}
	g.Files = src.files
	if g.Running && g.Conf.Instance.PIDFile != "" {
		if data, err := src.read(g.Conf.Instance.PIDFile, 64); err == nil {
			g.PIDFile, _ = strconv.Atoi(strings.TrimSpace(string(data.Body)))
		}
	}
	for _, gap := range src.gaps {
		g.Gaps = addGap(g.Gaps, gap)
	}
}

// understand lets the dialect read the configuration. A mistake of goodgate's own
// with one gateway's configuration must not keep an operator from examining
// another: it is a gap, and says what to report.
func (k *look) understand(g *Gateway, src *source) (c *dialect.Conf) {
	defer func() {
		if p := recover(); p != nil {
			src.gaps = addGap(src.gaps, evidence.Gap{Source: "configuration of " + g.Dialect.Name, Why: fmt.Sprintf("goodgate stumbled over it: %v", p), Allow: "report it as a bug of goodgate, with the configuration"})
			c = &dialect.Conf{}
		}
	}()
	if g.Dialect.Config != nil {
		c = g.Dialect.Config(src, g.Launch)
	}
	if c == nil {
		c = &dialect.Conf{}
	}
	return c
}

// workers returns the children that take requests. A child that is a gateway's
// main process itself, as while nginx replaces its program, is none; nor are
// helpers beside children that call themselves workers.
func (k *look) workers(d *dialect.Dialect, master host.Process) []Worker {
	var all []Worker
	titled := false
	for _, c := range k.s.Processes.Children(master.PID) {
		if k.mains[c.PID] || c.State == "Z" {
			continue
		}
		if d.Worker != nil {
			if takes, draining := d.Worker(AsDialect(master), AsDialect(c)); takes {
				all = append(all, Worker{Process: c, Draining: draining})
			}
			continue
		}
		title := strings.Join(c.Args, " ")
		titled = titled || strings.Contains(title, "worker")
		all = append(all, Worker{Process: c, Draining: strings.Contains(title, "shutting down")})
	}
	if titled {
		all = slices.DeleteFunc(all, func(w Worker) bool { return !strings.Contains(strings.Join(w.Process.Args, " "), "worker") })
	}
	return all
}

// listening compares the configured listeners with the sockets that exist.
func (k *look) listening(g *Gateway) {
	if len(g.Conf.Instance.Listeners) == 0 {
		return
	}
	table := k.listeners(g.Place)
	blind := len(table.Gaps) > 0 // then a socket without processes says nothing about its owner
	for _, l := range g.Conf.Instance.Listeners {
		x := Listening{Listener: l}
		for _, s := range table.List {
			if !sameAddress(l.Network, l.Address, s) {
				continue
			}
			if mine := g.Holds(s); mine || !x.Found {
				x.Socket = s
				x.Found = x.Found || mine || blind && len(s.PIDs) == 0
			}
			for _, pid := range s.PIDs {
				if !g.Has(pid) && !slices.Contains(x.Foreign, pid) {
					x.Foreign = append(x.Foreign, pid)
				}
			}
		}
		g.Listeners = append(g.Listeners, x)
	}
	k.doubt(g)
}

// doubt corrects a place that was only assumed: a running gateway of which no
// socket is to be seen has them in a network namespace that may not be entered.
// Taken for goodgate's own, that would show an upstream as dead that lives.
func (k *look) doubt(g *Gateway) {
	tcp := func(l Listening) bool { return l.Network == "tcp" }
	seen := func(l Listening) bool { return tcp(l) && l.Socket.Inode != 0 }
	if !g.Running || !g.Place.Assumed || !slices.ContainsFunc(g.Listeners, tcp) || slices.ContainsFunc(g.Listeners, seen) {
		return
	}
	g.Place.Assumed, g.Place.OwnNet = false, false
	g.Gaps = addGap(g.Gaps, evidence.Gap{
		Source: fmt.Sprintf("network of process %d", g.Master.PID), Why: "none of its listeners is among the sockets here: it runs in a network namespace that may not be entered",
		Allow: "run as root: sudo goodgate diagnose …",
	})
}

// Has reports whether pid is the main process or a worker.
func (g *Gateway) Has(pid int) bool {
	return g.Running && (pid == g.Master.PID || slices.ContainsFunc(g.Workers, func(w Worker) bool { return w.Process.PID == pid }))
}

// Holds reports whether a listener belongs to the gateway.
func (g *Gateway) Holds(s host.Listener) bool { return slices.ContainsFunc(s.PIDs, g.Has) }

// sameAddress reports whether a socket is the one that a configuration asks for.
// A wildcard in the configuration is bound as written; unix paths are compared as
// their maker spelled them.
func sameAddress(network, address string, s host.Listener) bool {
	if network != s.Network {
		return false
	}
	if name, port, ok := cutPort(address); ok && network == "tcp" && s.Port == port {
		if _, err := netip.ParseAddrPort(address); err != nil {
			return name != "" // a name: which of the gateway's sockets on the port it is cannot be told
		}
	}
	if network == "unix" {
		return path.Clean(strings.TrimPrefix(address, "unix:")) == path.Clean(s.Address)
	}
	want, err := netip.ParseAddrPort(address)
	have, herr := netip.ParseAddrPort(s.Address)
	return err == nil && herr == nil && want.Port() == have.Port() && want.Addr().Unmap() == have.Addr()
}

// configured adds the gateways whose configuration exists at a default place, or
// where the operator says, and that do not run with it.
func (k *look) configured(dialects []dialect.Dialect) {
	read := func(d *dialect.Dialect, config string) *Gateway {
		own := host.Place{Root: "/", OwnMount: true, OwnNet: true}
		g := &Gateway{Dialect: d, Place: own, Launch: dialect.Launch{Product: d.Name, Config: config}}
		k.configure(g)
		if len(g.Files) == 0 && len(g.Gaps) == 0 || k.runs(g.Launch.Config) {
			return nil
		}
		return g
	}
	add := func(g *Gateway) {
		if g != nil {
			k.listening(g)
			k.s.Gateways = append(k.s.Gateways, g)
		}
	}
	if k.opt.Config != "" && !k.runs(k.opt.Config) {
		add(ofWhom(dialects, func(d *dialect.Dialect) *Gateway { return read(d, k.opt.Config) }))
	}
	for i := range dialects {
		if d := &dialects[i]; d.Config != nil && !d.Application {
			add(read(d, ""))
		}
	}
}

// ofWhom returns the gateway whose language a file is written in: the product
// that finds listeners in it, and the least that it does not understand.
func ofWhom(dialects []dialect.Dialect, read func(*dialect.Dialect) *Gateway) *Gateway {
	var best *Gateway
	listens := func(g *Gateway) bool { return len(g.Conf.Instance.Listeners) > 0 }
	for i := range dialects {
		d := &dialects[i]
		if d.Config == nil || d.Application {
			continue
		}
		g := read(d)
		switch {
		case g == nil:
		case best == nil, listens(g) && !listens(best), listens(g) == listens(best) && len(g.Conf.Instance.Problems) < len(best.Conf.Instance.Problems):
			best = g
		}
	}
	return best
}

// runs reports whether a gateway of goodgate's own file system runs with this
// configuration, or is listed with it already.
func (k *look) runs(config string) bool {
	return slices.ContainsFunc(k.s.Gateways, func(g *Gateway) bool {
		return g.Place.OwnMount && path.Clean(g.Launch.Config) == path.Clean(config)
	})
}

// version finds out which version of the program runs, without running it.
func (k *look) version(place host.Place, p host.Process, l dialect.Launch, d *dialect.Dialect) (string, error) {
	if len(d.VersionMarks) == 0 {
		return "", nil
	}
	v, _, err := evidence.Ask(k.rec, "survey/version", fmt.Sprintf("pid %d", p.PID), func() (string, error) {
		// The link leads to the program that runs, also where another one has
		// taken its place on disk.
		f, err := os.Open(fmt.Sprintf("/proc/%d/exe", p.PID))
		if err != nil {
			view, verr := k.views.View(place)
			if verr != nil || !path.IsAbs(l.Exe) {
				return "", err
			}
			if f, _, err = view.OpenFile(k.ctx, l.Exe); err != nil {
				return "", err
			}
		}
		defer f.Close()
		return findVersion(f, d.VersionMarks)
	})
	if err != nil {
		return "", &evidence.Gap{Source: "version of " + d.Name, Why: err.Error(), Allow: "run as root: sudo goodgate diagnose …"}
	}
	return v, nil
}
