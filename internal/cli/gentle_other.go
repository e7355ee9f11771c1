//go:build !linux

package cli

import "runtime"

// beGentle uses one core.
func beGentle() { runtime.GOMAXPROCS(1) }
