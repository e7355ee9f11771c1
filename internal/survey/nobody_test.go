package survey

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// TestMain lets the test program survey as another user.
func TestMain(m *testing.M) {
	if url := os.Getenv("GOODGATE_SURVEY_URL"); url != "" {
		s, gaps := Find(context.Background(), evidence.NewRecorder(&evidence.Case{Started: time.Now()}, evidence.NewRedactor(nil)), host.NewViews(), dialects, url, Options{Offline: true})
		for _, m := range s.Matches {
			v, err := m.Dial.Place.Open()
			if err == nil {
				_, err = v.Dial(context.Background(), m.Dial.Network, m.Dial.Address)
			}
			fmt.Printf("match entered %v\n", err == nil)
			fmt.Printf("match %d %s %s %v workers %d version %s\n", m.Gateway.Master.PID, m.Kind, m.Dial.Address, m.Gateway.Listeners[0].Found, len(m.Gateway.Workers), m.Gateway.Conf.Instance.Version)
		}
		for _, g := range gaps {
			fmt.Printf("gap %s: %s [%s]\n", g.Source, g.Why, g.Allow)
		}
		for _, m := range s.Matches {
			for _, g := range m.Gateway.Gaps {
				fmt.Printf("gap of the gateway %s: %s [%s]\n", g.Source, g.Why, g.Allow)
			}
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// asNobody surveys as a user without any right.
func asNobody(t *testing.T, url string) string {
	t.Helper()
	needRoot(t)
	exe, err := os.Executable()
	must(t, err)
	b, err := os.ReadFile(exe)
	must(t, err)
	dir, err := os.MkdirTemp("/tmp", "ggn")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	must(t, os.WriteFile(dir+"/survey", b, 0o755))
	cmd := exec.Command(dir + "/survey")
	cmd.Env = append(os.Environ(), "GOODGATE_SURVEY_URL="+url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// Without root a gateway of root is found all the same, and what is lost is said.
func TestWithoutRoot(t *testing.T) {
	g := serve(t, `http { access_log off; server { listen 127.0.0.1:PORT; server_name gg-nobody.test; return 200 "x\n"; } }`, nil, plain)
	out := asNobody(t, g.fill("http://gg-nobody.test:PORT/", 0))
	for _, want := range []string{
		fmt.Sprintf("match %d exact 127.0.0.1:%d true workers 2 version 1.", g.pid, g.port),
		"may not be looked into [run as root",
		"its namespaces may not be read; they are taken to be goodgate's own [run as root",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	must(t, os.Chmod(g.dir+"/nginx.conf", 0o600))
	out = asNobody(t, g.fill("http://gg-nobody.test:PORT/", 0))
	if strings.Contains(out, fmt.Sprintf("match %d", g.pid)) || !strings.Contains(out, "nginx.conf: permission denied [run as root") {
		t.Errorf("a configuration that may not be read:\n%s", out)
	}
}

// A gateway in a network namespace that may not be entered is not asked in ours.
func TestWithoutRootInOtherNetwork(t *testing.T) {
	needRoot(t)
	g := serve(t, oneSite, nil, apart("ip link set lo up", syscall.CLONE_NEWNET))
	out := asNobody(t, g.fill("http://gg-apart.test:PORT/", 0))
	if !strings.Contains(out, "match entered false") || strings.Contains(out, "match entered true") || !strings.Contains(out, "none of its listeners is among the sockets here") {
		t.Errorf("it says:\n%s", out)
	}
}

// A gateway in a container that may not be entered is no reason to read the
// host's own files in the place of the container's.
func TestWithoutRootInContainer(t *testing.T) {
	needRoot(t)
	g := serve(t, oneSite, nil, apart("ip link set lo up", syscall.CLONE_NEWNET|syscall.CLONE_NEWNS|syscall.CLONE_NEWPID))
	out := asNobody(t, g.fill("http://gg-apart.test:PORT/", 0))
	if strings.Contains(out, "match") || !strings.Contains(out, "container") {
		t.Errorf("it says:\n%s", out)
	}
}
