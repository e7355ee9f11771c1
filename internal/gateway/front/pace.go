package front

import (
	"errors"
	"os"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// pace is how fast a client sends a body. Only the time counts for which it was waited
// for: that a server takes the body slowly is not the client's doing.
type pace struct {
	waited time.Duration
	got    int64
}

// add counts one wait and what it brought.
func (p *pace) add(waited time.Duration, n int) {
	p.waited += waited
	p.got += int64(n)
}

// left is for how long the client may be waited for now; free is true where only the
// pauses are limited. Without a limit it is 0.
func (p *pace) left(l *config.Limits, free bool) time.Duration {
	d := l.BodyTime
	if free || d <= 0 || l.BodyRate <= 0 {
		return max(d, 0)
	}
	// The first third is for whoever begins slowly.
	earned := float64(p.got) / float64(l.BodyRate) * float64(time.Second)
	if earned > float64(p.waited+d) {
		return d
	}
	return max(min(d, d/3+time.Duration(earned)-p.waited), 1)
}

// why says what ended a body that was waited for.
func (p *pace) why(err error, l *config.Limits, free bool) error {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case p.left(l, free) <= 1 && l.BodyTime > 0:
		return gateway.SlowBody("the client sends its body slower than limits.body_rate")
	}
	return gateway.SlowBody("the client sent nothing more of its body for limits.body_time")
}
