package cli

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// unglobbed writes a path as the pattern that only it matches: journalctl takes one
// (safe_glob with GLOB_BRACE).
var unglobbed = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`, `}`, `\}`, `\`, `\\`)

// beside is by how much an entry may be younger than the time in its line; the lines
// themselves are judged exactly.
const beside = time.Minute

// openJournal has journalctl print a file of systemd's journal, whose format is
// private to it (journalctl(1)). What it prints is read as it comes, never kept.
func openJournal(path string, since, until time.Time) (io.ReadCloser, error) {
	program, err := exec.LookPath("journalctl")
	if err != nil {
		return nil, fmt.Errorf("it is a file of systemd's journal, and journalctl, which alone reads it, is not here (%w): where it is, journalctl --file=%s -o export >FILE, and goodgate logs FILE", err, path)
	}
	args := []string{"--no-pager", "--quiet", "--output=export", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID,_HOSTNAME", "--file=" + unglobbed.Replace(path)}
	if !since.IsZero() {
		args = append(args, "--since=@"+strconv.FormatInt(since.Add(-beside).Unix(), 10))
	}
	if !until.IsZero() {
		args = append(args, "--until=@"+strconv.FormatInt(until.Add(beside).Unix(), 10))
	}
	p := &journalPrint{cmd: exec.Command(program, args...)}
	p.cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	p.cmd.Stderr = &p.said
	if p.out, err = p.cmd.StdoutPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start journalctl: %w", err)
	}
	return p, nil
}

// journalPrint is what journalctl prints.
type journalPrint struct {
	cmd   *exec.Cmd
	out   io.ReadCloser
	said  firstWords // complaints
	ended error
}

// Read returns what was printed. At its end it says whether that is all.
func (p *journalPrint) Read(b []byte) (int, error) {
	if p.ended != nil {
		return 0, p.ended
	}
	n, err := p.out.Read(b)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	p.ended = io.EOF
	if err := p.cmd.Wait(); err != nil {
		p.ended = fmt.Errorf("journalctl: %s", strings.TrimSuffix(err.Error()+": "+strings.TrimSpace(string(p.said)), ": "))
	}
	return n, p.ended
}

// Close ends journalctl where it still prints.
func (p *journalPrint) Close() error {
	if p.ended == nil {
		p.ended = io.ErrClosedPipe
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	return nil
}

// firstWords keeps the first of what is written.
type firstWords []byte

func (w *firstWords) Write(b []byte) (int, error) {
	*w = append(*w, b[:min(len(b), 300-min(300, len(*w)))]...)
	return len(b), nil
}
