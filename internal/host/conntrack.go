package host

import "context"

// Conntrack is how full the connection tracking table of a network namespace is.
type Conntrack struct {
	Loaded bool `json:"loaded"` // connections are tracked at all
	Count  int  `json:"count"`
	Max    int  `json:"max"` // 0: no limit
}

// Conntrack reads how many connections the namespace tracks, and how many it may.
func (v *View) Conntrack(ctx context.Context) (Conntrack, error) {
	return within(ctx, &v.hung, "connection tracking", func() (Conntrack, error) {
		var c Conntrack
		err := v.inside(func() error {
			const dir = "/proc/sys/net/netfilter/"
			if _, err := readSmall(dir + "nf_conntrack_max"); err != nil {
				if absent(err) {
					return nil // the module is not loaded
				}
				return err
			}
			c.Max = int(number64(dir + "nf_conntrack_max"))
			c.Count = int(number64(dir + "nf_conntrack_count"))
			c.Loaded = c.Max >= 0 && c.Count >= 0
			return nil
		})
		return c, denied("connection tracking", err)
	})
}
