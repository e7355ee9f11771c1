package lab

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Nobody is the user id of an operator without any rights.
const Nobody = 65534

// Command returns what an operator types on the scene's machine. As Nobody, or
// any other user, it has no rights but those; that takes root. A negative uid
// keeps the rights of the caller.
func (s Scene) Command(ctx context.Context, uid int, name string, args ...string) *exec.Cmd {
	all := append([]string{name}, args...)
	if len(s.Enter) > 0 {
		enter := append([]string{}, s.Enter...)
		if uid >= 0 {
			enter = append(enter, "-S", strconv.Itoa(uid), "-G", strconv.Itoa(uid))
		}
		all = append(enter, all...)
	}
	cmd := exec.CommandContext(ctx, all[0], all[1:]...)
	if uid >= 0 && len(s.Enter) == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	cmd.Dir = "/"
	for _, v := range os.Environ() {
		if uid < 0 || !strings.HasPrefix(v, "HOME=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// Arguments returns what an operator adds to "diagnose URL" for f in this scene.
func (s Scene) Arguments(f Fault) []string {
	var args []string
	for _, a := range append(append([]string{}, f.Args...), s.Args...) {
		args = append(args, strings.ReplaceAll(a, ConfigArg, s.Config))
	}
	return args
}
