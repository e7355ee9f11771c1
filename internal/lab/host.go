package lab

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// group is a control group of the scene, with a limit on one resource.
type group struct {
	b   *Bench
	dir string
	two bool // version 2
}

// groupRoot returns the folder in which groups with a controller are made, and
// whether it is version 2; empty where this host has none that may be written.
func groupRoot(controller string) (dir string, two bool) {
	if b, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers"); err == nil && strings.Contains(" "+strings.TrimSpace(string(b))+" ", " "+controller+" ") {
		if on, err := os.ReadFile("/sys/fs/cgroup/cgroup.subtree_control"); err == nil && strings.Contains(string(on), controller) {
			return "/sys/fs/cgroup", true
		}
	}
	for _, dir := range []string{"/sys/fs/cgroup/" + controller, "/sys/fs/cgroup/" + controller + ",cpuacct", "/sys/fs/cgroup/net_cls,net_prio"} {
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil && strings.Contains(dir, controller) {
			return dir, false
		}
	}
	return "", false
}

// Group makes a control group for one controller. It is removed with the bench.
func (b *Bench) Group(controller string) *group {
	g := &group{b: b}
	if b.err != nil {
		return g
	}
	root, two := groupRoot(controller)
	g.dir, g.two = filepath.Join(root, filepath.Base(b.Dir)+"-"+controller), two
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		b.fail("cannot make a control group: %w", err)
		return g
	}
	b.after = append(b.after, func() error { return removeGroup(g.dir) })
	return g
}

// removeGroup removes a group as soon as the kernel has let go of its processes,
// which have been ended before.
func removeGroup(dir string) error {
	late := time.After(10 * time.Second)
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("cannot remove a control group: %w", err)
		}
	}
}

// set writes a limit, one file name for each version.
func (g *group) set(one, two, value string) *group {
	name := one
	if g.two {
		name = two
	}
	if g.b.err != nil || name == "" {
		return g
	}
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(value), 0o644); err != nil {
		g.b.fail("cannot set a limit: %w", err)
	}
	return g
}

// Take moves a process and all of its children into the group.
func (g *group) Take(p *Proc) *group {
	if g.b.err != nil {
		return g
	}
	for _, pid := range append(childrenOf(p.Pid()), p.Pid()) {
		if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
			g.b.fail("cannot move process %d into a control group: %w", pid, err)
		}
	}
	return g
}

// Memory allows the group bytes of memory, and no swap where that can be said.
func (g *group) Memory(bytes int) *group {
	g.set("memory.limit_in_bytes", "memory.max", strconv.Itoa(bytes))
	if _, err := os.Stat(filepath.Join(g.dir, "memory.swap.max")); err == nil {
		g.set("", "memory.swap.max", "0")
	}
	return g
}

// Tasks allows the group n processes and threads.
func (g *group) Tasks(n int) *group { return g.set("pids.max", "pids.max", strconv.Itoa(n)) }

// CPU allows the group percent of one processor.
func (g *group) CPU(percent int) *group {
	g.set("cpu.cfs_period_us", "", "100000")
	g.set("cpu.cfs_quota_us", "", strconv.Itoa(percent*1000))
	return g.set("", "cpu.max", strconv.Itoa(percent*1000)+" 100000")
}

func childrenOf(pid int) []int {
	var all []int
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for _, f := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(f); err == nil {
			all = append(append(all, childrenOf(child)...), child)
		}
	}
	return all
}

// limited returns c started with a limit that ulimit knows: "-n" for descriptors.
func limited(c command, flag string, n int) command {
	words := []string{"-c", fmt.Sprintf(`ulimit %s %d; exec "$0" "$@"`, flag, n), c.path}
	c.args = append(words, c.args...)
	c.path, c.argv = "/bin/sh", ""
	return c
}

// RunWith is Run with an edit of the main configuration before nginx starts.
func (n *Nginx) RunWith(edit func(main string) string) *Gateway {
	n.write()
	n.b.edit(n.conf, edit)
	n.b.age(n.conf, 50*time.Hour)
	n.past()
	return n.begin()
}

// half begins a request and never ends its header, until the bench is closed: it
// holds one connection of the gateway.
func (b *Bench) half(hosts map[string]string, target string) {
	if b.err != nil {
		return
	}
	c, u, err := b.connect(b.ctx, hosts, target)
	if err != nil {
		b.fail("cannot ask for %s: %w", target, err)
		return
	}
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), u.Host)
	b.hold(c)
}

// hold keeps something open until the bench is closed.
func (b *Bench) hold(c io.Closer) {
	b.pollers.Add(1)
	go func() {
		defer b.pollers.Done()
		<-b.life.Done()
		c.Close()
	}()
}

// plainly makes the location pass requests to address with nothing kept.
func (s *Site) plainly(address string) *Site {
	s.Pass = fmt.Sprintf("proxy_pass http://%s;\n", address)
	return s
}

// fillUp begins requests until one gets status, at most most of them.
func (g *Gateway) fillUp(status, most int) {
	var got []string
	for range most {
		if g.b.err != nil {
			return
		}
		a := g.Get(1)
		if a.Status == status {
			return
		}
		got = append(got, fmt.Sprintf("%d %v", a.Status, a.Err))
		g.b.half(g.hosts, g.url())
	}
	g.b.fail("cannot use up the gateway: no request got %d: %v: %s", status, got[max(0, len(got)-4):], g.said())
}

// Small mounts a file system of its own, of some bytes, inside of the scene's
// machine, which must have been made before. The mount ends with the machine.
func (b *Bench) Small(dir string, bytes, inodes int) string {
	dir = b.path(dir)
	if b.err != nil {
		return dir
	}
	if len(b.enter) == 0 {
		b.fail("cannot mount: the scene has no machine of its own")
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.fail("cannot mount: %w", err)
		return dir
	}
	options := fmt.Sprintf("size=%d,mode=0777", bytes)
	if inodes > 0 {
		options += ",nr_inodes=" + strconv.Itoa(inodes)
	}
	b.run("mount", "--make-rprivate", "/")
	b.run("mount", "-t", "tmpfs", "-o", options, "lab", dir)
	return dir
}

// stuff fills a file system of the scene's machine with one file, as far as
// bytes; it may end before.
func (b *Bench) stuff(file string, bytes int) {
	if b.err != nil {
		return
	}
	all := append(append([]string{}, b.enter...), "dd", "if=/dev/zero", "of="+file, "bs=4096", "count="+strconv.Itoa(bytes/4096))
	if out, err := exec.CommandContext(b.ctx, all[0], all[1:]...).CombinedOutput(); err != nil && !strings.Contains(string(out), "No space left") {
		b.fail("cannot fill %s: %w: %s", file, err, out)
	}
}

// post sends count bodies of some size to the target and returns the last answer.
func (g *Gateway) post(count, body int) Answer {
	var last Answer
	for range count {
		if g.b.err == nil {
			last = g.b.ask(g.b.ctx, g.hosts, http.MethodPost, g.url(), body)
		}
	}
	return last
}
