package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Unit is a systemd service as its manager tells (org.freedesktop.systemd1(5)).
type Unit struct {
	Name        string    `json:"name"`
	LoadState   string    `json:"load_state,omitempty"` // "loaded", "not-found", "masked", …
	ActiveState string    `json:"active_state"`         // "active", "activating", "deactivating", "inactive", "failed"
	SubState    string    `json:"sub_state"`            // "running", "auto-restart", "dead", …
	Result      string    `json:"result,omitempty"`     // "success", "exit-code", "signal", "core-dump", "oom-kill", "timeout", "start-limit-hit", …
	File        string    `json:"file,omitempty"`
	Restarts    uint32    `json:"restarts,omitempty"` // by systemd itself, since it was last started by hand
	Restart     string    `json:"restart,omitempty"`  // when it is started again: "no", "always", "on-failure", …
	MainPID     int       `json:"main_pid,omitempty"` // as the manager counts processes
	Code        int       `json:"code,omitempty"`     // how the last main process ended: 1 exited, 2 killed, 3 dumped (CLD_*); 0: it runs
	Status      int       `json:"status,omitempty"`   // its exit status or signal
	Started     time.Time `json:"started,omitzero"`   // the last main process
	Ended       time.Time `json:"ended,omitzero"`     // the last main process, where it ended
	PrivateTmp  bool      `json:"private_tmp,omitempty"`
	Files       uint64    `json:"files,omitempty"` // LimitNOFILE; the greatest number stands for no limit, as below
	TasksMax    uint64    `json:"tasks_max,omitempty"`
	MemoryMax   uint64    `json:"memory_max,omitempty"`
	Reload      bool      `json:"reload,omitempty"` // its file is newer than what systemd has loaded
	Exec        []string  `json:"exec,omitempty"`   // the arguments of ExecStart
	Env         []string  `json:"env,omitempty"`    // Environment
}

// RedactWith removes secrets from arguments and environment.
func (u *Unit) RedactWith(r *evidence.Redactor) {
	u.Exec = r.Args(u.Exec)
	for i, e := range u.Env {
		u.Env[i] = r.Text(e)
	}
}

// Units is what a manager answered.
type Units struct {
	List []Unit `json:"list,omitempty"`
}

// RedactWith removes secrets from arguments and environments.
func (u *Units) RedactWith(r *evidence.Redactor) {
	for i := range u.List {
		u.List[i].RedactWith(r)
	}
}

const (
	busPatience = time.Second // of one conversation with a manager
	maxUnits    = 24          // whose properties are asked for
	allowBus    = "systemctl status UNIT; or " + allowRoot
)

// UnitOf returns the name of the service or scope in the path of a control group:
// "/system.slice/shop.service" gives "shop.service". Empty: none.
func UnitOf(cgroup string) string {
	for dir := path.Clean("/" + cgroup); dir != "/"; dir = path.Dir(dir) {
		if base := path.Base(dir); strings.HasSuffix(base, ".service") && !strings.HasPrefix(base, "user@") {
			return base
		}
	}
	return ""
}

// Units asks the view's systemd for services by name. Where nothing else may be
// asked it is a gap.
func (v *View) Units(ctx context.Context, names []string) (Units, error) {
	return v.manager(ctx, func(ctx context.Context, m dbus.BusObject, c *dbus.Conn) (Units, error) {
		return unitsNamed(ctx, c, m, names)
	})
}

// UnitsNotRunning asks the view's systemd for the services that failed, start
// again or ended, of which choose wants to know more. It is given name and active
// state of each.
func (v *View) UnitsNotRunning(ctx context.Context, choose func(name, state string) bool) (Units, error) {
	return v.manager(ctx, func(ctx context.Context, m dbus.BusObject, c *dbus.Conn) (Units, error) {
		var rows [][]any
		states := []string{"failed", "activating", "deactivating", "inactive"}
		if err := m.CallWithContext(ctx, managerName+".Manager.ListUnitsByPatterns", 0, states, []string{"*.service"}).Store(&rows); err != nil {
			return Units{}, err
		}
		var names []string
		for _, r := range rows {
			if len(r) < 5 || len(names) == maxUnits {
				continue
			}
			name, _ := r[0].(string)
			state, _ := r[3].(string)
			if choose(name, state) {
				names = append(names, name)
			}
		}
		return unitsNamed(ctx, c, m, names)
	})
}

const managerName = "org.freedesktop.systemd1"

// manager opens a conversation with systemd: over its own socket, which only root
// may use and which needs no bus, else over the system bus.
func (v *View) manager(ctx context.Context, ask func(context.Context, dbus.BusObject, *dbus.Conn) (Units, error)) (Units, error) {
	ctx, cancel := context.WithTimeout(ctx, busPatience)
	defer cancel()
	var failed error
	for _, socket := range []string{"/run/systemd/private", "/run/dbus/system_bus_socket"} {
		conn, err := v.Dial(ctx, "unix", socket)
		if err != nil {
			if failed == nil || !gone(err) {
				failed = err
			}
			continue
		}
		units, err := converse(ctx, conn, strings.Contains(socket, "bus_socket"), ask)
		if err == nil {
			return units, nil
		}
		failed = err
	}
	if gone(failed) {
		return Units{}, &evidence.Gap{Source: "systemd", Why: "no systemd runs there"}
	}
	var gap *evidence.Gap
	if errors.As(denied("systemd", failed), &gap) {
		return Units{}, gap
	}
	return Units{}, &evidence.Gap{Source: "systemd", Why: printable(failed.Error(), 200), Allow: allowBus}
}

func converse(ctx context.Context, conn net.Conn, bus bool, ask func(context.Context, dbus.BusObject, *dbus.Conn) (Units, error)) (Units, error) {
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	c, err := dbus.NewConn(conn, dbus.WithContext(ctx))
	if err != nil {
		conn.Close()
		return Units{}, fmt.Errorf("cannot speak to systemd: %w", err)
	}
	defer c.Close()
	if err := c.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
		return Units{}, fmt.Errorf("cannot authenticate to systemd: %w", err)
	}
	if bus {
		if err := c.Hello(); err != nil {
			return Units{}, fmt.Errorf("cannot join the system bus: %w", err)
		}
	}
	return ask(ctx, c.Object(managerName, "/org/freedesktop/systemd1"), c)
}

// unitsNamed asks for the properties of units. One that systemd does not know is
// answered with LoadState "not-found".
func unitsNamed(ctx context.Context, c *dbus.Conn, m dbus.BusObject, names []string) (Units, error) {
	var answer Units
	for _, name := range names[:min(len(names), maxUnits)] {
		var at dbus.ObjectPath
		if err := m.CallWithContext(ctx, managerName+".Manager.LoadUnit", 0, name).Store(&at); err != nil {
			return answer, err
		}
		u := Unit{Name: printable(name, 256)}
		for _, kind := range []string{"Unit", "Service"} {
			var all map[string]dbus.Variant
			if err := c.Object(managerName, at).CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, managerName+"."+kind).Store(&all); err != nil {
				return answer, err
			}
			u.take(all)
		}
		answer.List = append(answer.List, u)
	}
	return answer, nil
}

// take reads properties. A type that is not the expected one is left out.
func (u *Unit) take(all map[string]dbus.Variant) {
	text := func(name string, into *string) {
		if s, ok := all[name].Value().(string); ok {
			*into = printable(s, 4096)
		}
	}
	text("LoadState", &u.LoadState)
	text("ActiveState", &u.ActiveState)
	text("SubState", &u.SubState)
	text("FragmentPath", &u.File)
	text("Result", &u.Result)
	text("Restart", &u.Restart)
	number := func(name string) (uint64, bool) {
		switch n := all[name].Value().(type) {
		case uint64:
			return n, true
		case uint32:
			return uint64(n), true
		case int32:
			return uint64(max(0, n)), true
		}
		return 0, false
	}
	for name, into := range map[string]*uint64{"LimitNOFILE": &u.Files, "TasksMax": &u.TasksMax, "MemoryMax": &u.MemoryMax} {
		if n, ok := number(name); ok {
			*into = n
		}
	}
	for name, into := range map[string]*int{"MainPID": &u.MainPID, "ExecMainCode": &u.Code, "ExecMainStatus": &u.Status} {
		if n, ok := number(name); ok {
			*into = int(n & 0x7fffffff)
		}
	}
	if n, ok := number("NRestarts"); ok {
		u.Restarts = uint32(n)
	}
	for name, into := range map[string]*time.Time{"ExecMainStartTimestamp": &u.Started, "ExecMainExitTimestamp": &u.Ended} {
		if n, ok := number(name); ok && n > 0 && n < 1<<55 {
			*into = time.UnixMicro(int64(n)).UTC()
		}
	}
	if b, ok := all["PrivateTmp"].Value().(bool); ok {
		u.PrivateTmp = b
	}
	if b, ok := all["NeedDaemonReload"].Value().(bool); ok {
		u.Reload = b
	}
	if list, ok := all["Environment"].Value().([]string); ok {
		for _, e := range list[:min(len(list), 64)] {
			u.Env = append(u.Env, printable(e, 1024))
		}
	}
	if rows, ok := all["ExecStart"].Value().([][]any); ok {
		for _, r := range rows[:min(len(rows), 8)] {
			if len(r) < 2 {
				continue
			}
			args, _ := r[1].([]string)
			for _, a := range args[:min(len(args), 128)] {
				u.Exec = append(u.Exec, printable(a, 1024))
			}
		}
	}
}

// Mentions reports whether the unit's command or environment names a word, such
// as the port that its application is to listen at.
func (u Unit) Mentions(word string) bool {
	for _, list := range [][]string{u.Exec, u.Env} {
		for _, text := range list {
			if slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":=/ ,'\"[]", r) }), word) {
				return true
			}
		}
	}
	return false
}
