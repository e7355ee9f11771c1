package host

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"
)

// PM2 is what a PM2 daemon keeps in its folder about the applications that it runs:
// pids/NAME-ID.pid while one runs, logs/NAME-out.log and NAME-error.log, and
// dump.pm2 where somebody has saved the list (constants.js, lib/Common.js).
type PM2 struct {
	Home string   `json:"home"`
	Log  string   `json:"log"` // the daemon's own
	Apps []PM2App `json:"apps,omitempty"`
}

// PM2App is one application, by its name.
type PM2App struct {
	Name  string   `json:"name"`
	PIDs  []int    `json:"pids,omitempty"`  // as the daemon counts processes; none: it does not run
	Ports []string `json:"ports,omitempty"` // PORT of its environment, as saved
	Logs  []string `json:"logs,omitempty"`
}

const (
	pm2Apps = 128
	pm2Dump = 4 << 20
)

// PM2 reads the folder of a daemon, which asks nobody and starts nothing, unlike
// "pm2 list".
func (v *View) PM2(ctx context.Context, home string) (PM2, error) {
	p := PM2{Home: home, Log: home + "/pm2.log"}
	pids, err := v.Glob(ctx, home+"/pids/*.pid")
	if err != nil {
		return p, err
	}
	for _, file := range pids {
		data, err := v.ReadFile(ctx, file, 64)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data.Body)))
		if app := p.app(pm2Name(file, ".pid")); app != nil && err == nil && pid > 0 {
			app.PIDs = append(app.PIDs, pid)
		}
	}
	if data, err := v.ReadFile(ctx, home+"/dump.pm2", pm2Dump); err == nil {
		p.dump(data.Body)
	}
	logs, err := v.Glob(ctx, home+"/logs/*.log")
	if err != nil {
		return p, err
	}
	for _, file := range logs {
		name := pm2Name(file, ".log")
		name = strings.TrimSuffix(strings.TrimSuffix(name, "-error"), "-out")
		if app := p.app(name); app != nil && !slices.Contains(app.Logs, file) {
			app.Logs = append(app.Logs, file)
		}
	}
	return p, nil
}

// app returns the application of a name, made where there is none; nil where there
// are too many.
func (p *PM2) app(name string) *PM2App {
	name = printable(name, 128)
	for i := range p.Apps {
		if p.Apps[i].Name == name {
			return &p.Apps[i]
		}
	}
	if name == "" || len(p.Apps) == pm2Apps {
		return nil
	}
	p.Apps = append(p.Apps, PM2App{Name: name})
	return &p.Apps[len(p.Apps)-1]
}

// pm2Name takes folder, ending and the number of the instance off a file's name:
// "/root/.pm2/pids/shop-0.pid" is shop's.
func pm2Name(file, end string) string {
	name := strings.TrimSuffix(path.Base(file), end)
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			name = name[:i]
		}
	}
	return name
}

// dump reads the saved list.
func (p *PM2) dump(b []byte) {
	var saved []struct {
		Name string          `json:"name"`
		Env  map[string]any  `json:"env"`
		Port json.RawMessage `json:"PORT"`
		Out  string          `json:"pm_out_log_path"`
		Err  string          `json:"pm_err_log_path"`
	}
	if json.Unmarshal(b, &saved) != nil {
		return
	}
	for _, s := range saved {
		app := p.app(s.Name)
		if app == nil {
			continue
		}
		for _, port := range []any{s.Env["PORT"], strings.Trim(string(s.Port), `"`)} {
			text := ""
			switch n := port.(type) {
			case string:
				text = n
			case float64:
				text = strconv.FormatFloat(n, 'f', -1, 64)
			}
			if n, err := strconv.ParseUint(text, 10, 16); err == nil && n > 0 && !slices.Contains(app.Ports, text) {
				app.Ports = append(app.Ports, text)
			}
		}
		for _, log := range []string{s.Err, s.Out} {
			if log = printable(log, 4096); strings.HasPrefix(log, "/") && log != "/dev/null" && !slices.Contains(app.Logs, log) {
				app.Logs = append(app.Logs, log)
			}
		}
	}
}
