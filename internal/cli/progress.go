package cli

import (
	"fmt"
	"sync"

	"github.com/goodgatehq/goodgate/internal/report"
)

// progress shows on standard error what is being looked at, on one line that is
// written over and gone at the end. Off a terminal it is silent.
type progress struct {
	s *session

	mu    sync.Mutex
	shown bool
	ended bool
}

// newProgress returns the progress of one command. end must be called before the
// result is printed.
func (s *session) newProgress() *progress { return &progress{s: s} }

func (p *progress) show(what string) {
	if p.s.quiet || !isTerminal(p.s.Stderr) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.shown = true
	fmt.Fprintf(p.s.Stderr, "\r\x1b[K%s", report.Cut(printable(what), p.s.style().Width-1))
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.s.Stderr, "\r\x1b[K")
	}
	p.ended = true
}
