package host

import (
	"context"
	"strconv"
	"strings"
)

// Interface is what one network interface counted since it was made.
type Interface struct {
	Name     string `json:"name"`
	Received uint64 `json:"received"` // packets
	Sent     uint64 `json:"sent"`
	Errors   uint64 `json:"errors"` // damaged packets, both ways, broken frames and carrier losses included
	Dropped  uint64 `json:"dropped"`
}

// Interfaces reads the counters of the namespace's interfaces, at most 256.
func (v *View) Interfaces(ctx context.Context) ([]Interface, error) {
	return within(ctx, &v.hung, "network interfaces", func() ([]Interface, error) {
		b, err := v.netFile("dev")
		if err != nil {
			return nil, denied("network interfaces", err)
		}
		return parseNetDev(b), nil
	})
}

// parseNetDev reads /proc/net/dev (dev_seq_printf_stats in net/core/net-procfs.c):
// bytes packets errs drop fifo frame compressed multicast, then bytes packets errs
// drop fifo colls carrier compressed.
func parseNetDev(b []byte) []Interface {
	var list []Interface
	for line := range strings.Lines(string(b)) {
		name, rest, ok := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if !ok || len(f) < 16 || len(list) == 256 {
			continue
		}
		n := make([]uint64, 16)
		for i := range n {
			n[i], _ = strconv.ParseUint(f[i], 10, 64)
		}
		list = append(list, Interface{
			Name: printable(strings.TrimSpace(name), 64), Received: n[1], Sent: n[9], Errors: n[2] + n[10], Dropped: n[3] + n[11],
		})
	}
	return list
}
