package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// userTasks is how many processes and threads the user of an application may have.
const userTasks = 40

func taskFaults() []Fault {
	return []Fault{
		{
			Name: "threads-user", Doc: "the application leaks threads until its user may start no more, and answers 500", Cause: vocab.PIDsExhausted, Status: 500, Also: []vocab.Cause{vocab.AppError}, Needs: []string{"nginx", "gunicorn", "setpriv", "prlimit", "root"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.gunicornAs(40000+b.Rand.IntN(20000), name, b.local(), "if os.path.exists('leak') and threading.active_count() < 200:\n    for i in range(8):\n        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\nreturn ok(start)\n")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.Write(filepath.Join("srv", name, "leak"), "")
				b.until("no thread can be started", func() bool { return n.Get(1).Status == 500 })
				return n.Scene(fmt.Sprintf("each request leaves eight threads, and the user may have %d", userTasks))
			},
		},
		{
			Name: "files-app-python", Doc: "the WSGI application leaks descriptors until it can open nothing more, its sockets to clients included", Cause: vocab.FDExhausted, Symptom: vocab.ConnectionTerminated, OrSymptom: []vocab.Symptom{""}, Status: 502, OrStatus: []int{500}, Also: []vocab.Cause{vocab.AppError, vocab.EmptyResponse}, Needs: []string{"nginx", "gunicorn"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Gunicorn(name, b.local(), "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))\nglobal leak\ntry:\n    leak\nexcept NameError:\n    leak = []\nif os.path.exists('leak'):\n    for i in range(4):\n        leak.append(open('app.py'))\nreturn ok(start)\n")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.Write(filepath.Join("srv", name, "leak"), "")
				b.until("the application has no descriptor left", func() bool { return n.Get(1).Status != 200 })
				return n.Scene("each request leaves four files open, and the process may have 48")
			},
		},
		{
			Name: "disk-app-inodes", Doc: "the file system that the application writes to has room and no inodes; it answers 500", Cause: vocab.DiskFull, Status: 500, Also: []vocab.Cause{vocab.AppError}, Needs: []string{"nginx", "node", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				name := b.Name()
				data := b.Small(filepath.Join(b.home(name), "sessions"), 16<<20, 80)
				app := b.nodeAt(name, b.local(), fmt.Sprintf(`fs.writeFile('%s/' + process.hrtime.bigint(), 'x', (e) => {
  if (e) { console.error(e); res.writeHead(500); return res.end('cannot save'); }
  res.end('ok\\n');
});`, data), "const fs = require('fs');")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.run("sh", "-c", "cd "+data+" && for i in $(seq 100); do touch old.$i || exit 0; done 2>/dev/null")
				return n.Scene("old sessions have taken every inode")
			},
		},
		{
			Name: "down-throttled-gateway", Doc: "the application was stopped, and the gateway may use a tenth of a processor, which it uses up", Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx", "cgroup:cpu"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				app.End()
				b.Group("cpu").CPU(10).Take(n.Proc)
				for range 4 {
					b.poll(n.hosts, n.url(), 5*time.Millisecond)
				}
				return n.Scene("it was stopped with SIGTERM; clients ask as fast as they are answered")
			},
		},
	}
}

// gunicornAs is Gunicorn for a user of its own, who may have userTasks processes
// and threads.
func (b *Bench) gunicornAs(uid int, name, address, body string) *Proc {
	dir := b.wsgi(name, body)
	if b.err == nil {
		if err := os.Chown(dir, uid, uid); err != nil {
			b.fail("cannot give %s to a user: %w", dir, err)
		}
	}
	id := strconv.Itoa(uid)
	args := []string{"--nproc=" + strconv.Itoa(userTasks), program("setpriv"), "--reuid", id, "--regid", id, "--clear-groups", program("gunicorn"),
		"--bind", address, "--workers", "1", "--timeout", "60", "--error-logfile", filepath.Join(dir, "gunicorn.log"), "--worker-tmp-dir", "/dev/shm", "app:app"}
	p := b.Start(command{name: name, dir: dir, path: program("prlimit"), args: args, env: []string{"PYTHONDONTWRITEBYTECODE=1"}})
	p.Addr = address
	p.listening()
	b.warm(p)
	return p
}
