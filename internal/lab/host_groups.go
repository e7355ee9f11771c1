package lab

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// single starts a Node application that works on one request at a time and lets
// backlog more wait: a request for /export keeps it for ten minutes.
func (b *Bench) single(name, address string, backlog int) *Proc {
	dir := b.home(name)
	host, port, _ := strings.Cut(address, ":")
	b.Write(filepath.Join(dir, "server.js"), fmt.Sprintf(`const http = require('http');
const server = http.createServer((req, res) => {
  if (req.url === '/export') { require('fs').writeFileSync('busy', ''); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600000); }
  res.end('ok\n');
});
server.listen({port: %s, host: '%s', backlog: %d}, () => console.log('ready'));
`, port, host, backlog))
	p := b.Start(command{name: name, dir: dir, path: program("node"), argv: "node", args: []string{"server.js"}, user: true})
	p.Addr = address
	return p.expect(backend.Ready)
}

// tryDial connects, and gives up soon.
func (b *Bench) tryDial(address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 300*time.Millisecond)
	defer cancel()
	return b.dial(ctx, address)
}

func diskFaults() []Fault {
	return []Fault{
		{
			Name: "disk-gateway", Doc: "the file system of client_body_temp_path is full", Cause: vocab.DiskFull, Symptom: vocab.ProxyInternalError, Status: 500, Intermittent: true, Needs: []string{"nginx", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				return b.fullTemp(4<<20, 0, func(n *Nginx) { b.stuff(filepath.Join(n.dir, "tmp", "core.4711"), 8<<20) })
			},
		},
		{
			Name: "disk-gateway-inodes", Doc: "the file system of client_body_temp_path has room and no inodes", Cause: vocab.DiskFull, Symptom: vocab.ProxyInternalError, Status: 500, Intermittent: true, Needs: []string{"nginx", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				return b.fullTemp(16<<20, 60, func(n *Nginx) {
					b.run("sh", "-c", "cd "+filepath.Join(n.dir, "tmp")+" && for i in $(seq 100); do touch session.$i || exit 0; done 2>/dev/null")
				})
			},
		},
		{
			Name: "disk-app", Doc: "the application cannot write its upload and answers 500", Cause: vocab.DiskFull, Status: 500, Also: []vocab.Cause{vocab.AppError}, Needs: []string{"nginx", "node", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				name := b.Name()
				data := b.Small(filepath.Join(b.home(name), "data"), 4<<20, 0)
				app := b.nodeAt(name, b.local(), fmt.Sprintf(`fs.writeFile('%s/cart-' + Date.now(), Buffer.alloc(65536), (e) => {
  if (e) { console.error(e); res.writeHead(500); return res.end('cannot save'); }
  res.end('ok\n');
});`, data), "const fs = require('fs');")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.stuff(filepath.Join(data, "dump.sql"), 8<<20)
				return n.Scene("a dump has filled the file system that the application writes to")
			},
		},
	}
}

// fullTemp is a site whose gateway has a small file system for temporary files,
// which something fills up. Uploads fail, and nothing else.
func (b *Bench) fullTemp(bytes, inodes int, fill func(*Nginx)) (Scene, error) {
	name := b.Name()
	app := b.Backend(name, good(b.local()))
	n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "client_body_buffer_size 16k;"))
	b.Small(filepath.Join(n.dir, "tmp"), bytes, inodes)
	n.Run().Served(2)
	if a := n.post(1, 300<<10); b.err == nil && a.Status != 200 {
		b.fail("cannot upload before the fault: %d %v", a.Status, a.Err)
	}
	fill(n)
	n.post(3, 300<<10)
	s, err := n.Quiet("uploads go through a temporary file, for which there is no room")
	s.Method, s.Body = "POST", 300<<10
	return s, err
}

func groupFaults() []Fault {
	return []Fault{
		{
			Name: "oom-gunicorn", Doc: "the kernel kills gunicorn's worker at the limit of its control group", Cause: vocab.UpstreamOOMKilled, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx", "gunicorn", "cgroup:memory"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Gunicorn(name, b.local(), "if not os.path.exists('grow'):\n    return ok(start)\nrows = [bytes(bytearray(1 << 20)) + b'x' for i in range(400)]\nreturn ok(start, b'%d rows\\n' % len(rows))\n", "--timeout", "60")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.Group("memory").Memory(120 << 20).Take(app)
				b.Write(filepath.Join("srv", name, "grow"), "")
				return n.Scene("the report needs 400 MB and the group has 120")
			},
		},
		{
			Name: "oom-node-loop", Doc: "the kernel kills the Node process at the limit of its control group, again and again; a supervisor starts it again", Cause: vocab.UpstreamOOMKilled, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx", "node", "cgroup:memory"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				address := b.local()
				dir := b.home(name)
				_, port, _ := strings.Cut(address, ":")
				b.Write(dir+"/server.js", "const http = require('http');\nconst keep = [];\nhttp.createServer((req, res) => {\n  for (let i = 0; i < 400; i++) { keep.push(Buffer.alloc(1 << 20, 7)); }\n  res.end('ok');\n}).listen("+port+", '127.0.0.1', () => console.log('ready'));\n")
				b.Write(dir+"/run.sh", "#!/bin/sh\n# starts the application again whenever it ends\nwhile :; do node server.js; done\n")
				app := b.Start(command{name: name, dir: dir, path: "/bin/sh", argv: "sh", args: []string{"run.sh"}, user: true}).expect(backend.Ready)
				app.Addr = address
				b.Group("memory").Memory(160 << 20).Take(app)
				n := b.Gateway(b.Site(name).Via(b, "http", address)).Run()
				for range 3 {
					n.Get(1)
					app.expect(backend.Ready)
				}
				return n.Quiet("each request needs 400 MB and the group has 160")
			},
		},
		{
			Name: "down-beside-oom", Doc: "gunicorn was stopped, while another gunicorn of this host is killed by the kernel", Cause: vocab.UpstreamDown, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx", "gunicorn", "cgroup:memory"},
			Start: func(b *Bench) (Scene, error) {
				name, other := b.Name(), b.Name()
				app := b.Gunicorn(name, b.local(), "return ok(start)")
				hungry := b.Gunicorn(other, b.local(), "rows = [bytes(bytearray(1 << 20)) + b'x' for i in range(400)]\nreturn ok(start, b'%d rows\\n' % len(rows))\n", "--timeout", "60")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.Group("memory").Memory(120 << 20).Take(hungry)
				app.End()
				b.ask(b.ctx, nil, "GET", "http://"+hungry.Addr+"/", 0)
				return n.Scene("it was stopped with SIGTERM; what the kernel killed is another application of the same name")
			},
		},
		{
			Name: "crash-segfault", Doc: "a request makes gunicorn's worker read from address 0; its master starts another", Cause: vocab.UpstreamCrashed, Symptom: vocab.ConnectionTerminated, Status: 502, Needs: []string{"nginx", "gunicorn"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Gunicorn(name, b.local(), "import ctypes\nctypes.string_at(0)\nreturn ok(start)\n")
				return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene("a native library follows a null pointer")
			},
		},
		{
			Name: "tasks-php", Doc: "php-fpm may not start a child: its control group is full", Cause: vocab.PIDsExhausted, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "php-fpm", "cgroup:pids"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				address := pick(b, b.socket(name), b.local())
				fpm := b.PHP(name, address, "pm = ondemand\npm.max_children = 8\npm.process_idle_timeout = 1s\n", map[string]string{"index.php": "echo 'ok';"})
				n := b.Gateway(b.phpSite(name, address, "index.php", "fastcgi_read_timeout 1s;")).Run().Served(1)
				b.until("php-fpm has no child", func() bool { return len(childrenOf(fpm.Pid())) == 0 })
				b.Group("pids").Tasks(1).Take(fpm)
				return n.Scene("the group allows one process, which is the master")
			},
		},
		{
			Name: "cpu-quota", Doc: "the application may use 5 % of a processor and answers too late", Cause: vocab.CPUSaturated, Symptom: vocab.ConnectionReadTimeout, Status: 504, Also: []vocab.Cause{vocab.UpstreamSlow}, Needs: []string{"nginx", "node", "cgroup:cpu"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Node(name, b.local(), "let x = 0;\nfor (let i = 0; i < 6e7; i++) { x += i % 7; }\nres.end(x + '\\n');")
				n := b.Gateway(b.Site(name).timed(b).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).from(app.Addr).Remember(40, func() float64 { return 0.06 + b.Rand.Float64()/30 }).Run().Served(2)
				b.Group("cpu").CPU(5).Take(app)
				return n.Scene("its work takes 60 ms of processor time, of which it gets 5 ms in each 100")
			},
		},
	}
}

func dependencyFaults() []Fault {
	f := func(name, doc string, status int, needs string, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: vocab.DependencyDown, Status: status, Also: []vocab.Cause{vocab.AppError}, Needs: []string{"nginx", needs}, Start: start}
	}
	return []Fault{
		f("dependency-node", "the application's database refuses; it answers 500 and logs why", 500, "node", func(b *Bench) (Scene, error) {
			name := b.Name()
			db := b.Port()
			app := b.Node(name, b.local(), fmt.Sprintf(`const db = net.connect(%d, '127.0.0.1');
db.on('connect', () => { db.end(); res.end('ok\n'); });
db.on('error', (e) => { if (res.headersSent) return; console.error(e); res.writeHead(500); res.end('{"error":"cannot load the cart"}'); });`, db), "const net = require('net');")
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Scene("its database is down")
		}),
		f("dependency-gone", "the application's database was stopped; it answers 503 and logs why, with the time", 503, "node", func(b *Bench) (Scene, error) {
			name, base := b.Name(), b.Name()
			db := b.Backend(base, good(b.local()))
			app := b.Node(name, b.local(), fmt.Sprintf(`const db = net.connect(%d, '127.0.0.1');
db.on('connect', () => { db.end(); res.end('ok\n'); });
db.on('error', (e) => { if (res.headersSent) return; console.error(new Date().toISOString() + ' ERROR ' + e.stack); res.writeHead(503); res.end('{"error":"cannot load the cart"}'); });`, port(db.Addr)), "const net = require('net');")
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(3)
			db.End()
			return n.Scene("its database was stopped a moment ago")
		}),
		f("dependency-php", "the application's database refuses; PHP's driver says so and php-fpm answers 500", 500, "php-fpm", func(b *Bench) (Scene, error) {
			name := b.Name()
			address := b.socket(name)
			db := b.Port()
			b.PHP(name, address, "", map[string]string{"index.php": fmt.Sprintf(`ini_set('display_errors', '0'); ini_set('log_errors', '1');
$c = @stream_socket_client('tcp://127.0.0.1:%d', $no, $text, 2);
if (!$c) { throw new RuntimeException("SQLSTATE[HY000] [2002] Connection refused (127.0.0.1:%d)"); }
echo 'ok';`, db, db)})
			return b.Gateway(b.phpSite(name, address, "index.php")).Run().Scene("its database is down")
		}),
	}
}

// hostHealthy are scenes that look like a shortage and are none.
func hostHealthy() []Fault {
	f := func(name, doc string, needs []string, start start) Fault {
		return Fault{Name: name, Doc: doc, Status: 200, Healthy: true, Needs: append([]string{"nginx"}, needs...), Start: start}
	}
	return []Fault{
		f("healthy-disk-90", "the file system of temporary files is full to nine tenths and uploads fit", []string{"netns"}, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "client_body_buffer_size 16k;"))
			b.Small(filepath.Join(n.dir, "tmp"), 8<<20, 0)
			n.Run().Served(2)
			b.stuff(filepath.Join(n.dir, "tmp", "core.4711"), 7400<<10)
			if a := n.post(2, 300<<10); b.err == nil && a.Status != 200 {
				b.fail("an upload failed: %d %v", a.Status, a.Err)
			}
			return n.Served(2).Quiet("a tenth is enough")
		}),
		f("healthy-time-wait", "hundreds of connections stand in TIME_WAIT and there are ports enough", []string{"netns"}, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			s := b.Site(name)
			s.Pass = fmt.Sprintf("proxy_pass http://%s;\n%s\nproxy_set_header Connection \"\";\n", app.Addr, version11)
			return b.Gateway(s).Run().Served(300).Quiet("each request leaves one")
		}),
		f("healthy-other-conntrack", "the connection tracking table of another network namespace is full", []string{"netns", "nft", "conntrack"}, func(b *Bench) (Scene, error) {
			return tableHealthy(b)
		}),
		f("healthy-other-io", "another application waits for its disk while this one answers", []string{"gunicorn", "cgroup:blkio", "cgroup:pressure"}, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Gunicorn(name, b.local(), "return ok(start)")
			b.backup(b.Name(), nil)
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2).Scene()
		}),
		f("healthy-throttled-gateway", "the gateway may use a tenth of a processor, uses it up and answers", []string{"cgroup:cpu"}, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.Backend(name, good(b.local()))
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run()
			b.Group("cpu").CPU(10).Take(n.Proc)
			for range 4 {
				b.poll(n.hosts, n.url(), 5*time.Millisecond)
			}
			return n.Served(2).Quiet("clients ask as fast as it answers")
		}),
		f("healthy-other-units", "another service has failed and another container was killed, as systemd and the engine say (recorded)", []string{"node", "netns"}, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			app := b.nodeAt(name, b.local(), "res.end('ok\\n');")
			b.Managers(backend.Managers{Units: []backend.UnitRecord{other()}, Engine: engine(box{id: b.containerID(), name: "shop-db-1", service: "db", state: "exited", exit: 137, oom: true, network: "shop_default"})})
			return b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2).Scene()
		}),
		f("healthy-other-oom", "another application is killed by the kernel while this one answers", []string{"gunicorn", "cgroup:memory"}, func(b *Bench) (Scene, error) {
			name, other := b.Name(), b.Name()
			app := b.Gunicorn(name, b.local(), "return ok(start)")
			hungry := b.Gunicorn(other, b.local(), "rows = [bytes(bytearray(1 << 20)) + b'x' for i in range(400)]\nreturn ok(start, b'%d rows\\n' % len(rows))\n", "--timeout", "60")
			b.Group("memory").Memory(120 << 20).Take(hungry)
			b.ask(b.ctx, nil, "GET", "http://"+hungry.Addr+"/", 0)
			return b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2).Scene()
		}),
	}
}

// nodeAt is Node for a scene with a machine of its own, which a process enters at
// the root.
func (b *Bench) nodeAt(name, address, script string, setup ...string) *Proc {
	dir := b.home(name)
	host, port, _ := strings.Cut(address, ":")
	file := b.Write(filepath.Join(dir, "server.js"), fmt.Sprintf("const http = require('http');\n%s\nhttp.createServer((req, res) => {\n%s\n}).listen(%s, '%s', () => console.log('ready'));\n", strings.Join(setup, "\n"), indent(script, 2), port, host))
	p := b.Start(command{name: name, dir: dir, path: program("node"), args: []string{file}, user: true})
	p.Addr = address
	return p.expect(backend.Ready)
}
