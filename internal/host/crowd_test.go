package host

import (
	"net"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkCrowd looks at a host with 2,000 more processes and 10,000 more
// sockets: everything that a survey and one endpoint ask. Its CPU seconds are
// those of this process, system calls included.
func BenchmarkCrowd(b *testing.B) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 11000 {
		b.Skip("needs 11,000 files: ulimit -n 11000")
	}
	for range 2000 {
		cmd := exec.Command("sleep", "600")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for range 5000 {
		c, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		s, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
	}
	v := Self()
	ask := map[string]func() error{
		"processes":   func() error { _, err := ListProcesses(b.Context()); return err },
		"listeners":   func() error { _, err := v.Listeners(b.Context()); return err },
		"connections": func() error { _, err := v.Connections(b.Context(), l.Addr().String()); return err },
		"elsewhere":   func() error { _, err := v.Connections(b.Context(), "127.0.0.1:1"); return err },
	}
	for name, f := range ask {
		b.Run(name, func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// cpu is the processor time that this process took.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
