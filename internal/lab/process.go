package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

// Mark is the environment variable that every process of a scene carries; its
// value is the scene's folder.
const Mark = "GOODGATE_LAB"

// Proc is a process that a bench has started, the leader of a process group.
type Proc struct {
	b     *Bench
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string   // lines of its standard output
	ended chan struct{} // closed when it has been waited for
	once  sync.Once
	Log   string // file with its standard output and error
	Addr  string // where it listens, as a proxy_pass would spell it: "127.0.0.1:3000", "unix:/…"
}

// starter starts processes from one thread that lives as long as the bench:
// PR_SET_PDEATHSIG, which ends them when the lab itself is killed, goes by the
// parent thread, and Go's others come and go (prctl(2)).
type starter struct{ jobs chan func() }

func newStarter() *starter {
	s := &starter{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *starter) start(cmd *exec.Cmd) error {
	done := make(chan error)
	s.jobs <- func() { done <- cmd.Start() }
	return <-done
}

func (s *starter) close() { close(s.jobs) }

// command is a process to be.
type command struct {
	name string // for people
	dir  string // working directory, relative to the scene's
	path string
	args []string // without the name
	argv string   // the name it runs under, when not path
	env  []string
	user bool       // run as the web user
	log  string     // file that gets its output; empty: one beside dir
	ns   bool       // with namespaces of its own
	host bool       // stay outside of the scene's namespaces
	in   *namespace // on another machine than the scene's
}

// Start runs c in the scene's namespaces, as the leader of a process group.
func (b *Bench) Start(c command) *Proc {
	p := &Proc{b: b, name: c.name, ended: make(chan struct{}), lines: make(chan string, 64)}
	if b.err != nil {
		close(p.ended)
		return p
	}
	dir := b.path(c.dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.fail("cannot start %s: %w", c.name, err)
		close(p.ended)
		return p
	}
	p.cmd = b.build(c, dir)
	p.Log = c.log
	if p.Log == "" {
		p.Log = filepath.Join(dir, "output.log")
	}
	if err := p.launch(); err != nil {
		b.fail("cannot start %s: %w", c.name, err)
		close(p.ended)
		return p
	}
	b.procs = append(b.procs, p)
	return p
}

func (b *Bench) build(c command, dir string) *exec.Cmd {
	path, args, argv := c.path, c.args, c.argv
	enter := b.enter
	if c.in != nil {
		enter = c.in.enter
	}
	drop := c.user && os.Geteuid() == 0
	if len(enter) > 0 && !c.host {
		before := append([]string{}, enter[1:]...)
		if drop {
			before = append(before, "-S", fmt.Sprint(webUser), "-G", fmt.Sprint(webUser))
		}
		args = append(append(before, path), args...)
		path, argv, drop = enter[0], "", false
	}
	cmd := exec.Command(path, args...)
	if argv != "" {
		cmd.Args[0] = argv
	}
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), Mark+"="+b.Dir, "LC_ALL=C"), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if c.ns {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS
	}
	if drop {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: webUser, Gid: webUser}
	}
	return cmd
}

// launch starts the process with pipes of our own: exec's would be closed by
// Wait while lines are still unread.
func (p *Proc) launch() error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	in, stdin, err := os.Pipe()
	if err != nil {
		log.Close()
		return err
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		return errors.Join(err, log.Close(), in.Close(), stdin.Close())
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr, p.stdin = in, out, log, stdin
	err = p.b.starter.start(p.cmd)
	in.Close()
	out.Close()
	if err != nil {
		return errors.Join(err, log.Close(), stdin.Close(), stdout.Close())
	}
	go func() {
		defer stdout.Close()
		defer log.Close()
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			fmt.Fprintln(log, lines.Text())
			select {
			case p.lines <- lines.Text():
			default: // nobody waits for so many
			}
		}
	}()
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return nil
}

// expect waits for a line of standard output that begins with prefix.
func (p *Proc) expect(prefix string) *Proc {
	for p.b.err == nil {
		select {
		case line := <-p.lines:
			if strings.HasPrefix(line, prefix) {
				return p
			}
		case <-p.ended:
			p.b.fail("cannot start %s: it ended: %s", p.name, tail(p.Log))
		case <-p.b.ctx.Done():
			p.b.fail("cannot wait for %s: %w: %s", p.name, p.b.ctx.Err(), tail(p.Log))
		}
	}
	return p
}

// until waits for ok, asking whenever something may have changed.
func (b *Bench) until(what string, ok func() bool) {
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for b.err == nil && !ok() {
		select {
		case <-tick.C:
		case <-b.ctx.Done():
			b.fail("cannot wait until %s: %w", what, b.ctx.Err())
		}
	}
}

// listening waits until p accepts connections where it says it listens.
func (p *Proc) listening() *Proc {
	p.b.until(p.name+" listens at "+p.Addr, func() bool {
		select {
		case <-p.ended:
			p.b.fail("cannot start %s: it ended: %s", p.name, tail(p.Log))
			return true
		default:
		}
		c, err := p.b.dial(p.b.ctx, p.Addr)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
	return p
}

// Order changes what a backend does and waits until it has obeyed.
func (p *Proc) Order(o backend.Order) {
	if p.b.err != nil {
		return
	}
	line, err := json.Marshal(o)
	if err == nil {
		_, err = fmt.Fprintf(p.stdin, "%s\n", line)
	}
	if err != nil {
		p.b.fail("cannot give an order to %s: %w", p.name, err)
		return
	}
	p.expect(backend.Done)
}

// run executes a command of the operator in the scene's namespaces and waits for
// it.
func (b *Bench) run(name string, args ...string) {
	if b.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	all := append(append(append([]string{}, b.enter...), name), args...)
	out, err := exec.CommandContext(ctx, all[0], all[1:]...).CombinedOutput()
	if err != nil {
		b.fail("cannot run %s: %w: %s", strings.Join(all, " "), err, out)
	}
}

// tail returns the end of a log, for error messages.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(text) > 600 {
		text = text[len(text)-600:]
	}
	return string(text)
}
