//go:build !linux

package sock

import "syscall"

// NewPipe fails: there is no splice.
func NewPipe() (*Pipe, error) { return nil, ErrNoPipe }

// Close does nothing.
func (p *Pipe) Close() {}

func move(int, int, int) (int, syscall.Errno) { return 0, syscall.ENOSYS }
