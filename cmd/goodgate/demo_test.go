package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/goodgatehq/goodgate/internal/lab"
)

// builtDir is where build built, for TestMain to remove.
var builtDir string

// build builds the program once, in a folder that everybody may enter.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "goodgate-built-")
	if err != nil {
		return "", err
	}
	builtDir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "goodgate-linux")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// builtProgram returns the program as it is shipped, which the test may run as any
// user and under any name.
func builtProgram(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDemoNeedsNothing runs the demonstration with an empty environment, no PATH, a
// folder of its own and, where the test may, as nobody: what a newcomer has who
// copied one file to a machine.
func TestDemoNeedsNothing(t *testing.T) {
	program := builtProgram(t)
	scenes := filepath.Join(filepath.Dir(program), "scenes")
	if err := os.Mkdir(scenes, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scenes)
	as := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		as.Credential = &syscall.Credential{Uid: lab.Nobody, Gid: lab.Nobody}
		if err := os.Chown(scenes, lab.Nobody, lab.Nobody); err != nil {
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

// TestDemoAsRootOfANamespace runs the demonstration as the root of a user namespace
// that has no other user, as in many a container: nobody can become the web user there.
func TestDemoAsRootOfANamespace(t *testing.T) {
	cmd := exec.Command(builtProgram(t), "lab", "demo")
	cmd.Env, cmd.Dir = []string{"TMPDIR=" + t.TempDir()}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		if os.Getenv("GOODGATE_TEST_ALL") != "" {
			t.Fatal(err)
		}
		t.Skipf("this host allows no user namespace (sysctl kernel.unprivileged_userns_clone=1): %v", err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "config/wrong-address") {
		t.Errorf("%v\n%s\n%s", err, out.String(), errs.String())
	}
	if text := errs.String(); !strings.Contains(text, "with one fault between them") || !strings.Contains(text, "The truth: the application listens on another port") {
		t.Errorf("the newcomer is told %q", text)
	}
	if strings.Contains(out.String(), `\u`) {
		t.Errorf("plain ASCII is full of escapes:\n%s", out.String())
	}
}
