package backend

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Hold makes the process the holder of the namespaces that it was started in:
// they live as long as it does.
type Hold struct {
	Binds [][2]string `json:"binds,omitempty"` // file to mount, and over which: {"/tmp/x/hosts", "/etc/hosts"}
}

// prepare mounts the files. Nothing of it is seen outside of this process's mount
// namespace.
func (h *Hold) prepare() error {
	if len(h.Binds) == 0 {
		return nil
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot keep mounts private: %w", err)
	}
	for _, b := range h.Binds {
		if err := unix.Mount(b[0], b[1], "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("cannot mount %s over %s: %w", b[0], b[1], err)
		}
	}
	return nil
}
