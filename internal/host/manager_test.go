package host

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// The values are those that systemd 252 answered for its own journald and for a
// unit that it does not know; no systemd runs where the tests do.
func TestUnitReadsWhatSystemdAnswers(t *testing.T) {
	var u Unit
	u.take(map[string]dbus.Variant{
		"LoadState": dbus.MakeVariant("loaded"), "ActiveState": dbus.MakeVariant("active"), "SubState": dbus.MakeVariant("running"),
		"FragmentPath": dbus.MakeVariant("/lib/systemd/system/systemd-journald.service"), "NeedDaemonReload": dbus.MakeVariant(false),
	})
	u.take(map[string]dbus.Variant{
		"Result": dbus.MakeVariant("success"), "Restart": dbus.MakeVariant("always"), "MainPID": dbus.MakeVariant(uint32(38)), "NRestarts": dbus.MakeVariant(uint32(0)),
		"ExecMainStartTimestamp": dbus.MakeVariant(uint64(1795167084459514)), "ExecMainExitTimestamp": dbus.MakeVariant(uint64(0)), "ExecMainCode": dbus.MakeVariant(int32(0)),
		"LimitNOFILE": dbus.MakeVariant(uint64(524288)), "TasksMax": dbus.MakeVariant(uint64(28909)), "MemoryMax": dbus.MakeVariant(uint64(1<<64 - 1)),
		"PrivateTmp": dbus.MakeVariant(false), "Environment": dbus.MakeVariant([]string{"PORT=3000"}),
		"ExecStart": dbus.MakeVariant([][]any{{"/lib/systemd/systemd-journald", []string{"/lib/systemd/systemd-journald"}, false, uint64(0)}}),
	})
	if u.ActiveState != "active" || u.MainPID != 38 || u.Files != 524288 || u.Restart != "always" || !u.Ended.IsZero() || u.Started.Year() != 2026 ||
		!slices.Equal(u.Exec, []string{"/lib/systemd/systemd-journald"}) || !u.Mentions("3000") || u.Mentions("300") {
		t.Errorf("%+v", u)
	}
}

func TestNoSystemdIsAGap(t *testing.T) {
	if _, err := os.Stat("/run/systemd/private"); err == nil {
		t.Skip("systemd runs here")
	}
	_, err := Self().Units(t.Context(), []string{"a.service"})
	var gap *evidence.Gap
	if !errors.As(err, &gap) || gap.Source != "systemd" {
		t.Fatalf("%v", err)
	}
}

func TestUnitOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/system.slice/shop.service":                                        "shop.service",
		"/system.slice/system-php.slice/php@7.service/worker":               "php@7.service",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/a.service": "a.service",
		"/user.slice/user-1000.slice/session-3.scope":                       "",
		"/": "", "": "", "../../x.service": "x.service",
	} {
		if got := UnitOf(cgroup); got != want {
			t.Errorf("%q: %q, want %q", cgroup, got, want)
		}
	}
}

// A manager may say anything: what has another type is left out.
func FuzzUnitTake(f *testing.F) {
	f.Add("NRestarts", "three", int64(-1))
	f.Add("ExecStart", "x", int64(1))
	f.Fuzz(func(t *testing.T, name, text string, n int64) {
		for _, value := range []any{text, n, uint64(n), int32(n), uint32(n), []string{text}, [][]any{{text, []string{text}}, {}}, true} {
			var u Unit
			u.take(map[string]dbus.Variant{name: dbus.MakeVariant(value), "Result": dbus.MakeVariant(text)})
			if strings.Contains(u.Result, "\x00") || u.Status < 0 {
				t.Fatalf("%+v", u)
			}
		}
	})
}

// The answers are written after the Engine API's reference (1.43): no engine runs
// where the tests do. The server, its socket and the requests are real.
const (
	engineID      = "8dfafdbc3a40aa1b5b1cbd2cbf2d2b8c0f3e1e1f7a4d1a2b3c4d5e6f70819203"
	engineList    = `[{"Id":"` + engineID + `","Names":["/shop-app-1"],"Image":"shop:7","State":"exited","Status":"Exited (137) 2 minutes ago","Labels":{"com.docker.compose.service":"app"},"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],"NetworkSettings":{"Networks":{"back":{"IPAddress":"172.20.0.3"}}}},{"Id":"short","State":"running"}]`
	engineInspect = `{"RestartCount":4,"State":{"Status":"exited","OOMKilled":true,"ExitCode":137,"StartedAt":"2026-03-03T03:00:00.5Z","FinishedAt":"2026-03-03T03:10:00Z","Health":{"Status":"unhealthy"}}}`
)

func engine(t *testing.T, answers map[string]string) func(context.Context) (net.Conn, error) {
	t.Helper()
	socket := filepath.Join(shortDir(t), "d.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if !ok || r.Method != http.MethodGet {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(text))
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return func(ctx context.Context) (net.Conn, error) { return Self().Dial(ctx, "unix", socket) }
}

func TestContainers(t *testing.T) {
	got, err := engineContainers(t.Context(), engine(t, map[string]string{"/containers/json": engineList, "/containers/" + engineID + "/json": engineInspect}))
	if err != nil || len(got.List) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	c := got.List[0]
	if c.Name != "shop-app-1" || c.Service != "app" || c.State != "exited" || !c.OOMKilled || c.ExitCode != 137 || c.Restarts != 4 || c.Health != "unhealthy" ||
		c.Networks["back"] != "172.20.0.3" || c.PublishedAs(8080) != 80 || c.PublishedAs(80) != 0 || c.Finished.Minute() != 10 {
		t.Errorf("%+v", c)
	}
	for name, answers := range map[string]map[string]string{"404": {}, "no JSON": {"/containers/json": "<html>"}, "cut": {"/containers/json": engineList[:90]}} {
		_, err := engineContainers(t.Context(), engine(t, answers))
		var gap *evidence.Gap
		if !errors.As(err, &gap) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = engineContainers(t.Context(), func(ctx context.Context) (net.Conn, error) {
		return Self().Dial(ctx, "unix", filepath.Join(t.TempDir(), "none"))
	})
	var gap *evidence.Gap
	if !errors.As(err, &gap) || !strings.Contains(gap.Why, "no container engine") {
		t.Errorf("no engine: %v", err)
	}
}

func FuzzContainers(f *testing.F) {
	f.Add(engineList, engineInspect)
	f.Add(`[{"Ports":[{"PublicPort":-1}],"Names":[""]}]`, `{"State":{"StartedAt":"x"}}`)
	f.Fuzz(func(t *testing.T, list, detail string) {
		var rows []engineRow
		var d engineDetail
		_ = json.Unmarshal([]byte(list), &rows)
		_ = json.Unmarshal([]byte(detail), &d)
		for _, r := range rows {
			c := r.container()
			c.inspect(d)
			if len(c.Name) > 160 || strings.Contains(c.State, "\x00") {
				t.Fatalf("%+v", c)
			}
			c.PublishedAs(80)
		}
	})
}
