package doctor

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// What a gateway writes to syslog or to its standard output is, under systemd, in
// the journal and often nowhere else. Its files have no stable format
// (systemd.journal-fields(7), journal file format), so journalctl reads them: for a
// bounded time, the newest lines of the gateway's own processes and unit only.

// journalPath stands for the journal where a log's path stands.
const journalPath = "memory:journal"

const (
	journalctl  = "/usr/bin/journalctl"
	journalMost = 20000 // lines
)

// journal is a question to the journal.
type journal struct {
	file  string    // a journal file; empty: the host's
	unit  string    // "haproxy.service"; empty: not known
	pids  []int     // whose lines
	since time.Time // zero: as far back as there is anything
}

// command is what answers the question.
func (j journal) command() []string {
	args := []string{journalctl, "--no-pager", "--quiet", "--output=export", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID", "--lines=" + strconv.Itoa(journalMost)}
	if j.file != "" {
		args = append(args, "--file="+j.file)
	}
	if !j.since.IsZero() {
		args = append(args, "--since=@"+strconv.FormatInt(j.since.Unix(), 10))
	}
	for _, pid := range j.pids {
		args = append(args, "_PID="+strconv.Itoa(pid)) // the same field twice is an "or"
	}
	if j.unit != "" {
		if len(j.pids) > 0 {
			args = append(args, "+")
		}
		args = append(args, "_SYSTEMD_UNIT="+j.unit)
	}
	return args
}

// read returns the lines, as the gateway's own log would have them. A journal that
// has none says nothing about the gateway: that is a gap.
func (j journal) read(ctx context.Context) ([]byte, error) {
	command := j.command()
	gap := func(why string) error {
		return &evidence.Gap{Source: "journal", Why: why, Allow: "run it yourself, as root or in the group systemd-journal, and give what it prints with --log FILE: " + shell(append([]string{"journalctl", "-o", "cat"}, command[5:]...))}
	}
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = 100 * time.Millisecond
	out, errs := &bounded{most: printMost}, &bounded{most: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, errs
	err := cmd.Run()
	said := clip(strings.TrimSpace(errs.String()), 300)
	switch {
	case ctx.Err() != nil:
		return nil, gap("journalctl did not end within 2 s")
	case err != nil:
		return nil, gap(strings.TrimSuffix("journalctl: "+err.Error()+": "+said, ": "))
	}
	lines, err := io.ReadAll(scan.JournalLines(out))
	switch {
	case err != nil:
		return nil, gap("what journalctl printed cannot be read: " + err.Error())
	case len(lines) == 0:
		return nil, gap(strings.TrimSuffix("it holds no line of the gateway: "+said, ": "))
	}
	return lines, nil
}

// journaled reports whether a log goes where systemd's journal takes it.
func (x *examination) journaled(l topo.Log) bool {
	return x.place.OwnMount && (strings.HasPrefix(l.Path, "syslog:/") || l.Path == "stderr" || strings.HasPrefix(l.Path, "/dev/std"))
}

// readJournal returns the gateway's lines in the journal, or those of a journal
// file that the operator named, as a file.
func (x *examination) readJournal(ctx context.Context, file string) (scan.File, error) {
	g := x.match.Gateway
	j := journal{file: file, since: x.from.Add(-time.Second), pids: []int{g.Master.PID}, unit: serviceOf(g.Master.Cgroup)}
	for _, w := range g.Workers {
		j.pids = append(j.pids, w.Process.PID)
	}
	if file != "" {
		j = journal{file: file}
	}
	key := "journal " + file
	text, ok := x.prints[key]
	if !ok {
		var err error
		if text, err = j.read(ctx); err != nil {
			return nil, err
		}
		x.prints = map[string][]byte{key: text}
	}
	return memoryFile{bytes.NewReader(text)}, nil
}

// serviceOf returns the unit that a control group belongs to:
// "/system.slice/haproxy.service".
func serviceOf(group string) string {
	if name := path.Base(group); strings.HasSuffix(name, ".service") {
		return name
	}
	return ""
}

// isJournal reports whether a path is the journal, or a file of it.
func isJournal(p string) bool { return p == journalPath || strings.HasSuffix(p, ".journal") }

// journalFile is the file to which such a path leads; empty: the host's journal.
func journalFile(p string) string {
	if p == journalPath {
		return ""
	}
	return p
}
