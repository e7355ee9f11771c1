package host

import (
	"context"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// KernelEvent is what the kernel said about the end of a process.
type KernelEvent struct {
	When time.Time `json:"when"` // accurate to seconds: the kernel's log clock drifts and stands still in suspend
	Kind string    `json:"kind"` // "segfault", "trap", "oom", "killed" (by a cgroup's limit)
	PID  int       `json:"pid"`
	Comm string    `json:"comm"`
	Text string    `json:"text"`
}

// KernelEvents is what the kernel's log holds about processes, oldest first.
type KernelEvents struct {
	List []KernelEvent `json:"list,omitempty"`
	From time.Time     `json:"from,omitzero"` // the oldest line that the log still holds
}

// RedactWith cleans the texts.
func (k *KernelEvents) RedactWith(r *evidence.Redactor) {
	for i := range k.List {
		k.List[i].Text = r.Text(k.List[i].Text)
	}
}

// ReadKernel returns the last 200 events since a time from the kernel's log.
func ReadKernel(ctx context.Context, since time.Time) (KernelEvents, error) {
	return KernelEvents{}, errUnwritten
} // UNWRITTEN
