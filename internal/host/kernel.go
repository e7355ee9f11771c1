package host

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/pattern"
)

// KernelEvent is what the kernel said about the end of a process.
type KernelEvent struct {
	When time.Time `json:"when"` // accurate to seconds: the kernel's log clock drifts and stands still in suspend
	Kind string    `json:"kind"` // "segfault", "trap", "oom", "cgroup-oom", "conntrack-full", "queue-full"
	PID  int       `json:"pid,omitempty"`
	Comm string    `json:"comm,omitempty"`
	Text string    `json:"text"`

	Group string `json:"group,omitempty"` // of an OOM kill: the memory cgroup of the process
	UID   int    `json:"uid,omitempty"`   // of an OOM kill: whose process it was
	Port  int    `json:"port,omitempty"`  // of "queue-full": the listener's
	Net   string `json:"net,omitempty"`   // of "conntrack-full": the network namespace, as in a Place; older kernels do not tell
}

// KernelEvents is what the kernel's log holds about processes, oldest first.
type KernelEvents struct {
	List []KernelEvent `json:"list,omitempty"`
	From time.Time     `json:"from,omitzero"` // the oldest line that the log still holds

	constraint KernelEvent // the record that precedes an OOM kill and names the cgroup
}

// RedactWith cleans the texts.
func (k *KernelEvents) RedactWith(r *evidence.Redactor) {
	for i := range k.List {
		k.List[i].Text = r.Text(k.List[i].Text)
	}
}

const (
	maxEvents    = 200
	maxRecords   = 200_000 // of the kernel's log; the largest buffer holds fewer
	kernelRecord = 8 << 10 // CONSOLE_EXT_LOG_MAX
)

// ReadKernel returns the last 200 events since a time from the kernel's log.
func ReadKernel(ctx context.Context, since time.Time) (KernelEvents, error) {
	var answer KernelEvents
	boot := logClock()
	err := readKmsg(ctx, func(record []byte) { answer.take(record, boot, since) })
	return answer, err
}

// readKernelLines returns the last 200 texts of the kernel's log that want wants.
func readKernelLines(ctx context.Context, want func(text string) bool) ([]string, error) {
	var lines []string
	err := readKmsg(ctx, func(record []byte) {
		text, _, ok := parseRecord(record)
		if !ok || !want(text) {
			return
		}
		if len(lines) == maxEvents {
			lines = append(lines[:0], lines[1:]...)
		}
		lines = append(lines, text)
	})
	return lines, err
}

// readKmsg hands every record of the kernel's log to take, which must not keep it.
func readKmsg(ctx context.Context, take func(record []byte)) error {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return &evidence.Gap{Source: "kernel log", Why: "/dev/kmsg: " + err.Error(), Allow: "sudo dmesg -T; or " + allowRoot}
	}
	defer unix.Close(fd)
	buf := make([]byte, kernelRecord)
	for range maxRecords {
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR || err == unix.EPIPE: // EPIPE: the record was overwritten meanwhile
			continue
		case err == unix.EAGAIN || err == nil && n == 0:
			return nil
		case err != nil:
			return &evidence.Gap{Source: "kernel log", Why: err.Error(), Allow: "sudo dmesg -T; or " + allowRoot}
		case ctx.Err() != nil:
			return ctx.Err()
		}
		take(buf[:n])
	}
	return nil
}

// logClock returns when the clock of the kernel's log was zero. That clock is
// close to CLOCK_MONOTONIC.
func logClock() time.Time {
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono); err != nil {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(mono.Nano())).UTC()
}

// take reads one record and keeps it where it tells of a process.
func (k *KernelEvents) take(record []byte, boot, since time.Time) {
	text, after, ok := parseRecord(record)
	if !ok {
		return
	}
	when := boot.Add(after).Truncate(time.Millisecond)
	if k.From.IsZero() {
		k.From = when
	}
	if when.Before(since) {
		return
	}
	if c, ok := parseConstraint(text); ok {
		k.constraint = c
		return
	}
	e, ok := parseEvent(text)
	if !ok {
		return
	}
	if e.PID > 0 && e.PID == k.constraint.PID {
		e.Group, e.UID = k.constraint.Group, k.constraint.UID
	}
	e.When = when
	if k.repeats(e) {
		return
	}
	if len(k.List) == maxEvents {
		k.List = append(k.List[:0], k.List[1:]...)
	}
	k.List = append(k.List, e)
}

// repeats reports whether a table was full a moment ago already: the kernel says so
// for packet after packet, and what it says of processes must not be pushed out.
func (k *KernelEvents) repeats(e KernelEvent) bool {
	if e.Kind != "conntrack-full" {
		return false
	}
	return slices.ContainsFunc(k.List, func(old KernelEvent) bool {
		return old.Kind == e.Kind && old.Net == e.Net && e.When.Sub(old.When) < 10*time.Second
	})
}

// parseRecord reads "priority,sequence,microseconds,flags;text\n" and drops what
// follows (Documentation/ABI/testing/dev-kmsg). Records of another facility than
// the kernel's were written by programs.
func parseRecord(b []byte) (text string, after time.Duration, ok bool) {
	head, rest, ok := bytes.Cut(b, []byte(";"))
	f := strings.Split(string(head), ",")
	if !ok || len(f) < 3 {
		return "", 0, false
	}
	priority, err := strconv.Atoi(f[0])
	if err != nil || priority>>3 != 0 {
		return "", 0, false
	}
	micros, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || micros < 0 || micros > int64(200*365*24*time.Hour/time.Microsecond) {
		return "", 0, false
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return printable(string(line), 1024), time.Duration(micros) * time.Microsecond, true
}

var (
	// show_signal_msg in arch/x86/mm/fault.c and show_signal in arch/x86/kernel/traps.c;
	// other architectures print "name[pid]: unhandled signal".
	segfaultLine = pattern.New(`^(.{0,32})\[(\d+)\]: (?:segfault at|unhandled (?:signal|exception|page fault|level))`)
	trapLine     = pattern.New(`^traps: (.{0,32})\[(\d+)\] (?:trap |general protection)`)
	// oom_kill_process in mm/oom_kill.c.
	killedLine = pattern.New(`^(Memory cgroup out of memory|Out of memory(?: \(oom_kill_allocating_task\))?): Kill(?:ed)? process (\d+) \((.{0,32})\)`)
	// dump_oom_victim in mm/oom_kill.c: "oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/a,task=node,pid=7,uid=33".
	constraintLine = pattern.New(`^oom-kill:constraint=.*,task_memcg=(.*),task=.*,pid=(\d+),uid=(\d+)$`)
	netnsWord      = pattern.New(` in netns (\d+), `)
	// tcp_syn_flood_action in net/ipv4/tcp_input.c.
	floodLine = pattern.New(`Possible SYN flooding on port (?:\S+:)?(\d+)\.`)
)

// parseConstraint reads the record that the kernel writes before it kills.
func parseConstraint(text string) (KernelEvent, bool) {
	m := constraintLine().FindStringSubmatch(text)
	if m == nil {
		return KernelEvent{}, false
	}
	e := KernelEvent{Group: m[1]}
	e.PID, _ = strconv.Atoi(m[2])
	e.UID, _ = strconv.Atoi(m[3])
	return e, true
}

// parseShortage recognises what the kernel says when a table of it is full.
func parseShortage(text string) (KernelEvent, bool) {
	switch {
	case strings.HasPrefix(text, "nf_conntrack: ") && strings.Contains(text, "table full") && strings.HasSuffix(text, "dropping packet"): // nf_conntrack_core.c
		e := KernelEvent{Kind: "conntrack-full", Text: text}
		if m := netnsWord().FindStringSubmatch(text); m != nil {
			e.Net = "net:[" + m[1] + "]"
		}
		return e, true
	case strings.Contains(text, "Possible SYN flooding on port "):
		if m := floodLine().FindStringSubmatch(text); m != nil {
			port, err := strconv.Atoi(m[1])
			return KernelEvent{Kind: "queue-full", Port: port, Text: text}, err == nil && port < 1<<16
		}
	}
	return KernelEvent{}, false
}

// parseEvent recognises what the kernel says about a process that it ends.
func parseEvent(text string) (KernelEvent, bool) {
	e := KernelEvent{Text: text}
	var pid string
	switch {
	case strings.Contains(text, "]: segfault at ") || strings.Contains(text, "]: unhandled "):
		m := segfaultLine().FindStringSubmatch(text)
		if m == nil {
			return e, false
		}
		e.Kind, e.Comm, pid = "segfault", m[1], m[2]
	case strings.HasPrefix(text, "traps: "):
		m := trapLine().FindStringSubmatch(text)
		if m == nil {
			return e, false
		}
		e.Kind, e.Comm, pid = "trap", m[1], m[2]
	case strings.Contains(text, "ut of memory"):
		m := killedLine().FindStringSubmatch(text)
		if m == nil {
			return e, false
		}
		e.Kind, pid, e.Comm = "oom", m[2], m[3]
		if strings.HasPrefix(m[1], "Memory cgroup") {
			e.Kind = "cgroup-oom"
		}
	default:
		return parseShortage(text)
	}
	n, err := strconv.Atoi(pid)
	if err != nil {
		return e, false
	}
	e.PID = n
	return e, true
}

// String says the event in a line.
func (e KernelEvent) String() string {
	return fmt.Sprintf("%s %s", e.When.Format(time.RFC3339), e.Text)
}
