package host

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// patience is how long one read may take. A dead network file system, or a
// process whose memory map is locked, can hold a reader for ever.
const patience = 200 * time.Millisecond

// maxHung bounds the threads that hang in abandoned reads of one view: the Go
// runtime ends a program that has too many threads.
const maxHung = 16

// within runs read and abandons it when it takes too long: the answer is then a
// gap, and what the read returns in the end is dropped. hung, where it is not
// nil, counts the abandoned reads that have not come back.
func within[T any](ctx context.Context, hung *atomic.Int32, source string, read func() (T, error)) (T, error) {
	var zero T
	if hung != nil && hung.Load() >= maxHung {
		return zero, &evidence.Gap{Source: source, Why: "too many reads hang already; this one was not begun"}
	}
	type answer struct {
		result T
		err    error
	}
	const running, finished, abandoned = 0, 1, 2
	var state atomic.Int32
	done := make(chan answer, 1)
	go func() {
		result, err := read()
		if !state.CompareAndSwap(running, finished) && hung != nil {
			hung.Add(-1)
		}
		done <- answer{result, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	why := "the read did not come back within " + patience.String()
	select {
	case a := <-done:
		return a.result, a.err
	case <-ctx.Done():
		why = ctx.Err().Error()
	case <-timer.C:
	}
	if state.CompareAndSwap(running, abandoned) {
		if hung != nil {
			hung.Add(1)
		}
		return zero, &evidence.Gap{Source: source, Why: why}
	}
	a := <-done
	return a.result, a.err
}
