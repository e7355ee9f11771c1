// Package host asks the kernel what runs here and what is reachable: processes,
// sockets, files, routes, firewall rules, kernel messages. It reads only, forks
// nothing and needs no root: what may not be read is a gap with the command that
// would allow it.
//
// Everything is seen through a View, which is a mount namespace with its root
// and a network namespace: those of goodgate itself, or those of another
// process. Every answer is a plain struct that survives JSON, because it is
// recorded and replayed.
package host

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// allowRoot is what a person does to let goodgate see more.
const allowRoot = "run as root: sudo goodgate diagnose …"

// denied turns a refusal by the kernel into a gap, and leaves other errors as
// they are.
func denied(source string, err error) error {
	if err == nil {
		return nil
	}
	var gap *evidence.Gap
	if errors.As(err, &gap) {
		return err
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return &evidence.Gap{Source: source, Why: "permission denied", Allow: allowRoot}
	}
	return err
}

// gone reports whether err says that a process or file is not there (any more).
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || errors.Is(err, os.ErrProcessDone)
}

// printable bounds a text that a stranger wrote and removes what no name holds:
// NUL and invalid UTF-8. Escaping for a terminal is the business of the output.
func printable(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
