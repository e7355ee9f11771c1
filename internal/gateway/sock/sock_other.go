//go:build !linux

package sock

import "syscall"

const supported = false

const raced = false

func receive(uintptr, []byte, bool) (int, syscall.Errno) { return 0, syscall.ENOSYS }
func send(uintptr, []byte, []byte) (int, syscall.Errno)  { return 0, syscall.ENOSYS }
func over(uintptr) bool                                  { return false }
