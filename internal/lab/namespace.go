package lab

import (
	"fmt"
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/lab/backend"
	"golang.org/x/sys/unix"
)

// namespace is a machine of its own as far as network and mounts go. It lives as
// long as its holder.
type namespace struct {
	holder *Proc
	enter  []string // command that enters it
	fd     int      // its network
}

// Machine moves the scene into a network and mount namespace of its own, in
// which files stand over others: {"/etc/hosts": text}. It must come first.
func (b *Bench) Machine(over map[string]string) {
	n := b.namespace("machine", over)
	if b.err == nil {
		b.enter, b.netns, b.machine = n.enter, n.fd, fmt.Sprint(n.holder.Pid())
	}
}

// namespace makes one with its loopback interface up.
func (b *Bench) namespace(name string, over map[string]string) *namespace {
	var hold backend.Hold
	for path, text := range over {
		hold.Binds = append(hold.Binds, [2]string{b.Write(filepath.Join(name, path), text), path})
	}
	holder := b.backendAs(command{name: name, dir: filepath.Join("srv", name), ns: true, host: true}, backend.Config{Hold: &hold})
	if b.err != nil {
		return &namespace{holder: holder, fd: -1}
	}
	n := &namespace{holder: holder, enter: []string{program("nsenter"), "-t", fmt.Sprint(holder.Pid()), "-n", "-m"}}
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", holder.Pid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		b.fail("cannot open the scene's network: %w", err)
		return n
	}
	n.fd = fd
	b.runIn(n, "ip", "link", "set", "lo", "up")
	return n
}

// runIn executes a command of the operator in n.
func (b *Bench) runIn(n *namespace, name string, args ...string) {
	was := b.enter
	b.enter = n.enter
	b.run(name, args...)
	b.enter = was
}

// wire joins the scene's machine (10.66.0.1) and another (10.66.0.2) by a cable.
func (b *Bench) wire(other *namespace) {
	if b.err != nil {
		return
	}
	b.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
	b.run("ip", "link", "set", "eth1", "netns", fmt.Sprint(other.holder.Pid()))
	b.run("ip", "addr", "add", "10.66.0.1/24", "dev", "eth0")
	b.run("ip", "link", "set", "eth0", "up")
	b.runIn(other, "ip", "addr", "add", "10.66.0.2/24", "dev", "eth1")
	b.runIn(other, "ip", "link", "set", "eth1", "up")
}

// route joins a machine that wire has joined to the scene's with another one behind
// it (10.67.0.2), to which it forwards.
func (b *Bench) route(router, behind *namespace) {
	if b.err != nil {
		return
	}
	b.runIn(router, "ip", "link", "add", "eth2", "type", "veth", "peer", "name", "eth3")
	b.runIn(router, "ip", "link", "set", "eth3", "netns", fmt.Sprint(behind.holder.Pid()))
	b.runIn(router, "ip", "addr", "add", "10.67.0.1/24", "dev", "eth2")
	b.runIn(router, "ip", "link", "set", "eth2", "up")
	b.runIn(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	b.runIn(behind, "ip", "addr", "add", "10.67.0.2/24", "dev", "eth3")
	b.runIn(behind, "ip", "link", "set", "eth3", "up")
	b.runIn(behind, "ip", "route", "add", "default", "via", "10.67.0.1")
	b.run("ip", "route", "add", "10.67.0.0/24", "via", "10.66.0.2")
}

// cable is wire through a relay that can treat packets badly. It treats them well
// until it is told otherwise.
func (b *Bench) cable(other *namespace) *Proc {
	link := backend.Link{Devices: [2]string{"eth0", "eth1"}, Sound: true, Seed: b.Rand.Uint64()}
	p := b.backendAs(command{name: "cable", dir: "srv/cable", in: other}, backend.Config{Link: &link})
	if b.err != nil {
		return p
	}
	b.runIn(other, "ip", "link", "set", "eth0", "netns", b.machine)
	b.run("ip", "addr", "add", "10.66.0.1/24", "dev", "eth0")
	b.run("ip", "link", "set", "eth0", "up")
	b.runIn(other, "ip", "addr", "add", "10.66.0.2/24", "dev", "eth1")
	b.runIn(other, "ip", "link", "set", "eth1", "up")
	return p
}
