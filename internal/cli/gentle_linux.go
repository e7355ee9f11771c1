package cli

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// beGentle makes the process step back behind everything else on the host: one
// core, nice 10, the idle class of I/O. What the kernel refuses is left as it is.
func beGentle() {
	runtime.GOMAXPROCS(1)
	// Priorities belong to threads in Linux. New threads inherit them.
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, tid, 10)
		// ioprio_set(IOPRIO_WHO_PROCESS, tid, IOPRIO_CLASS_IDLE), linux/ioprio.h.
		const whoProcess, classIdle = 1, 3 << 13
		_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, uintptr(tid), classIdle)
	}
}
