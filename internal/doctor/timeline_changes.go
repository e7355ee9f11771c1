package doctor

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// changedFiles are the files whose times say when an application was changed.
type changedFiles struct {
	List []host.FileInfo `json:"list,omitempty"`
}

const (
	changedMost  = 64                     // files that are looked at for one application
	changedShown = 2                      // of them, the newest
	changedTime  = 600 * time.Millisecond // for one application
)

// lookAtChanges asks when the files of each upstream's application were changed,
// and those that decide how names resolve. It reads no contents.
func (x *examination) lookAtChanges(ctx context.Context) {
	if x.opts.Quick || x.past() {
		return
	}
	for _, u := range x.upstreams {
		if len(u.Processes) > 0 {
			p := u.Processes[0]
			x.noteChanges(ctx, u.Addr, EventDeploy, "a file of the application was changed", x.placeOf(ctx, p.PID), func(v *host.View) []string { return filesOf(ctx, v, p) })
		}
	}
	if len(x.names()) > 0 {
		x.noteChanges(ctx, "names", EventNames, "a file that decides how names resolve was changed", x.place, func(*host.View) []string {
			return []string{"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf"}
		})
	}
}

func (x *examination) noteChanges(ctx context.Context, subject string, kind EventKind, what string, place host.Place, files func(*host.View) []string) {
	found, _, err := evidence.Ask(x.rec, "doctor/changes", place.Subject(subject), seeing(x, place, func(v *host.View) (changedFiles, error) {
		ctx, cancel := context.WithTimeout(ctx, changedTime)
		defer cancel()
		return statAll(ctx, v, files(v)), nil
	}))
	if err != nil {
		return // what is not known of the past is no gap in what is known of now
	}
	slices.SortStableFunc(found.List, func(a, b host.FileInfo) int { return b.Modified.Compare(a.Modified) })
	for i, f := range found.List {
		if i == changedShown {
			break
		}
		one := Event{When: f.Modified, Kind: kind, What: what, Where: f.Path}
		if !slices.Contains(x.changed, one) { // two servers may be of one folder
			x.changed = append(x.changed, one)
		}
	}
}

func statAll(ctx context.Context, v *host.View, paths []string) changedFiles {
	var found changedFiles
	for i, p := range paths {
		if i == changedMost || ctx.Err() != nil {
			break
		}
		if info, err := v.Stat(ctx, p); err == nil && !info.Missing && info.Kind == "file" {
			found.List = append(found.List, info)
		}
	}
	return found
}

// filesOf lists the files that make an application: its program, the files that its
// arguments name, and what lies in its working folder. What it writes itself while
// it runs is left out.
func filesOf(ctx context.Context, v *host.View, p host.Process) []string {
	var all []string
	add := func(file string) {
		if file != "" && !slices.Contains(all, file) && !writes(file) {
			all = append(all, path.Clean(file))
		}
	}
	add(p.Exe)
	for _, a := range p.Args[min(1, len(p.Args)):] {
		switch {
		case strings.HasPrefix(a, "-") || strings.ContainsAny(a, "*?[\n"):
		case strings.HasPrefix(a, "/"):
			add(a)
		case p.Cwd != "" && path.Ext(a) != "":
			add(path.Join(p.Cwd, a))
		case p.Cwd != "":
			module, _, _ := strings.Cut(a, ":") // gunicorn app:app
			add(path.Join(p.Cwd, strings.ReplaceAll(module, ".", "/")+".py"))
		}
	}
	if p.Cwd != "" && p.Cwd != "/" && !strings.HasPrefix(p.Cwd, "/proc") {
		if files, err := v.Glob(ctx, path.Join(globEscape(p.Cwd), "*")); err == nil {
			for _, f := range files {
				add(f)
			}
		}
	}
	return all
}

// globEscape keeps the signs of a pattern in a folder's name from being one.
func globEscape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// writes reports whether a file is one that applications write while they run.
func writes(file string) bool {
	switch path.Ext(file) {
	case ".log", ".pid", ".sock", ".lock", ".tmp", ".swp", ".db", ".sqlite", ".sqlite3", ".db-wal", ".db-shm", ".pyc", ".out", ".err":
		return true
	}
	return strings.Contains(path.Base(file), ".log.")
}
