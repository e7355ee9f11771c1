// Package kernel knows the lines of the Linux kernel that explain failures of
// gateways and applications: kills for want of memory, faults, full queues and
// tables, denials of security modules.
package kernel

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is the Linux kernel.
var Dialect = dialect.Dialect{
	Name: "kernel",
	Doc:  "The Linux kernel's log: memory kills, faults, full queues and tables, denials.",
	Logs: Logs,
}

// Logs are the kernel's log as dmesg, journalctl -k and syslog show it, and the
// audit log, which has the same denials.
var Logs = []dialect.Log{applog.New("kernel", "kernel", 94, table, read)}

// read reads a line of the kernel's. A line that comes from another program is
// not one, whatever it says.
func read(b []byte, h line.Head, r *dialect.Record) dialect.Key {
	if len(h.Program) > 0 && !line.Is(h.Program, "kernel") && !line.Is(h.Program, "audit") && !line.Is(h.Program, "auditd") {
		return dialect.Unparsed
	}
	if key := message(b, r); key != dialect.Unparsed {
		return key
	}
	if line.Is(h.Program, "kernel") {
		return dialect.Plain
	}
	return dialect.Unparsed
}

func message(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Has(b, "Out of memory: Kill"):
		killed(b, r)
		return keyOOM
	case line.Has(b, "Memory cgroup out of memory: Kill"):
		killed(b, r)
		return keyCgroupOOM
	case line.Has(b, "oom-kill:constraint="):
		return constraint(b, r)
	case line.Contains(b, " invoked oom-killer: "):
		r.Name, _ = line.Word(b)
		return keyOOMInvoked
	case line.Contains(b, "ossible SYN flooding on port "):
		return flooding(b, r)
	case line.Contains(b, "nf_conntrack: table full"), line.Has(b, "ip_conntrack: table full"):
		return keyConntrack
	case line.Contains(b, "neighbor table overflow"), line.Contains(b, "eighbour table overflow"):
		return keyNeighbour
	case line.Has(b, "TCP: out of memory -- consider tuning tcp_mem"), line.Has(b, "TCP: too many orphaned sockets"):
		return keyTCPMemory
	case line.Contains(b, "]: segfault at "):
		process(b, r)
		return keySegfault
	case line.Has(b, "traps: "):
		process(b[len("traps: "):], r)
		return keyTrap
	case line.Has(b, "INFO: task ") && line.Contains(b, " blocked for more than "):
		return hung(b, r)
	case line.Contains(b, "emounting filesystem read-only"), line.Contains(b, "hutting down filesystem"), line.Contains(b, "forced readonly"):
		return keyReadOnly
	case line.Contains(b, "avc:  denied  {"), line.Contains(b, "avc: denied {"):
		return selinux(b, r)
	case line.Contains(b, "apparmor=\"DENIED\""):
		r.Name = field(b, " name=\"")
		return keyAppArmor
	}
	return dialect.Unparsed
}

// killed reads "…: Killed process 4711 (gunicorn) total-vm:…".
func killed(b []byte, r *dialect.Record) {
	rest, ok := line.After(b, " process ")
	if !ok {
		return
	}
	pid, rest, ok := line.Number(rest)
	if !ok {
		return
	}
	r.PID = pid
	if line.Has(rest, " (") {
		if i := bytes.IndexByte(rest, ')'); i > 2 {
			r.Name = rest[2:i]
		}
	}
}

// constraint reads "oom-kill:constraint=CONSTRAINT_MEMCG,…,task=node,pid=4711".
func constraint(b []byte, r *dialect.Record) dialect.Key {
	if rest, ok := line.After(b, ",task="); ok {
		r.Name, _, _ = bytes.Cut(rest, []byte{','})
	}
	if rest, ok := line.After(b, ",pid="); ok {
		r.PID, _, _ = line.Number(rest)
	}
	if line.Has(b[len("oom-kill:constraint="):], "CONSTRAINT_MEMCG") {
		return keyKillMemcg
	}
	return keyKillHost
}

// flooding reads "TCP: request_sock_TCP: Possible SYN flooding on port
// 0.0.0.0:8080. Sending cookies."; before 6.1 only the port stands there.
func flooding(b []byte, r *dialect.Record) dialect.Key {
	rest, _ := line.After(b, "flooding on port ")
	if i := line.Index(rest, ". "); i > 0 {
		r.Endpoint = rest[:i]
	}
	return keyFlooding
}

// process reads "php-fpm8.3[4711]…".
func process(b []byte, r *dialect.Record) {
	i := bytes.IndexByte(b, '[')
	if i <= 0 {
		return
	}
	if pid, rest, ok := line.Number(b[i+1:]); ok && len(rest) > 0 && rest[0] == ']' {
		r.Name, r.PID = b[:i], pid
	}
}

func hung(b []byte, r *dialect.Record) dialect.Key {
	name, _ := line.Word(b[len("INFO: task "):])
	if i := bytes.LastIndexByte(name, ':'); i > 0 {
		if pid, ok := line.Int(name[i+1:]); ok {
			r.PID, name = pid, name[:i]
		}
	}
	r.Name = name
	return keyHungTask
}

// selinux tells denied connects apart; other denials are not about forwarding.
func selinux(b []byte, r *dialect.Record) dialect.Key {
	r.Name = field(b, "comm=\"")
	if rest, ok := line.After(b, " pid="); ok {
		r.PID, _, _ = line.Number(rest)
	}
	switch {
	case line.Contains(b, "{ name_connect }"):
		return keySELinuxTCP
	case line.Contains(b, "{ connectto }"), line.Contains(b, "{ write }") && line.Contains(b, "tclass=sock_file"):
		return keySELinuxUnix
	}
	return dialect.Plain
}

func field(b []byte, before string) []byte {
	rest, ok := line.After(b, before)
	if !ok {
		return nil
	}
	v, _, _ := bytes.Cut(rest, []byte{'"'})
	return v
}

var table = applog.NewTable()

func add(id string, symptom vocab.Symptom, phase dialect.Phase, fact vocab.Fact, fails bool, source, distinguish string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{
		ID: id, Symptom: symptom, Phase: phase, Fact: fact, Fails: fails, Source: "linux " + source, Distinguish: distinguish, Causes: causes,
	})
}

// The keys of the log.
var (
	keyOOM = add("oom-killed", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppOOMKilled, true, "mm/oom_kill.c",
		"The whole host ran out of memory; the victim need not be the one who took it.",
		vocab.UpstreamOOMKilled, vocab.MemoryPressure)
	keyCgroupOOM = add("oom-killed-cgroup", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppOOMKilled, true, "mm/oom_kill.c",
		"The limit of a container or unit (MemoryMax=, memory.max).",
		vocab.UpstreamOOMKilled)
	keyKillMemcg = add("oom-kill-cgroup", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppOOMKilled, true, "mm/oom_kill.c",
		"task_memcg names the container, pod or unit.",
		vocab.UpstreamOOMKilled)
	keyKillHost = add("oom-kill-host", vocab.ConnectionTerminated, dialect.PhaseLocal, vocab.AppOOMKilled, true, "mm/oom_kill.c",
		"The whole host, or a set of its memory nodes, ran out; task_memcg names the victim's unit.",
		vocab.UpstreamOOMKilled, vocab.MemoryPressure)
	keyOOMInvoked = add("oom-invoked", vocab.ConnectionTerminated, dialect.PhaseLocal, "", false, "mm/oom_kill.c",
		"Names who asked for memory, not who was killed: the lines after it do.",
		vocab.UpstreamOOMKilled)
	keyFlooding = add("accept-queue-overflow", vocab.ConnectionTimeout, dialect.PhaseConnect, vocab.AppQueueFull, true, "net/ipv4/tcp_input.c",
		"Rarely an attack: the accept queue of the application at that port overflowed. It is said once per port: nstat TcpExtListenOverflows counts on.",
		vocab.BacklogFull, vocab.UpstreamHung, vocab.WorkersExhausted)
	keyConntrack = add("conntrack-full", vocab.ConnectionTimeout, dialect.PhaseConnect, "", true, "net/netfilter/nf_conntrack_core.c",
		"New connections are dropped, standing ones go on: compare nf_conntrack_count with nf_conntrack_max.",
		vocab.ConntrackFull)
	keyNeighbour = add("neighbour-overflow", vocab.DestinationIPUnroutable, dialect.PhaseConnect, "", true, "net/core/neighbour.c",
		"net.ipv4.neigh.default.gc_thresh3 is too small for this network.",
		vocab.Unreachable)
	keyTCPMemory = add("tcp-memory", vocab.ConnectionTerminated, dialect.PhaseBody, "", true, "net/ipv4/tcp.c",
		"Compare the mem column of /proc/net/sockstat with net.ipv4.tcp_mem.",
		vocab.MemoryPressure)
	keySegfault = add("segfault", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.KernelSegfault, true, "arch/x86/mm/fault.c",
		"The object after \"in\" is the library or program in which it happened.",
		vocab.UpstreamCrashed)
	keyTrap = add("trap", vocab.ConnectionTerminated, dialect.PhaseHeader, vocab.KernelSegfault, true, "arch/x86/kernel/traps.c",
		"An invalid opcode is a program built for a newer processor, or an assertion.",
		vocab.UpstreamCrashed)
	keyHungTask = add("hung-task", vocab.ConnectionReadTimeout, dialect.PhaseHeader, "", false, "kernel/hung_task.c",
		"The process waits for storage: a slow disk, a dead network file system.",
		vocab.IOSaturated, vocab.UpstreamHung, vocab.DiskFull)
	keyReadOnly = add("read-only", vocab.ProxyInternalError, dialect.PhaseLocal, "", false, "fs",
		"The disk failed and cannot be written any more: logs and temporary files fail.",
		vocab.DiskFull)
	keySELinuxTCP = add("selinux-connect", vocab.ProxyInternalError, dialect.PhaseConnect, vocab.GatewayDenied, true, "security/selinux/avc.c",
		"SELinux denies the connect: setsebool httpd_can_network_connect, or a label for the port.",
		vocab.SocketPermission)
	keySELinuxUnix = add("selinux-socket", vocab.ProxyInternalError, dialect.PhaseConnect, vocab.GatewayDenied, true, "security/selinux/avc.c",
		"SELinux denies the unix socket: ls -Z on it and on its folder.",
		vocab.SocketPermission)
	keyAppArmor = add("apparmor-denied", vocab.ProxyInternalError, dialect.PhaseConnect, vocab.GatewayDenied, true, "security/apparmor/audit.c",
		"AppArmor denies it: the profile and the path stand in the line.",
		vocab.SocketPermission)
)
