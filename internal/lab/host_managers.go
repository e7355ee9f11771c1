package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Managers answers, in the scene's machine, on the sockets of systemd and of the
// container engine, with what those answered elsewhere: no daemon runs for it. What
// happened to the application is real.
func (b *Bench) Managers(m backend.Managers) {
	if b.err != nil {
		return
	}
	if len(b.enter) == 0 {
		b.fail("cannot play a manager: the scene has no machine of its own")
		return
	}
	b.run("mount", "--make-rprivate", "/")
	b.run("mount", "-t", "tmpfs", "-o", "mode=0755", "lab", "/run")
	b.backendAs(command{name: "manager", dir: filepath.Join("srv", "manager")}, backend.Config{Managers: &m})
}

// unit is the record of an application's service.
func unit(name string, app *Proc, active, sub, result string) backend.UnitRecord {
	now := time.Now()
	return backend.UnitRecord{
		Name: name + ".service", ActiveState: active, SubState: sub, Result: result, Restart: "no", Started: micro(now.Add(-time.Minute)), Ended: micro(now),
		Exec: []string{"/usr/bin/node", "server.js"}, Env: []string{"NODE_ENV=production", fmt.Sprintf("PORT=%d", port(app.Addr))},
	}
}

func micro(t time.Time) uint64 { return uint64(t.UnixMicro()) }

// other is the record of a service that fails and is nobody's.
func other() backend.UnitRecord {
	now := micro(time.Now())
	return backend.UnitRecord{Name: "logrotate.service", ActiveState: "failed", SubState: "failed", Result: "exit-code", Code: 1, Status: 3, Started: now, Ended: now, Exec: []string{"/usr/sbin/logrotate", "/etc/logrotate.conf"}}
}

// grower is a Node application of which a request for /grow, once told, takes more
// memory than its group has.
const grower = `if (fs.existsSync('%s')) { for (let i = 0; i < 400; i++) { keep.push(Buffer.alloc(1 << 20, 7)); } }
res.end('ok\n');`

// box is one row of the engine's list with its inspection.
type box struct {
	id, name, service, state string
	exit                     int
	oom                      bool
	restarts                 int
	health                   string
	network, address         string
	published, private       int
}

// engine is what an engine answers about boxes (Docker Engine API 1.43).
func engine(boxes ...box) map[string]string {
	answers := map[string]string{}
	var rows []map[string]any
	now := time.Now().UTC()
	for _, x := range boxes {
		address := x.address
		if x.state != "running" && x.state != "paused" {
			address = "" // one that does not run has none
		}
		networks := map[string]any{x.network: map[string]any{"NetworkID": strings.Repeat("7", 64), "IPAddress": address, "IPPrefixLen": 16}}
		var ports []any
		if x.published > 0 {
			ports = append(ports, map[string]any{"IP": "0.0.0.0", "PrivatePort": x.private, "PublicPort": x.published, "Type": "tcp"})
		}
		rows = append(rows, map[string]any{
			"Id": x.id, "Names": []string{"/" + x.name}, "Image": x.service + ":7", "ImageID": "sha256:" + strings.Repeat("5", 64), "Command": "docker-entrypoint.sh node server.js", "State": x.state,
			"Labels": map[string]string{"com.docker.compose.service": x.service, "com.docker.compose.project": "shop"}, "Ports": ports,
			"HostConfig": map[string]string{"NetworkMode": x.network}, "NetworkSettings": map[string]any{"Networks": networks}, "Mounts": []any{},
		})
		state := map[string]any{"Status": x.state, "Running": x.state == "running", "Paused": x.state == "paused", "OOMKilled": x.oom, "ExitCode": x.exit, "Error": "",
			"StartedAt": now.Add(-time.Hour).Format(time.RFC3339Nano), "FinishedAt": "0001-01-01T00:00:00Z"}
		if x.state == "exited" {
			state["FinishedAt"] = now.Format(time.RFC3339Nano)
		}
		if x.health != "" {
			state["Health"] = map[string]any{"Status": x.health, "FailingStreak": 3, "Log": []any{}}
		}
		detail, err := json.Marshal(map[string]any{"Id": x.id, "Name": "/" + x.name, "RestartCount": x.restarts, "State": state, "NetworkSettings": map[string]any{"Networks": networks}})
		if err != nil {
			panic("BUG: " + err.Error())
		}
		answers["/containers/"+x.id+"/json"] = string(detail)
	}
	list, err := json.Marshal(rows)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	answers["/containers/json"] = string(list)
	return answers
}

// containerID is an id of 64 digits.
func (b *Bench) containerID() string {
	var id strings.Builder
	for id.Len() < 64 {
		fmt.Fprintf(&id, "%016x", b.Rand.Uint64())
	}
	return id.String()
}

// Contain moves a process into a control group that is called as an engine calls
// that of a container.
func (b *Bench) Contain(p *Proc, id string) { b.called("docker-"+id+".scope", p) }

// called moves a process into a control group with a name of the scene's choice,
// below one that is the scene's own.
func (b *Bench) called(name string, p *Proc) {
	if b.err != nil {
		return
	}
	above := filepath.Join(pressureRoot(), filepath.Base(b.Dir))
	g := &group{b: b, two: true, dir: filepath.Join(above, name)}
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		b.fail("cannot make a control group: %w", err)
		return
	}
	b.after = append(b.after, func() error { return errors.Join(removeGroup(g.dir), removeGroup(above)) })
	g.Take(p)
}

func managerFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, start func(*Bench) (Scene, error), needs ...string) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: 502, Needs: append([]string{"nginx", "netns"}, needs...),
			Start: func(b *Bench) (Scene, error) { b.Machine(nil); return start(b) }}
	}
	return []Fault{
		f("unit-oom", "the kernel killed the application at the limit of its group, nobody starts it again, and systemd has noted it (recorded)", vocab.UpstreamOOMKilled, vocab.ConnectionRefused, func(b *Bench) (Scene, error) {
			name := b.Name()
			sign := filepath.Join(b.home(name), "grow")
			app := b.nodeAt(name, b.local(), fmt.Sprintf(grower, sign), "const fs = require('fs');\nconst keep = [];")
			n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
			b.Group("memory").Memory(120 << 20).Take(app)
			b.Write(sign, "")
			n.Get(1)
			app.Wait()
			u := unit(name, app, "failed", "failed", "oom-kill")
			u.Code, u.Status = 2, int32(syscall.SIGKILL)
			b.Managers(backend.Managers{Units: []backend.UnitRecord{other(), u}})
			return n.Scene("systemd: Result=oom-kill")
		}, "node", "cgroup:memory"),
		f("unit-exit", "the application ended by itself with a status, and systemd has noted it (recorded)", vocab.UpstreamCrashed, vocab.ConnectionRefused, func(b *Bench) (Scene, error) {
			name := b.Name()
			sign := filepath.Join(b.home(name), "end")
			app := b.nodeAt(name, b.local(), fmt.Sprintf("if (fs.existsSync('%s')) { process.exit(3); }\nres.end('ok\\n');", sign), "const fs = require('fs');")
			n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
			b.Write(sign, "")
			n.Get(1)
			app.Wait()
			u := unit(name, app, "failed", "failed", "exit-code")
			u.Code, u.Status = 1, 3
			b.Managers(backend.Managers{Units: []backend.UnitRecord{other(), u}})
			return n.Scene("systemd: Result=exit-code, ExecMainStatus=3")
		}, "node"),
		f("unit-stopped", "somebody stopped the application, as systemd says (recorded), while another service has failed", vocab.UpstreamDown, vocab.ConnectionRefused, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.nodeAt(name, b.local(), "res.end('ok\\n');")
			n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
			app.End()
			u := unit(name, app, "inactive", "dead", "success")
			b.Managers(backend.Managers{Units: []backend.UnitRecord{other(), u}})
			return n.Scene("systemctl stop")
		}, "node"),
		f("container-oom", "the container was killed for lack of memory, as the engine says (recorded); its port is published and nobody listens behind it", vocab.UpstreamOOMKilled, vocab.ConnectionRefused, func(b *Bench) (Scene, error) {
			name := b.Name()
			app := b.nodeAt(name, b.local(), "res.end('ok\\n');")
			n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
			app.Signal(syscall.SIGKILL)
			app.Wait()
			b.Managers(backend.Managers{Engine: engine(
				box{id: b.containerID(), name: "shop-db-1", service: "db", state: "running", network: "shop_default", address: "172.20.0.2"},
				box{id: b.containerID(), name: "shop-" + name + "-1", service: name, state: "exited", exit: 137, oom: true, network: "shop_default", published: port(app.Addr), private: 3000})})
			return n.Scene("docker inspect: OOMKilled true, ExitCode 137")
		}, "node"),
		f("container-exited", "the container ended with a status, as the engine says (recorded)", vocab.UpstreamCrashed, vocab.ConnectionRefused, func(b *Bench) (Scene, error) {
			name := b.Name()
			sign := filepath.Join(b.home(name), "end")
			app := b.nodeAt(name, b.local(), fmt.Sprintf("if (fs.existsSync('%s')) { process.exit(1); }\nres.end('ok\\n');", sign), "const fs = require('fs');")
			n := b.Gateway(b.Site(name).plainly(app.Addr)).Run().Served(2)
			b.Write(sign, "")
			n.Get(1)
			app.Wait()
			b.Managers(backend.Managers{Engine: engine(
				box{id: b.containerID(), name: "shop-" + name + "-1", service: name, state: "exited", exit: 1, network: "shop_default", published: port(app.Addr), private: 3000})})
			return n.Scene("docker ps -a: Exited (1)")
		}, "node"),
		{
			Name: "unit-private-tmp", Doc: "the application's socket lies in a /tmp of its own (PrivateTmp, recorded): the gateway finds none there", Cause: vocab.SocketPermission, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx", "netns", "node", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				name := b.Name()
				socket := fmt.Sprintf("/tmp/%s-%d.sock", name, b.Port())
				app := b.privately(name, socket)
				b.called(name+".service", app)
				u := unit(name, &Proc{Addr: "x:0"}, "active", "running", "success")
				u.PrivateTmp, u.MainPID, u.Ended, u.Env = true, uint32(app.Pid()), 0, []string{"SOCKET=" + socket}
				n := b.Gateway(b.Site(name).plainly("unix:" + socket + ":"))
				b.Managers(backend.Managers{Units: []backend.UnitRecord{other(), u}})
				return n.Run().Scene("systemctl show: PrivateTmp=yes")
			},
		},
		{
			Name: "container-apart", Doc: "gateway and application are in containers that share no network, as the engine says (recorded)", Cause: vocab.WrongNetwork, Symptom: vocab.ConnectionTimeout, Status: 504, Needs: []string{"nginx", "netns", "cgroup:pressure"},
			Start: func(b *Bench) (Scene, error) {
				b.Machine(nil)
				// The engine's host, which forwards nothing between its bridges.
				b.wire(b.namespace("other", nil))
				b.run("ip", "route", "add", "default", "via", "10.66.0.2")
				name, gate, app := b.Name(), b.containerID(), b.containerID()
				n := b.Gateway(b.Site(name).Via(b, "http", "172.21.0.3:3000", "proxy_connect_timeout 1s;"))
				b.Managers(backend.Managers{Engine: engine(
					box{id: gate, name: "edge-nginx-1", service: "nginx", state: "running", network: "edge_default", address: "172.20.0.2"},
					box{id: app, name: "shop-" + name + "-1", service: name, state: "running", health: "healthy", network: "shop_default", address: "172.21.0.3"})})
				n.Run()
				b.Contain(n.Proc, gate)
				return n.Scene("docker network connect shop_default edge-nginx-1 is missing")
			},
		},
	}
}

// privately starts a Node application on a unix socket below a /tmp of its own.
func (b *Bench) privately(name, socket string) *Proc {
	dir := b.home(name)
	file := b.Write(filepath.Join(dir, "server.js"), fmt.Sprintf("require('http').createServer((req, res) => res.end('ok\\n')).listen('%s', () => console.log('ready'));\n", socket))
	// The folder of the scene may lie below /tmp itself.
	line := `mount --make-rprivate / && cp "$1" /dev/shm/"$2".js && mount -t tmpfs -o mode=1777 private /tmp && cd / && exec "$0" /dev/shm/"$2".js`
	b.after = append(b.after, func() error { return ignoreMissing(os.Remove("/dev/shm/" + filepath.Base(b.Dir) + ".js")) })
	p := b.Start(command{name: name, dir: dir, path: program("unshare"), args: []string{"-m", "/bin/sh", "-c", line, program("node"), file, filepath.Base(b.Dir)}})
	p.Addr = "unix:" + socket
	return p.expect(backend.Ready)
}

func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
