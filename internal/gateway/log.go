package gateway

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/event"
)

// accessLog writes records of exchanges. Lines are gathered for a moment, so that
// a busy gateway writes many with one call; a line that tells of a failure goes at
// once.
type accessLog struct {
	path     string
	combined bool
	urgent   chan struct{}
	stop     chan struct{}
	done     chan struct{}

	mu      sync.Mutex
	buf     []byte
	spare   []byte
	lost    int64 // lines that could not be written
	waiting bool  // the writer knows that there is something

	fmu  sync.Mutex
	file *os.File
	torn bool // the file ends within a line
}

const (
	gather  = 20 * time.Millisecond // for how long lines are gathered
	maxLog  = 4 << 20               // bytes that wait for a disk that does not take them
	pieceOf = 64 << 10              // written without waiting longer
)

func openLog(c config.AccessLog) (*accessLog, error) {
	if c.File == "" {
		return nil, nil
	}
	l := &accessLog{path: c.File, combined: c.Format == "combined", urgent: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	f, err := l.open()
	if err != nil {
		return nil, err
	}
	l.file = f
	go l.run()
	return l, nil
}

func (l *accessLog) open() (*os.File, error) {
	if l.path == "-" {
		return os.Stdout, nil
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("cannot open the access log: %w", err)
	}
	return f, nil
}

// reopen opens the file anew, after a rotation.
func (l *accessLog) reopen() error {
	f, err := l.open()
	if err != nil {
		return err
	}
	l.fmu.Lock()
	old := l.file
	l.file, l.torn = f, false
	l.fmu.Unlock()
	if old != os.Stdout {
		old.Close()
	}
	return nil
}

func (l *accessLog) write(x *event.Exchange) {
	l.mu.Lock()
	if len(l.buf) > maxLog {
		l.lost++
		l.mu.Unlock()
		return
	}
	if l.combined {
		l.buf = x.AppendCombined(l.buf)
	} else {
		l.buf = x.AppendJSON(l.buf)
	}
	wake := !l.waiting || x.Failed() || len(l.buf) > pieceOf
	l.waiting = true
	l.mu.Unlock()
	if wake {
		select {
		case l.urgent <- struct{}{}:
		default:
		}
	}
}

// run writes what was gathered, until stop.
func (l *accessLog) run() {
	defer close(l.done)
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-l.urgent:
		case <-l.stop:
			l.flush()
			return
		}
		// The first line of a burst wakes the writer; it waits a moment for the
		// others unless one is urgent.
		t.Reset(gather)
		select {
		case <-t.C:
		case <-l.urgent:
		case <-l.stop:
			l.flush()
			return
		}
		l.flush()
	}
}

func (l *accessLog) flush() {
	l.mu.Lock()
	b := l.buf
	l.buf, l.waiting = l.spare[:0], false
	l.spare = nil
	l.mu.Unlock()
	if len(b) > 0 {
		l.fmu.Lock()
		n := l.put(b)
		l.fmu.Unlock()
		if n < len(b) {
			l.mu.Lock()
			l.lost += int64(bytes.Count(b[n:], []byte("\n")))
			l.mu.Unlock()
		}
	}
	l.mu.Lock()
	if cap(b) <= 1<<20 {
		l.spare = b[:0]
	}
	l.mu.Unlock()
}

// put writes b and returns how much of it was. A line that was cut, because the disk
// was full, is ended before the next one.
func (l *accessLog) put(b []byte) int {
	if l.torn {
		if _, err := l.file.Write([]byte("\n")); err != nil {
			return 0
		}
		l.torn = false
	}
	n, _ := l.file.Write(b)
	l.torn = n > 0 && b[n-1] != '\n'
	return n
}

func (l *accessLog) close() error {
	close(l.stop)
	<-l.done
	if l.path == "-" {
		return nil
	}
	return l.file.Close()
}
