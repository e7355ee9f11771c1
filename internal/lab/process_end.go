package lab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Pid returns the process's id.
func (p *Proc) Pid() int {
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Signal sends s to the process alone.
func (p *Proc) Signal(s syscall.Signal) {
	if p.b.err == nil && p.Pid() > 0 {
		if err := syscall.Kill(p.Pid(), s); err != nil {
			p.b.fail("cannot send %v to %s: %w", s, p.name, err)
		}
	}
}

// Freeze stops the process with SIGSTOP and waits until all of its threads have
// stopped: the signal is sent at once and obeyed a little later.
func (p *Proc) Freeze() {
	p.Signal(syscall.SIGSTOP)
	p.b.until(p.name+" has stopped", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.Pid()))
		if err != nil || len(threads) == 0 {
			return false
		}
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			_, state, _ := strings.Cut(string(text), ") ")
			if err != nil || !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return true
	})
}

// End asks the process to stop and waits for it.
func (p *Proc) End() {
	p.Signal(syscall.SIGTERM)
	p.Wait()
}

// Wait waits for the end of the process.
func (p *Proc) Wait() {
	if p.b.err != nil {
		return
	}
	select {
	case <-p.ended:
	case <-p.b.ctx.Done():
		p.b.fail("cannot wait for the end of %s: %w", p.name, p.b.ctx.Err())
	}
}

// Kill ends the process's whole group at once and waits for its leader.
func (p *Proc) Kill() error {
	if p.Pid() == 0 {
		return nil
	}
	var err error
	p.once.Do(func() {
		if e := syscall.Kill(-p.Pid(), syscall.SIGKILL); e != nil && !errors.Is(e, syscall.ESRCH) {
			err = fmt.Errorf("cannot end %s: %w", p.name, e)
			return
		}
		p.stdin.Close()
		<-p.ended
		err = p.gone()
	})
	return err
}

// gone waits until the last process of the group has ended: a signal is sent at
// once and obeyed a little later.
func (p *Proc) gone() error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for {
		if errors.Is(syscall.Kill(-p.Pid(), 0), syscall.ESRCH) || !runs(p.Pid()) {
			return nil
		}
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("cannot end %s: its children do not go", p.name)
		}
	}
}

// runs reports whether a process of the group has not ended yet. What has ended
// holds nothing more, and is in the table of processes until its parent takes notice:
// the init of many a container does so every other second only.
func runs(group int) bool {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return true // nothing can be said
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has gone
		}
		// Behind the name, which may hold anything, stand state, parent and group, and
		// as the eighteenth how many threads there are (proc(5)): the first may have
		// ended before the others.
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(f) > 17 && f[2] == strconv.Itoa(group) && (f[0] != "Z" && f[0] != "X" || f[17] != "1" && f[17] != "0") {
			return true
		}
	}
	return false
}
