package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/goodgatehq/goodgate/internal/vocab"
	"golang.org/x/sys/unix"
)

// pressureRoot returns where groups of version 2 are made, which keep pressure
// (PSI) also where version 1 has the controllers; empty where there are none.
func pressureRoot() string {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(dir, "cgroup.subtree_control")); err == nil {
			if _, err := os.ReadFile("/proc/pressure/memory"); err == nil {
				return dir
			}
		}
	}
	return ""
}

// Watched moves a process and its children into a group whose pressure the kernel
// keeps. A group of version 2 with a limit is one already.
func (b *Bench) Watched(p *Proc, also *group) {
	if b.err != nil || also != nil && also.two {
		return
	}
	g := &group{b: b, two: true, dir: filepath.Join(pressureRoot(), filepath.Base(b.Dir)+"-"+p.name)}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		b.fail("cannot make a control group: %w", err)
		return
	}
	b.after = append(b.after, func() error { return removeGroup(g.dir) })
	g.Take(p)
}

// data makes a file of some megabytes that is on the disk and not in memory, so
// that who reads it first is charged for its pages.
func (b *Bench) data(path string, megabytes int) string {
	path = b.path(path)
	if b.err != nil {
		return path
	}
	f, err := os.Create(path)
	if err == nil {
		defer f.Close()
		block := make([]byte, 1<<20)
		for i := range megabytes {
			for at := range block {
				block[at] = byte(at + i)
			}
			if _, err = f.Write(block); err != nil {
				break
			}
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	}
	if err != nil {
		b.fail("cannot make %s: %w", path, err)
	}
	return path
}

// Disk allows the group bytes a second from the disk that holds path.
func (g *group) Disk(path string, bytes int) *group {
	if g.b.err != nil {
		return g
	}
	device, err := diskOf(path)
	if err != nil {
		g.b.fail("cannot limit a disk: %w", err)
		return g
	}
	g.set("blkio.throttle.read_bps_device", "", device+" "+strconv.Itoa(bytes))
	return g.set("", "io.max", device+" rbps="+strconv.Itoa(bytes))
}

// diskOf returns the device with the file system of path, which is a disk or a
// part of one: limits are set for disks only.
func diskOf(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", err
	}
	device := fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	dir, err := filepath.EvalSymlinks("/sys/dev/block/" + device)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir + "/partition"); err != nil {
		return device, nil
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "dev"))
	return strings.TrimSpace(string(b)), err
}

// reader is the body of a WSGI application that reads pages of its data at random
// through its own mapping.
func reader(file string, pages int) string {
	return fmt.Sprintf(`import mmap, random
global table
try:
    table
except NameError:
    fd = os.open(%q, os.O_RDONLY)
    table = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    table.madvise(mmap.MADV_RANDOM)
    for round in range(2):
        for at in range(0, len(table), 4096):
            table[at]
for i in range(%d):
    table[random.randrange(len(table) // 4096) * 4096]
return ok(start)
`, file, pages)
}

func pressureFaults() []Fault {
	return []Fault{
		{
			Name: "memory-group", Doc: "the limit of the application's control group was lowered: nothing is killed, and all of it waits for memory", Cause: vocab.MemoryPressure, Symptom: vocab.ConnectionReadTimeout, Status: 504,
			Also: []vocab.Cause{vocab.UpstreamSlow, vocab.IOSaturated}, Needs: []string{"nginx", "gunicorn", "cgroup:memory", "cgroup:blkio", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				b.home(name)
				file := b.data(filepath.Join("srv", name, "prices.db"), 128)
				g := b.Group("memory")
				app := b.Gunicorn(name, b.local(), reader(file, 30000), "--timeout", "60")
				b.Watched(app, g)
				g.Take(app)
				s := b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")
				b.warm(app)
				n := b.Gateway(s).from(app.Addr).Remember(40, func() float64 { return 0.06 + b.Rand.Float64()/30 }).Run().Served(2)
				b.Group("blkio").Take(app).Disk(file, 20<<20)
				g.Memory(48 << 20)
				return n.Scene("its table has 128 MB and its group 48; its volume reads 20 MB a second")
			},
		},
		{
			Name: "slow-full-heap", Doc: "the application got slow, and its heap of a fixed size nearly fills its control group, as it always did", Cause: vocab.UpstreamSlow, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "gunicorn", "cgroup:memory", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				g := b.Group("memory").Memory(96 << 20)
				app := b.Gunicorn(name, b.local(), "global heap\ntry:\n    heap\nexcept NameError:\n    heap = b'x' * (62 << 20)\nif os.path.exists('slow'):\n    time.sleep(1.5)\nreturn ok(start)\n", "--timeout", "60")
				b.Watched(app, g)
				g.Take(app)
				b.warm(app)
				n := b.Gateway(b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).from(app.Addr).Remember(40, func() float64 { return 0.02 + b.Rand.Float64()/50 }).Run().Served(2)
				b.Write(filepath.Join("srv", name, "slow"), "")
				n.Get(2)
				return n.Quiet("something that it calls got slow")
			},
		},
		{
			Name: "slow-beside-backup", Doc: "the application got slow for a reason of its own, while a backup in its control group waits for the disk", Cause: vocab.UpstreamSlow, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "gunicorn", "cgroup:blkio", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Gunicorn(name, b.local(), "if os.path.exists('slow'):\n    time.sleep(1.5)\nreturn ok(start)\n", "--timeout", "60")
				n := b.Gateway(b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).from(app.Addr).Remember(40, func() float64 { return 0.02 + b.Rand.Float64()/50 }).Run().Served(2)
				b.backup(b.Name(), app)
				b.Write(filepath.Join("srv", name, "slow"), "")
				n.Get(2)
				return n.Quiet("something that it calls got slow; the backup is innocent")
			},
		},
		{
			Name: "io-group", Doc: "the application may read little from its disk and waits for it", Cause: vocab.IOSaturated, Symptom: vocab.ConnectionReadTimeout, Status: 504, Also: []vocab.Cause{vocab.UpstreamSlow}, Needs: []string{"nginx", "gunicorn", "cgroup:blkio", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				b.home(name)
				file := b.data(filepath.Join("srv", name, "archive.bin"), 32)
				g := b.Group("blkio")
				app := b.Gunicorn(name, b.local(), fmt.Sprintf("import random\nfd = os.open(%q, os.O_RDONLY)\nos.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)\nfor i in range(40):\n    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)\n    os.pread(fd, 16384, random.randrange(1900) * 16384)\nos.close(fd)\nreturn ok(start)\n", file), "--timeout", "60")
				b.Watched(app, g)
				g.Take(app)
				n := b.Gateway(b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).from(app.Addr).Remember(40, func() float64 { return 0.02 + b.Rand.Float64()/50 }).Run().Served(2)
				g.Disk(file, 64<<10)
				return n.Scene("a request reads 640 kB, and its disk gives it 64 kB a second")
			},
		},
		{
			Name: "hung-disk-sleep", Doc: "the application's only worker is in one uninterruptible sleep, as on a dead network file system", Cause: vocab.UpstreamHung, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "gunicorn", "netns", "fuse"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				name := b.Name()
				store := b.DeadDisk(filepath.Join(b.home(name), "store"))
				app := b.gunicornAt(name, b.local(), fmt.Sprintf("if os.path.exists('use'):\n    os.stat(%q)\nreturn ok(start)\n", store+"/cart"), "--timeout", "60")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).Run().Served(2)
				b.Write(filepath.Join("srv", name, "use"), "")
				return n.Scene("nobody serves the file system at " + store)
			},
		},
	}
}

// backup starts a process that reads a file from a slow disk again and again, in
// the group of an application or in one of its own.
func (b *Bench) backup(name string, beside *Proc) {
	file := b.data(filepath.Join("srv", name+".tar"), 8)
	p := b.Start(command{name: name, path: "/bin/sh", dir: filepath.Join("backup", name), args: []string{"-c",
		fmt.Sprintf("echo ready; while :; do dd if=%s of=/dev/null bs=16k iflag=direct 2>/dev/null; done", file)}}).expect("ready")
	b.Group("blkio").Take(p).Disk(file, 64<<10)
	if beside != nil {
		b.Watched(beside, nil)
		b.join(p, beside)
		return
	}
	b.Watched(p, nil)
}

// join moves a process into the group that keeps another's pressure.
func (b *Bench) join(p, other *Proc) {
	g := &group{b: b, two: true, dir: filepath.Join(pressureRoot(), filepath.Base(b.Dir)+"-"+other.name)}
	g.Take(p)
}

// warm makes one request that may take its time.
func (b *Bench) warm(p *Proc) {
	if b.err == nil {
		if a := b.ask(b.ctx, nil, "GET", "http://"+p.Addr+"/", 0); a.Status != 200 {
			b.fail("cannot warm up %s: %d %v", p.name, a.Status, a.Err)
		}
	}
}

// gunicornAt is Gunicorn for a scene with a machine of its own, which a process
// enters at the root.
func (b *Bench) gunicornAt(name, address, body string, args ...string) *Proc {
	return b.Gunicorn(name, address, body, append([]string{"--chdir", b.home(name)}, args...)...)
}

// DeadDisk mounts a file system of which no file ever comes, in the scene's
// machine: FUSE without a server. Who touches it sleeps uninterruptibly, and can
// be killed (fuse_get_req in fs/fuse/dev.c waits for the server's first answer).
func (b *Bench) DeadDisk(dir string) string {
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
	// The mount takes the descriptor from the one who mounts; the shell that keeps
	// it open keeps the file system.
	b.run("mount", "--make-rprivate", "/")
	p := b.Start(command{name: "fuse", dir: "fuse", path: "/bin/sh", args: []string{"-c",
		fmt.Sprintf("exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other lab %s && echo ready && exec sleep 3600", dir)}})
	p.expect("ready")
	return dir
}

func haveFuse() bool {
	fd, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	syscall.Close(fd)
	return true
}
