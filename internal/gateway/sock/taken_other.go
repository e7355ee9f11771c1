//go:build !linux

package sock

// Taken cannot tell here.
func (s *Conn) Taken() (int64, bool) { return 0, false }
