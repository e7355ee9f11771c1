package doctor

import (
	"context"
	"net"
	"path"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// A PM2 daemon writes the logs of all applications that it keeps running, and its
// own about all of them. Only what is about the upstream's application counts for
// it.

// daemon is a PM2 daemon with the application that an upstream is.
type daemon struct {
	place host.Place
	app   host.PM2App
	log   string
}

// isPM2 returns the folder of a PM2 daemon; empty where a process is none.
func (x *examination) isPM2(p host.Process) string {
	d := x.dialectOf("pm2")
	if d == nil || d.Recognise == nil {
		return ""
	}
	if l, ok := d.Recognise(dialect.Process{PID: p.PID, Args: p.Args, Comm: p.Comm}); ok && strings.HasPrefix(l.Prefix, "/") {
		return l.Prefix
	}
	return ""
}

// pm2Home returns a daemon's folder: that of the log that it has open. Its title
// names it too, and ends where the daemon's own arguments ended.
func (x *examination) pm2Home(ctx context.Context, pid int, title string) string {
	d, _, ok := x.detail(ctx, pid)
	if !ok {
		return title
	}
	for _, l := range d.Logs {
		if path.Base(l.Path) == "pm2.log" {
			return path.Dir(l.Path)
		}
	}
	return title
}

// pm2Of finds the daemon of an upstream: the parent of its process, or, where it
// does not run, one that keeps an application of its port or of the site's name.
func (x *examination) pm2Of(ctx context.Context, u *upstream) *daemon {
	if !u.Local {
		return nil
	}
	for _, p := range x.survey.Processes.List {
		title := x.isPM2(p)
		if title == "" {
			continue
		}
		home := x.pm2Home(ctx, p.PID, title)
		place := x.placeOf(ctx, p.PID)
		r, _, ok := ask(x, "host/pm2", place.Subject(home), seeing(x, place, func(v *host.View) (host.PM2, error) { return v.PM2(ctx, home) }))
		if !ok {
			continue
		}
		for _, app := range r.Apps {
			if x.keeps(app, u) {
				return &daemon{place: place, app: app, log: r.Log}
			}
		}
	}
	return nil
}

// keeps reports whether an application of PM2 is an upstream.
func (x *examination) keeps(app host.PM2App, u *upstream) bool {
	for _, ls := range [][]host.Listener{u.Before, u.After} {
		for _, id := range pids(ls) {
			if slices.Contains(app.PIDs, id) {
				return true
			}
		}
	}
	if len(u.Processes) == 0 {
		return x.savedFor(app, u)
	}
	// One that runs has a number, which may be a new one since.
	return slices.ContainsFunc(u.Processes, func(p host.Process) bool { return slices.Contains(app.PIDs, p.PID) }) ||
		slices.ContainsFunc(u.Processes, func(p host.Process) bool { return x.isPM2(p) != "" }) && x.savedFor(app, u)
}

// savedFor reports whether an application was saved with the upstream's port, or
// is called as the site is.
func (x *examination) savedFor(app host.PM2App, u *upstream) bool {
	if _, port, err := net.SplitHostPort(u.Addr); err == nil && len(app.Ports) > 0 {
		return slices.Contains(app.Ports, port)
	}
	marks := x.siteMarks()
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(app.Name), separator), func(w string) bool { return slices.Contains(marks, w) })
}

// readPM2Logs reads what a daemon and the application itself wrote. It reports
// whether there is a daemon.
func (x *examination) readPM2Logs(ctx context.Context, u *upstream) bool {
	d := x.pm2Of(ctx, u)
	if d == nil {
		return false
	}
	for _, file := range d.app.Logs[:min(len(d.app.Logs), appLogsMost)] {
		x.readAppLog(ctx, u, d.place, file)
	}
	n := len(u.AppLogs)
	x.readAppLog(ctx, u, d.place, d.log)
	for i := n; i < len(u.AppLogs); i++ {
		u.AppLogs[i].Extract.Hits = linesAbout(u.AppLogs[i].Extract.Hits, d.app.Name)
	}
	return true
}

// linesAbout keeps the lines about one application. That PM2 gives up it says of a
// script's path, right after the last end of the application (lib/God.js).
func linesAbout(hits []scan.Hit, name string) []scan.Hit {
	var own []scan.Hit
	last := ""
	for _, h := range hits {
		if !strings.HasPrefix(h.Name, "/") {
			last = h.Name
		}
		if last == name {
			own = append(own, h)
		}
	}
	return own
}
