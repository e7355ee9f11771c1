package host

import (
	"context"
	"strconv"
	"strings"
)

// Queues are counters of the namespace since it was made: connections that did
// not find room in the queue of any of its listeners.
type Queues struct {
	Overflows uint64 `json:"overflows"` // TcpExt ListenOverflows: the accept queue was full
	Drops     uint64 `json:"drops"`     // TcpExt ListenDrops: that, and any other reason
	Cookies   uint64 `json:"cookies"`   // TcpExt TCPReqQFullDoCookies: the SYN queue was full
	Refused   uint64 `json:"refused"`   // TcpExt TCPReqQFullDrop
}

// Queues reads the counters.
func (v *View) Queues(ctx context.Context) (Queues, error) {
	return within(ctx, &v.hung, "queue counters", func() (Queues, error) {
		b, err := v.netFile("netstat")
		if err != nil {
			return Queues{}, denied("queue counters", err)
		}
		c := parseNetstat(b, "TcpExt:")
		return Queues{Overflows: c["ListenOverflows"], Drops: c["ListenDrops"], Cookies: c["TCPReqQFullDoCookies"], Refused: c["TCPReqQFullDrop"]}, nil
	})
}

// parseNetstat reads two lines with the same prefix: names, then numbers
// (netstat_seq_show in net/ipv4/proc.c).
func parseNetstat(b []byte, prefix string) map[string]uint64 {
	counters := map[string]uint64{}
	var names []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != prefix {
			continue
		}
		if names == nil {
			names = f[1:]
			continue
		}
		for i, text := range f[1:] {
			if i >= len(names) || len(counters) > 1024 {
				break
			}
			if n, err := strconv.ParseUint(text, 10, 64); err == nil {
				counters[names[i]] = n
			}
		}
		return counters
	}
	return counters
}
