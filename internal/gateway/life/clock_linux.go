package life

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// reloading is the message that begins a reload (sd_notify(3), Type=notify-reload).
func reloading() string {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return "RELOADING=1"
	}
	return "RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(t.Nano()/1000, 10)
}
