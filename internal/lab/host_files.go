package lab

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// hostFaults are the faults of which the host is short of something.
func hostFaults() []Fault {
	var all []Fault
	for _, group := range [][]Fault{fileFaults(), connectionFaults(), diskFaults(), groupFaults(), pressureFaults(), tableFaults(), taskFaults(), managerFaults(), pm2Faults(), dependencyFaults()} {
		all = append(all, group...)
	}
	return all
}

func fileFaults() []Fault {
	return []Fault{
		{
			Name: "files-gateway", Doc: "worker_rlimit_nofile is low and clients hold the descriptors", Cause: vocab.FDExhausted, Symptom: vocab.ProxyInternalError, Status: 500, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				n := b.Gateway(b.Site(name).plainly(app.Addr))
				n.workers = 1
				n.RunWith(func(main string) string { return "worker_rlimit_nofile 40;\n" + main }).Served(2)
				n.fillUp(500, 60)
				return n.Scene("clients hold connections until a worker has no descriptor left for the upstream")
			},
		},
		{
			Name: "files-app-node", Doc: "the Node application leaks descriptors and answers 500 when it can open nothing more", Cause: vocab.FDExhausted, Status: 500, Also: []vocab.Cause{vocab.AppError}, Needs: []string{"nginx", "node"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.nodeLimited(name, b.local(), 40, `try { fs.openSync(__filename) } catch (e) { console.error(e); res.writeHead(500); return res.end('no') }
res.end('ok\n');`, "const fs = require('fs');")
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
				b.until("the application has no descriptor left", func() bool { return n.Get(1).Status == 500 })
				return n.Scene("each request leaves a file open, and the process may have 40")
			},
		},
		{
			Name: "files-app-accept", Doc: "the application has no descriptor left and accepts nothing more", Cause: vocab.FDExhausted, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				address := b.local()
				app := b.backendLimited(name, good(address), 24)
				n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_read_timeout 1s;")).Run().Served(2)
				for range 30 {
					if c, err := b.dial(b.ctx, address); err == nil {
						b.hold(c)
					}
				}
				b.until("the application accepts nothing more", func() bool { return n.Get(1).Status == 504 })
				return n.Scene("clients hold all of its 24 descriptors")
			},
		},
	}
}

// nodeLimited is Node with a limit on descriptors.
func (b *Bench) nodeLimited(name, address string, files int, script string, setup ...string) *Proc {
	dir := b.home(name)
	host, port, _ := strings.Cut(address, ":")
	b.Write(filepath.Join(dir, "server.js"), fmt.Sprintf("const http = require('http');\n%s\nhttp.createServer((req, res) => {\n%s\n}).listen(%s, '%s', () => console.log('ready'));\n", strings.Join(setup, "\n"), indent(script, 2), port, host))
	p := b.Start(limited(command{name: name, dir: dir, path: program("node"), args: []string{"server.js"}, user: true}, "-n", files))
	p.Addr = address
	return p.expect(backend.Ready)
}

// backendLimited is Backend with a limit on descriptors.
func (b *Bench) backendLimited(name string, config backend.Config, files int) *Proc {
	text, err := encode(config)
	if err != nil {
		b.fail("cannot start %s: %w", name, err)
	}
	dir := b.home(name)
	file := b.Write(filepath.Join(dir, name+".json"), text)
	exe := filepath.Join(dir, name)
	b.program(exe)
	p := b.Start(limited(command{name: name, dir: dir, path: exe, args: append(append([]string{}, b.backend[1:]...), file), user: true}, "-n", files))
	p.Addr = config.Listen[0]
	return p.expect(backend.Ready)
}

func connectionFaults() []Fault {
	return []Fault{
		{
			Name: "connections-gateway", Doc: "worker_connections are few and clients hold them", Cause: vocab.ConnectionsExhausted, Symptom: vocab.ConnectionLimitReached, Status: 500, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				n := b.Gateway(b.Site(name).plainly(app.Addr))
				n.workers, n.limit = 1, 32
				n.Run().Served(2)
				n.fillUp(500, 60)
				return n.Scene("clients hold connections until a worker has none left for the upstream")
			},
		},
		{
			Name: "ports-time-wait", Doc: "the range of local ports is narrow and all of it stands in TIME_WAIT towards the upstream", Cause: vocab.PortsExhausted, Symptom: vocab.ProxyInternalError, Status: 502, Needs: []string{"nginx", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				b.run("sh", "-c", "echo 40000 40019 > /proc/sys/net/ipv4/ip_local_port_range; echo 0 > /proc/sys/net/ipv4/tcp_tw_reuse")
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				s := b.Site(name)
				s.Pass = fmt.Sprintf("proxy_pass http://%s;\n%s\nproxy_set_header Connection \"\";\n", app.Addr, version11)
				n := b.Gateway(s).Run()
				b.until("no local port is left", func() bool { return n.Get(1).Status == 502 })
				b.poll(n.hosts, n.url(), 300e6)
				return n.Scene("each request costs a local port for a minute, and there are 20")
			},
		},
		{
			Name: "ports-held", Doc: "the range of local ports is narrow and connections that another program leaks hold all of it", Cause: vocab.PortsExhausted, Symptom: vocab.ProxyInternalError, Status: 502, Needs: []string{"nginx", "netns"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				b.run("sh", "-c", "echo 40000 40011 > /proc/sys/net/ipv4/ip_local_port_range")
				name := b.Name()
				app := b.Backend(name, good(b.local()))
				n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
				for range 40 {
					if b.err != nil || n.Get(1).Status == 502 {
						break
					}
					if c, err := b.tryDial(app.Addr); err == nil {
						b.hold(c)
					}
				}
				return n.Scene("another program of the gateway's host leaks connections to the upstream, which hold all of the 12 local ports")
			},
		},
		{
			Name: "backlog-one", Doc: "the application's accept queue has room for one and it is busy with one request", Cause: vocab.BacklogFull, Symptom: vocab.ConnectionTimeout, Status: 504, Also: []vocab.Cause{vocab.WorkersExhausted, vocab.UpstreamHung}, Needs: []string{"nginx"},
			Start: func(b *Bench) (Scene, error) {
				name := b.Name()
				app := b.single(name, b.local(), 1)
				s := b.Site(name).plainly(app.Addr) // a connection that is kept needs no room
				s.Pass += "proxy_connect_timeout 1s;\nproxy_read_timeout 60s;\n"
				n := b.Gateway(s).Run().Served(2)
				for i := range 3 { // one is worked on, two wait: the queue takes one more than listen(2) was told
					c, err := b.dial(b.ctx, app.Addr)
					if err != nil {
						b.fail("cannot fill the queue: %w", err)
						break
					}
					fmt.Fprintf(c, "GET /export HTTP/1.0\r\n\r\n")
					b.hold(c)
					if i == 0 { // until it works on the first, Node accepts whatever comes
						b.until("the application is busy", func() bool { return exists(b.path("srv/" + name + "/busy")) })
					}
				}
				b.until("the queue is full", func() bool { return n.Get(1).Status == 504 })
				return n.Scene("one request is worked on for minutes, and one more may wait")
			},
		},
	}
}
