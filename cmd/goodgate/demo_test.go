package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/goodgatehq/goodgate/internal/lab"
)

// TestDemoNeedsNothing runs the demonstration with an empty environment, no PATH, a
// folder of its own and, where the test may, as nobody: what a newcomer has who
// copied one file to a machine.
func TestDemoNeedsNothing(t *testing.T) {
	dir, err := os.MkdirTemp("", "goodgate-demo-") // everybody must be able to run it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, scenes := filepath.Join(dir, "goodgate-linux"), filepath.Join(dir, "scenes")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Mkdir(scenes, 0o700); err != nil {
		t.Fatal(err)
	}
	as := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		as.Credential = &syscall.Credential{Uid: lab.Nobody, Gid: lab.Nobody}
		if err := os.Chown(scenes, lab.Nobody, lab.Nobody); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ scene, says string }{
		{"", "CONFIRMED  The gateway forwards"},
		{"goodgate-hung-sigstop", "process/upstream-hung"},
		{"goodgate-crash-panic", "process/upstream-crashed"},
		{"goodgate-healthy-one-of-two", "HEALTHY"},
	} {
		args := []string{"lab", "demo"}
		if c.scene != "" {
			args = append(args, c.scene)
		}
		cmd := exec.Command(program, args...)
		cmd.Env, cmd.Dir, cmd.SysProcAttr = []string{"TMPDIR=" + scenes}, "/", as
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), c.says) {
			t.Errorf("%q: %v, want %q in\n%s\n%s", c.scene, err, c.says, out.String(), errs.String())
		}
	}
	if left, err := os.ReadDir(scenes); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
