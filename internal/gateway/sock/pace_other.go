//go:build !linux

package sock

import "syscall"

// Unpaced does nothing.
func Unpaced(string, string, syscall.RawConn) error { return nil }
