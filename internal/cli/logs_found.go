package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/survey"
)

// noInput reports whether standard input is a terminal or /dev/null, or is not
// there: nothing was piped in.
func (s *session) noInput() bool {
	if s.Stdin == nil {
		return true
	}
	f, ok := s.Stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err != nil || info.Mode()&fs.ModeCharDevice != 0
}

// foundLogs returns the logs that the gateways of this host write, and takes
// their formats into cfg.
func foundLogs(ctx context.Context, cfg *scan.Config) ([]string, error) {
	views := host.NewViews()
	defer views.Close()
	self := host.Self()
	defer self.Close()
	found, gaps := survey.Overview(ctx, evidence.NewRecorder(&evidence.Case{}, nil), views, cfg.Dialects, survey.Options{Offline: true})
	f := formats{}
	var paths []string
	for _, g := range found.Gateways {
		if g.Place.ID() == self.Place().ID() {
			paths = append(paths, f.add(g.Dialect, g.Conf, g.Launch.Prefix)...)
		}
		paths = append(paths, g.Output...)
	}
	slices.Sort(paths)
	paths = slices.DeleteFunc(slices.Compact(paths), func(p string) bool {
		info, err := os.Stat(p)
		return err != nil || !info.Mode().IsRegular()
	})
	if len(paths) == 0 {
		err := fmt.Errorf("no log is named, and no gateway of this host writes one that can be read")
		for _, gap := range gaps {
			err = fmt.Errorf("%w; %s", err, gap.Error())
		}
		return nil, withHint(err, "goodgate logs /var/log/nginx", "goodgate logs /var/log/journal --since 2h", "zcat access.log.2.gz | goodgate logs -")
	}
	if cfg.Known == nil {
		cfg.Known = f.known
	}
	return paths, nil
}

// formats are the access logs of a configuration by the path of their file.
type formats map[string]scan.Forced

// add takes the access logs of a configuration and returns the paths of all its
// logs.
func (f formats) add(d *dialect.Dialect, conf *dialect.Conf, prefix string) []string {
	var paths []string
	for _, l := range conf.Instance.Logs {
		path := l.Path
		if l.Variable || path == "" || path == "off" || path == "stderr" || filepath.Base(path) == "null" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(prefix, path)
		}
		paths = append(paths, path)
		if l.Kind != "access" || l.Format == "" || d.Format == nil {
			continue
		}
		if log, err := d.Format(l.Format); err == nil {
			f[path] = scan.Forced{Product: d.Name, Log: log}
		}
	}
	return paths
}

// known is scan.Config's Known: by the whole path, or where the logs were copied
// elsewhere by their name.
func (f formats) known(path string) (string, dialect.Log, bool) {
	dir, name := filepath.Split(path)
	name = scan.Unrotated(name)
	if abs, err := filepath.Abs(filepath.Join(dir, name)); err == nil {
		if k, ok := f[abs]; ok {
			return k.Product, k.Log, true
		}
	}
	var found []scan.Forced
	for p, k := range f {
		if filepath.Base(p) == name {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return "", dialect.Log{}, false
	}
	return found[0].Product, found[0].Log, true
}
