package host

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Clock is how far the host's clock can be trusted.
type Clock struct {
	Now      time.Time `json:"now"`
	Boot     time.Time `json:"boot"`               // by the clock as it is now
	Unsynced bool      `json:"unsynced,omitempty"` // nothing keeps it right, as far as the kernel knows
	Error    float64   `json:"error,omitempty"`    // seconds by which it may be wrong, as who keeps it says
}

// ReadClock asks the kernel for its clock. It sets nothing.
func ReadClock(ctx context.Context) (Clock, error) {
	return within(ctx, nil, "clock", func() (Clock, error) {
		c := Clock{Now: time.Now().UTC(), Boot: bootTime()}
		var t unix.Timex // Modes 0: read only (adjtimex(2))
		state, err := unix.Adjtimex(&t)
		if err != nil {
			return c, denied("clock", fmt.Errorf("cannot ask for the clock: %w", err))
		}
		c.Unsynced = state == timeError || t.Status&unix.STA_UNSYNC != 0
		c.Error = float64(t.Maxerror) / 1e6
		return c, nil
	})
}

// timeError is TIME_ERROR of adjtimex(2).
const timeError = 5

// Jumped reports by how much the clock was set between two looks: what the wall
// clock moved beyond what went by since boot.
func (c Clock) Jumped(later Clock) time.Duration { return later.Boot.Sub(c.Boot) }
