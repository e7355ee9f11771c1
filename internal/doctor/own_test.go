package doctor

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestPatience: our own request waits a moment longer than the gateway does, within the
// budget of the mode.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		read, queue float64
		quick       bool
		want        time.Duration
	}{
		{0, 0, false, 10 * time.Second},
		{2, 0, false, 3 * time.Second},
		{60, 0, false, 10 * time.Second},
		{60, 10, false, 11 * time.Second},
		{60, 10, true, 1500 * time.Millisecond},
		{60, 120, false, 10 * time.Second},
	} {
		x := &examination{}
		x.opts.Quick = c.quick
		x.decision.Settings = topo.Settings{vocab.ReadTimeout: {Number: c.read}, vocab.QueueTimeout: {Number: c.queue}}
		if got := x.patience(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
