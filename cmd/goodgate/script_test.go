package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// The lab runs copies of the program under the names of its applications,
	// which testscript does not know.
	if len(os.Args) > 2 && os.Args[1] == "lab" && os.Args[2] == "backend" {
		main()
	}
	testscript.Main(cleaned{m}, map[string]func(){"goodgate": main})
}

// cleaned removes what the tests built.
type cleaned struct{ m *testing.M }

func (c cleaned) Run() int {
	code := c.m.Run()
	if builtDir != "" {
		os.RemoveAll(builtDir)
	}
	return code
}

// TestScripts runs testdata/script: what the command line promises. A script sees
// no terminal, no colour and an ASCII locale unless it says otherwise.
func TestScripts(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where Debian keeps nginx
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "nginx" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			_, err := exec.LookPath("nginx")
			if err != nil && os.Getenv("GOODGATE_TEST_ALL") != "" {
				return false, fmt.Errorf("nginx is not installed, and GOODGATE_TEST_ALL allows no skip: scripts/install-peers nginx")
			}
			return err == nil, nil
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("LC_ALL", "C")
			env.Setenv("NO_COLOR", "")
			now := time.Now()
			env.Setenv("ERRTIME", now.Format("2006/01/02 15:04:05"))
			env.Setenv("CLFTIME", now.Format("02/Jan/2006:15:04:05 -0700"))
			port, err := freePort()
			env.Setenv("PORT", port)
			return err
		},
	})
}

// freePort returns a port of loopback on which nobody listens.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// exits runs a program and demands an exit code: "exits 3 goodgate diagnose …".
// testscript itself tells only success from failure.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("cannot run %s: %v", args[1], err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
