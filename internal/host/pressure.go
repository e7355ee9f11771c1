package host

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Stall is how much of the time tasks waited for one resource: percentages of the
// last 10 and 60 seconds, and the sum since the start of the host
// (Documentation/accounting/psi.rst).
type Stall struct {
	Some10 float64 `json:"some10"` // at least one task waited
	Some60 float64 `json:"some60"`
	Full10 float64 `json:"full10"` // all tasks waited
	Full60 float64 `json:"full60"`
	Some   float64 `json:"some"` // seconds
	Full   float64 `json:"full"` // seconds
}

// Pressure is how short of processor, memory and disks a host or a group is.
// What the kernel does not tell is nil or zero.
type Pressure struct {
	When   time.Time `json:"when,omitzero"`
	CPU    *Stall    `json:"cpu,omitempty"`
	Memory *Stall    `json:"memory,omitempty"`
	IO     *Stall    `json:"io,omitempty"`

	// Of the host only.
	Cores     int     `json:"cores,omitempty"`
	Load1     float64 `json:"load1,omitempty"`
	Total     int64   `json:"total,omitempty"`     // bytes of memory
	Available int64   `json:"available,omitempty"` // that programs could have without swapping (MemAvailable)
	SwapTotal int64   `json:"swap_total,omitempty"`
	SwapFree  int64   `json:"swap_free,omitempty"`

	// Seconds of processor time since the start of the host, over all processors.
	Busy  float64 `json:"busy,omitempty"`
	Idle  float64 `json:"idle,omitempty"`
	Wait  float64 `json:"wait,omitempty"`  // idle with a read or write outstanding
	Steal float64 `json:"steal,omitempty"` // given to other guests by the hypervisor
}

// ReadPressure returns how short the host is of what programs need. PSI is left
// out where the kernel is built or started without it.
func ReadPressure(ctx context.Context) (Pressure, error) {
	return within(ctx, nil, "pressure", func() (Pressure, error) {
		p, err := readStalls(func(what string) string { return "/proc/pressure/" + what })
		if err != nil && !absent(err) && !isErrno(err, unix.EOPNOTSUPP) {
			return p, denied("pressure", fmt.Errorf("cannot read the pressure: %w", err))
		}
		p.When, p.Cores = time.Now().UTC(), runtime.NumCPU()
		if b, err := readSmall("/proc/loadavg"); err == nil {
			if f := strings.Fields(string(b)); len(f) > 0 {
				p.Load1, _ = strconv.ParseFloat(f[0], 64)
			}
		}
		if b, err := readSmall("/proc/meminfo"); err == nil {
			p.meminfo(b)
		}
		b, err := readSmall("/proc/stat")
		if err != nil {
			return p, denied("pressure", fmt.Errorf("cannot read /proc/stat: %w", err))
		}
		p.times(b)
		return p, nil
	})
}

// readStalls reads three files of pressure. It fails only where none can be read.
func readStalls(file func(what string) string) (Pressure, error) {
	var p Pressure
	var failed error
	for _, r := range []struct {
		what string
		into **Stall
	}{{"cpu", &p.CPU}, {"memory", &p.Memory}, {"io", &p.IO}} {
		b, err := readSmall(file(r.what))
		if err != nil {
			failed = err
			continue
		}
		if s, ok := parseStall(b); ok {
			*r.into = &s
		}
	}
	if p.CPU == nil && p.Memory == nil && p.IO == nil {
		return p, failed
	}
	return p, nil
}

// parseStall reads "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and the line
// "full", which older kernels do not have for the processor.
func parseStall(b []byte) (s Stall, ok bool) {
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) < 2 || f[0] != "some" && f[0] != "full" {
			continue
		}
		var ten, sixty, total float64
		for _, field := range f[1:] {
			name, value, _ := strings.Cut(field, "=")
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || n < 0 || n > 1e15 {
				continue
			}
			switch name {
			case "avg10":
				ten = min(n, 100)
			case "avg60":
				sixty = min(n, 100)
			case "total":
				total = n / 1e6
			}
		}
		if ok = true; f[0] == "some" {
			s.Some10, s.Some60, s.Some = ten, sixty, total
		} else {
			s.Full10, s.Full60, s.Full = ten, sixty, total
		}
	}
	return s, ok
}

func (p *Pressure) meminfo(b []byte) {
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if len(f) == 0 {
			continue
		}
		n, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil || n < 0 || n > 1<<50 {
			continue
		}
		switch name {
		case "MemTotal":
			p.Total = n << 10
		case "MemAvailable":
			p.Available = n << 10
		case "SwapTotal":
			p.SwapTotal = n << 10
		case "SwapFree":
			p.SwapFree = n << 10
		}
	}
}

// times reads the first line of /proc/stat: "cpu user nice system idle iowait irq
// softirq steal guest guest_nice" in ticks (proc(5)).
func (p *Pressure) times(b []byte) {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	f := strings.Fields(string(line))
	if len(f) < 5 || f[0] != "cpu" {
		return
	}
	at := func(i int) float64 {
		if i >= len(f) {
			return 0
		}
		n, err := strconv.ParseUint(f[i], 10, 64)
		if err != nil || n > 1<<60 {
			return 0
		}
		return float64(n) / ticks
	}
	p.Busy, p.Idle, p.Wait, p.Steal = at(1)+at(2)+at(3)+at(6)+at(7), at(4), at(5), at(8)
}

// Gap says why there is no pressure stall information; nil where there is some.
func (p Pressure) Gap() *evidence.Gap {
	if p.CPU != nil || p.Memory != nil || p.IO != nil {
		return nil
	}
	return &evidence.Gap{Source: "pressure", Why: "the kernel keeps no pressure stall information", Allow: "boot with psi=1"}
}
