package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// PM2 starts Node applications under a PM2 daemon of the scene's own, from sources
// by name, and saves the list, as people do. The first one is told its port. The
// daemon is told to end with the scene.
func (b *Bench) PM2(address string, sources map[string]string, order ...string) {
	dir := b.home("pm2")
	b.after = append(b.after, func() error { return pm2Command(context.Background(), dir, "kill", "--silent") })
	var apps []string
	for i, name := range order {
		env := "{}"
		if i == 0 {
			env = fmt.Sprintf(`{"PORT":"%d"}`, port(address))
		}
		file := b.Write(filepath.Join(dir, name+".js"), sources[name])
		// On a busy machine a start takes long, and must not look stable for that.
		apps = append(apps, fmt.Sprintf(`{"name":%q,"script":%q,"min_uptime":60000,"max_restarts":5,"env":%s}`, name, file, env))
	}
	b.pm2(dir, "start", b.Write(filepath.Join(dir, "ecosystem.json"), `{"apps":[`+strings.Join(apps, ",")+`]}`), "--silent")
	b.pm2(dir, "save", "--silent")
}

func (b *Bench) pm2(dir string, args ...string) {
	if b.err != nil {
		return
	}
	// It exits with 1 where the application has ended already.
	var exit *exec.ExitError
	if err := pm2Command(b.ctx, dir, args...); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		b.fail("cannot run pm2: %w", err)
	}
}

func pm2Command(ctx context.Context, dir string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program("pm2"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PM2_HOME="+filepath.Join(dir, "home"), "HOME="+dir, "LC_ALL=C")
	// The daemon keeps what it was started with: a pipe would never end.
	log := filepath.Join(dir, "pm2-command.log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pm2 %v: %w: %s", args, err, tail(log))
	}
	return nil
}

// pm2Source is a Node application that listens at address.
func pm2Source(address, body string) string {
	return fmt.Sprintf("const http = require('http');\nconst fs = require('fs');\nhttp.createServer((req, res) => {\n%s\n}).listen(%d, '127.0.0.1', () => console.log('ready'));\n", indent(body, 2), port(address))
}

func pm2Faults() []Fault {
	const dies = "setTimeout(() => { throw new Error('cannot read the price list'); }, 200);\n"
	up := func(b *Bench, address string) {
		b.until("the application listens", func() bool {
			c, err := b.tryDial(address)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
	return []Fault{
		{
			Name: "pm2-loop", Doc: "every request kills the Node application, and PM2 starts it again", Cause: vocab.UpstreamCrashed, Symptom: vocab.ConnectionTerminated, Status: 502, OrSymptom: []vocab.Symptom{vocab.ConnectionRefused}, Needs: []string{"nginx", "node", "pm2"},
			Start: func(b *Bench) (Scene, error) {
				name, address := b.Name(), b.local()
				sign := filepath.Join(b.home("pm2"), "die")
				b.PM2(address, map[string]string{name: pm2Source(address, fmt.Sprintf("if (fs.existsSync('%s')) { throw new Error('no such table: carts'); }\nres.end('ok\\n');", sign))}, name)
				up(b, address)
				n := b.Gateway(b.Site(name).plainly(address)).Run().Served(2)
				b.Write(sign, "")
				n.Get(1)
				up(b, address)
				return n.Quiet("a request meets an exception that nobody catches")
			},
		},
		{
			Name: "pm2-errored", Doc: "the Node application ends at its start, and PM2 has given up starting it", Cause: vocab.UpstreamCrashed, Symptom: vocab.ConnectionRefused, Status: 502, Needs: []string{"nginx", "node", "pm2"},
			Start: func(b *Bench) (Scene, error) {
				name, address := b.Name(), b.local()
				b.PM2(address, map[string]string{name: "throw new Error('cannot load the configuration');\n"}, name)
				log := filepath.Join(b.home("pm2"), "home", "pm2.log")
				b.until("PM2 gives up", func() bool { return contains(log, "too many unstable restarts") })
				return b.Gateway(b.Site(name).plainly(address)).Run().Scene("pm2 list: errored")
			},
		},
		{
			Name: "pm2-neighbour", Doc: "the application is busy for ever; another one of the same PM2 daemon crashes all the time", Cause: vocab.UpstreamHung, Symptom: vocab.ConnectionReadTimeout, Status: 504, Needs: []string{"nginx", "node", "pm2"},
			Start: func(b *Bench) (Scene, error) {
				name, other, address := b.Name(), b.Name(), b.local()
				sign := filepath.Join(b.home("pm2"), "spin")
				b.PM2(address, map[string]string{name: pm2Source(address, fmt.Sprintf("if (fs.existsSync('%s')) { for (;;) {} }\nres.end('ok\\n');", sign)), other: dies}, name, other)
				up(b, address)
				n := b.Gateway(b.Site(name).Via(b, "http", address, "proxy_read_timeout 1s;")).Run().Served(2)
				b.Write(sign, "")
				return n.Scene("an endless loop; the crashes are another's")
			},
		},
	}
}

func contains(file, text string) bool {
	b, err := os.ReadFile(file)
	return err == nil && strings.Contains(string(b), text)
}
