package host

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRoute(t *testing.T) {
	ns := newNet(t, `ip link add d0 type veth peer name e0; ip addr add 10.77.0.1/24 dev d0; ip link set d0 up; ip link set e0 up
ip link add d1 type veth peer name e1; ip addr add 10.78.0.1/24 dev d1
ip route add blackhole 10.1.0.0/16; ip route add unreachable 10.2.0.0/16; ip route add prohibit 10.3.0.0/16
ip route add 10.4.0.0/16 via 10.77.0.9 dev d0
ip neigh add 10.77.0.9 dev d0 nud failed; ip neigh add 10.77.0.8 lladdr 02:00:00:00:00:01 dev d0 nud permanent
ip -6 addr add fd00:77::1/64 dev d0 nodad || true
ip -6 route add blackhole fd00:1::/64; ip -6 route add unreachable fd00:2::/64; ip -6 route add prohibit fd00:3::/64`, 0)
	v := open(t, ns.Process.Pid)
	for addr, want := range map[string]Route{
		"127.0.0.1": {Kind: "local", Device: "lo", Source: "127.0.0.1"},
		"10.77.0.1": {Kind: "local", Device: "lo", Source: "10.77.0.1"},
		"10.1.2.3":  {Kind: "blackhole"},
		"10.2.2.3":  {Kind: "unreachable"},
		"10.3.2.3":  {Kind: "prohibit"},
		"192.0.2.1": {Kind: "none"},
		"10.78.0.5": {Kind: "none"}, // its device is down
		"10.4.2.3":  {Kind: "unicast", Device: "d0", Gateway: "10.77.0.9", Source: "10.77.0.1", NextHop: "10.77.0.9", Neighbour: "failed"},
		"10.77.0.8": {Kind: "unicast", Device: "d0", Source: "10.77.0.1", NextHop: "10.77.0.8", Neighbour: "permanent"},
		"10.77.0.7": {Kind: "unicast", Device: "d0", Source: "10.77.0.1", NextHop: "10.77.0.7"},
		"fd00:1::1": {Kind: "blackhole"},
		"fd00:2::1": {Kind: "unreachable"},
		"fd00:3::1": {Kind: "prohibit"},
		"fd00:4::1": {Kind: "none"},
		"::1":       {Kind: "local", Device: "lo", Source: "::1"},
	} {
		want.Address = addr
		got, err := v.Route(t.Context(), addr)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", addr, got, err, want)
		}
		if got.Usable() != (got.Device != "") {
			t.Errorf("%s: usable is %v", addr, got.Usable())
		}
	}
	if _, err := v.Route(t.Context(), "name"); err == nil {
		t.Error("a name has a route")
	}
}

// Each ruleset is tried with a real connection: what we say and what the kernel
// does must agree where we are sure.
func TestFirewall(t *testing.T) {
	needRoot(t)
	needTool(t, "nft", "nftables")
	for name, c := range map[string]struct {
		rules   string
		verdict string // of the first rule; "" for none
		sure    bool
	}{
		"nothing":           {"", "", false},
		"accepts":           {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport 3000 accept", "", false},
		"output drop":       {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport 3000 drop", "drop", true},
		"other port":        {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport 3001 drop", "", false},
		"input reject":      {"add table ip f; add chain ip f i { type filter hook input priority 0; }; add rule ip f i ip daddr 127.0.0.0/8 tcp dport 2990-3010 counter reject with tcp reset", "reject", true},
		"not equal":         {"add table ip f; add chain ip f i { type filter hook input priority 0; }; add rule ip f i tcp dport != 80 drop", "drop", true},
		"policy":            {"add table inet f; add chain inet f i { type filter hook input priority 0; policy drop; }; add rule inet f i tcp dport { 22, 80 } accept; add rule inet f i ct state established,related accept", "drop", true},
		"policy let in":     {"add table inet f; add chain inet f i { type filter hook input priority 0; policy drop; }; add rule inet f i tcp dport { 22, 2000-4000 } accept; add rule inet f i ct state established,related accept", "", false},
		"loopback let in":   {"add table inet f; add chain inet f i { type filter hook input priority 0; policy drop; }; add rule inet f i iif lo accept", "", false},
		"loopback by name":  {"add table inet f; add chain inet f i { type filter hook input priority 0; policy drop; }; add rule inet f i iifname \"lo\" accept", "", false},
		"jump":              {"add table inet f; add chain inet f c; add chain inet f o { type filter hook output priority 0; }; add rule inet f c tcp dport 3000 drop; add rule inet f o ip protocol tcp jump c", "drop", true},
		"jump and return":   {"add table inet f; add chain inet f c; add chain inet f o { type filter hook output priority 0; }; add rule inet f c return; add rule inet f c drop; add rule inet f o jump c", "", false},
		"goto then policy":  {"add table inet f; add chain inet f c; add chain inet f o { type filter hook output priority 0; policy drop; }; add rule inet f o goto c; add rule inet f o accept", "drop", true},
		"map":               {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport vmap { 22 : accept, 3000 : drop }", "drop", true},
		"source":            {"add table ip f; add chain ip f o { type filter hook output priority 0; }; add rule ip f o ip saddr 127.0.0.1 ip daddr 127.0.0.1 drop", "drop", true},
		"other source":      {"add table ip f; add chain ip f o { type filter hook output priority 0; }; add rule ip f o ip saddr 10.0.0.1 drop", "", false},
		"concatenation":     {"add table ip f; add chain ip f o { type filter hook output priority 0; }; add rule ip f o ip daddr . tcp dport { 127.0.0.1 . 3000 } drop", "drop", true},
		"new connections":   {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o ct state new tcp dport 3000 drop", "drop", true},
		"user":              {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o meta skuid 4242 tcp dport 3000 drop", "drop", false},
		"limit":             {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport 3000 limit rate over 1000/second drop", "drop", false},
		"accepted earlier":  {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o oifname lo accept; add rule inet f o tcp dport 3000 drop", "", false},
		"perhaps earlier":   {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o meta skuid 4242 accept; add rule inet f o tcp dport 3000 drop", "drop", false},
		"two chains":        {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o accept; add chain inet f p { type filter hook output priority 10; }; add rule inet f p tcp dport 3000 drop", "drop", true},
		"six only":          {"add table ip6 f; add chain ip6 f o { type filter hook output priority 0; policy drop; }", "", false},
		"six":               {"add table ip6 f; add chain ip6 f o { type filter hook output priority 0; }; add rule ip6 f o ip6 daddr ::1 tcp dport 3000 reject", "reject", true},
		"six, other prefix": {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o ip6 daddr fd00::/8 tcp dport 3000 drop", "", false},
		"six, prefix":       {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o ip6 daddr ::/64 ip6 saddr ::1 drop", "drop", true},
		"dormant":           {"add table inet f { flags dormant; }; add chain inet f o { type filter hook output priority 0; policy drop; }", "", false},
		"udp":               {"add table inet f; add chain inet f o { type filter hook output priority 0; }; add rule inet f o udp dport 3000 drop; add rule inet f o meta l4proto udp drop", "", false},
		"named set":         {"add table inet f; add set inet f s { type inet_service; flags interval; elements = { 1-100, 2999-3001 }; }; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport @s drop", "drop", true},
		"not in named set":  {"add table inet f; add set inet f s { type inet_service; flags interval; elements = { 1-100, 3001-4000 }; }; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport @s drop", "", false},
		"outside named set": {"add table inet f; add set inet f s { type inet_service; elements = { 22 }; }; add chain inet f o { type filter hook output priority 0; }; add rule inet f o tcp dport != @s drop", "drop", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := "true"
			for r := range strings.SplitSeq(protect(c.rules), ";;") {
				if r = strings.TrimSpace(r); r != "" {
					script += "\nnft '" + r + "'"
				}
			}
			ns := newNet(t, script, 0)
			v := open(t, ns.Process.Pid)
			to := "127.0.0.1"
			if strings.HasPrefix(name, "six") && name != "six only" {
				to = "::1"
			}
			got, err := v.Firewall(t.Context(), to, 3000)
			if err != nil {
				t.Fatal(err)
			}
			verdict, sure := "", false
			if len(got.Rules) > 0 {
				verdict, sure = got.Rules[0].Verdict, got.Rules[0].Sure
			}
			if verdict != c.verdict || sure != c.sure {
				b, _ := json.Marshal(got)
				t.Errorf("got %s", b)
			}
			if works := connects(t, v, to); works && sure || !works && verdict == "" {
				t.Errorf("a connection works: %v; we say %+v", works, got.Rules)
			}
			if len(got.Rules) > 0 && got.Rules[0].Text == "" {
				t.Error("the rule has no text")
			}
		})
	}
}

// protect separates the commands of nft by two semicolons: single ones stand
// inside of braces.
func protect(rules string) string {
	depth := 0
	var b strings.Builder
	for _, r := range rules {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		}
		b.WriteRune(r)
		if r == ';' && depth == 0 {
			b.WriteByte(';')
		}
	}
	return b.String()
}

// connects tries a real connection to port 3000, where nothing listens: a refusal
// by the kernel's own TCP means that the packet came through. A reject with a
// reset looks the same, so a counter of the namespace is asked whether TCP itself
// refused.
func connects(t *testing.T, v *View, to string) bool {
	t.Helper()
	var err error
	must(t, v.inside(func() error {
		l, lerr := listenOn(net.JoinHostPort(to, "3000"))
		if lerr != nil {
			return lerr
		}
		defer l.Close()
		d := dialer(400 * time.Millisecond)
		c, derr := d.Dial("tcp", net.JoinHostPort(to, "3000"))
		if derr == nil {
			_ = c.Close()
		}
		err = derr
		return nil
	}))
	return err == nil
}

// Rules of iptables that go through nftables have matches of their own.
func TestFirewallMatch(t *testing.T) {
	words := func(b []byte, at int, values ...uint16) []byte {
		for i, v := range values {
			binary.NativeEndian.PutUint16(b[at+2*i:], v)
		}
		return b
	}
	tcp := func(low, high uint16, mask, want, inverted byte) []byte {
		b := words(make([]byte, 12), 0, 0, 0xffff, low, high)
		b[9], b[10], b[11] = mask, want, inverted
		return b
	}
	state := func(bits, inverted uint16) []byte { return words(make([]byte, 164), 146, 1, inverted, bits) }
	ports := func(inverted byte) []byte {
		b := words(make([]byte, 48), 2, 22, 2999, 3001)
		b[0], b[1], b[33], b[47] = 1, 3, 1, inverted
		return b
	}
	for name, c := range map[string]struct {
		match string
		info  []byte
		want  fit
	}{
		"port":              {"tcp", tcp(3000, 3000, 0, 0, 0), yes},
		"other port":        {"tcp", tcp(3001, 3001, 0, 0, 0), no},
		"not the port":      {"tcp", tcp(3000, 3000, 0, 0, 2), no},
		"syn":               {"tcp", tcp(0, 0xffff, 0x17, 0x02, 0), yes},
		"not syn":           {"tcp", tcp(0, 0xffff, 0x17, 0x02, 4), no},
		"established":       {"conntrack", state(1<<1|1<<2, 0), no},
		"new":               {"conntrack", state(1<<3, 0), yes},
		"not new":           {"conntrack", state(1<<3, 1), no},
		"several ports":     {"multiport", ports(0), yes},
		"none of the ports": {"multiport", ports(1), no},
		"what is not known": {"owner", make([]byte, 100), maybe},
		"a match cut short": {"tcp", make([]byte, 3), maybe},
		"comment":           {"comment", make([]byte, 256), yes},
	} {
		e := expr{name: "match", data: attribute(attribute(nil, unix.NFTA_MATCH_NAME, append([]byte(c.match), 0)), unix.NFTA_MATCH_INFO, c.info)}
		m := machine{p: packet{port: 3000}}
		if got := m.match(e); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseEvent(t *testing.T) {
	for text, want := range map[string]KernelEvent{
		"node[4711]: segfault at 0 ip 00007f sp 00007f error 4 in libc.so.6[7f+19]":                                                           {Kind: "segfault", PID: 4711, Comm: "node"},
		"traps: php-fpm8.2[12] trap invalid opcode ip:55 sp:7f error:0 in php-fpm8.2[55+1]":                                                   {Kind: "trap", PID: 12, Comm: "php-fpm8.2"},
		"traps: a b[13] general protection fault ip:55 sp:7f error:0":                                                                         {Kind: "trap", PID: 13, Comm: "a b"},
		"Out of memory: Killed process 99 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0": {Kind: "oom", PID: 99, Comm: "java"},
		"Memory cgroup out of memory: Killed process 100 (gunicorn) total-vm:1kB":                                                             {Kind: "cgroup-oom", PID: 100, Comm: "gunicorn"},
		"Out of memory: Kill process 7 (ruby) score 900 or sacrifice child":                                                                   {Kind: "oom", PID: 7, Comm: "ruby"},
		"x[2]: unhandled signal 11, code 1":                                                                                                   {Kind: "segfault", PID: 2, Comm: "x"},
	} {
		got, ok := parseEvent(text)
		want.Text = text
		if !ok || got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{"", "eth0: link up", "x[99999999999999999999]: segfault at 0", "traps: x trap"} {
		if got, ok := parseEvent(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if _, _, ok := parseRecord([]byte("14,1,2,-;x[1]: segfault at 0\n")); ok {
		t.Error("a line that a program wrote was taken for the kernel's")
	}
}

// A process that really crashes is found in the kernel's log.
func TestKernelSegfault(t *testing.T) {
	needRoot(t)
	needTool(t, "python3", "python3")
	b, err := os.ReadFile("/proc/sys/debug/exception-trace")
	need(t, err == nil && len(b) > 0 && b[0] == '1', "debug.exception-trace", "sudo sysctl debug.exception-trace=1")
	before := time.Now().Add(-2 * time.Second)
	cmd := exec.Command("python3", "-c", "import ctypes; ctypes.string_at(0)")
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSEGV {
		t.Fatalf("it did not crash: %v", err)
	}
	got, err := ReadKernel(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range got.List {
		if e.PID == cmd.Process.Pid && e.Kind == "segfault" && strings.HasPrefix(e.Comm, "python3") && time.Since(e.When).Abs() < 10*time.Second {
			return
		}
	}
	t.Errorf("not found in %+v", got)
}

func FuzzNetlink(f *testing.F) {
	f.Add(request(20, 0, 1, make([]byte, 80)))
	f.Add(request(unix.NLMSG_ERROR, 0, 1, []byte{0xff, 0xff, 0xff, 0xff}))
	f.Add(append(request(3, 0, 1, attribute(make([]byte, 16), 1, []byte("x"))), request(unix.NLMSG_DONE, 0, 1, nil)...))
	f.Add(portFilter(80))
	f.Fuzz(func(t *testing.T, b []byte) {
		visit := func(m message) error {
			parseDiag(m.body)
			parseUnixDiag(m.body)
			parseRoute(m.body)
			parseLink(m.body)
			parseNeighbour(m.body)
			parseAddress(m.body)
			parseTable(m.body)
			parseElement(m.body)
			parseACL(m.body)
			c := parseChain(unix.NFPROTO_INET, m.body)
			_, _, r := parseRule(m.body)
			c.base, c.hook, c.rules = true, hookOutput, []rule{r, {exprs: []expr{parseExpr(m.body)}}}
			rs := &ruleset{chains: []*chain{c}, sets: func(uint8, string, string) ([]element, bool) { return parseElement(m.body), true }}
			rs.follow(packet{to: fuzzAddress, port: 80})
			return nil
		}
		_, _ = messages(b, 1, visit)
		_ = visit(message{body: b})
		parseProcTCP(b, unix.AF_INET)
		parseProcUnix(b)
		var k KernelEvents
		k.take(b, time.Unix(0, 0), time.Time{})
		parseEvent(string(b))
		fnmatch(string(b), string(b))
	})
}
