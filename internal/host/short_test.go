package host

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestCgroupTrees(t *testing.T) {
	const two = "29 23 0:25 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
	const one = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	const part = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
	for name, c := range map[string]struct{ cgroup, mounts, want string }{
		"version 2":         {"0::/system.slice/shop.service\n", two, "|/sys/fs/cgroup|/system.slice/shop.service"},
		"version 1":         {"4:memory:/shop\n1:cpu,cpuacct:/\n0::/\n", one, "memory|/sys/fs/cgroup/memory|/shop cpu|/sys/fs/cgroup/cpu,cpuacct|/"},
		"a part is mounted": {"4:memory:/docker/abc/x\n", part, "memory|/sys/fs/cgroup/memory|/x"},
		"outside the part":  {"4:memory:/other\n", part, ""},
		"above the view":    {"0::/../outside\n", two, ""},
		"nothing":           {"", "", ""},
	} {
		var got []string
		for _, x := range cgroupTrees(c.cgroup, c.mounts) {
			got = append(got, x.controller+"|"+x.mount+"|"+x.group)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// Version 2 written as files: the tightest level counts, page cache does not.
func TestCgroupLevels(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a/memory.max", "1000\n")
	write("a/memory.current", "990\n")
	write("a/memory.stat", "anon 400\ninactive_file 500\n")
	write("a/memory.events", "low 0\nmax 7\noom 2\noom_kill 2\n")
	write("a/b/memory.max", "max\n")
	write("a/b/memory.current", "800\n")
	write("a/b/memory.events", "oom_kill 1\n")
	write("a/b/pids.max", "4\n")
	write("a/b/pids.current", "4\n")
	write("a/b/pids.events", "max 9\n")
	write("a/b/cpu.max", "5000 100000\n")
	write("a/b/cpu.stat", "usage_usec 1\nnr_periods 40\nnr_throttled 38\nthrottled_usec 2500000\n")
	write("a/cgroup.events", "populated 1\nfrozen 1\n")
	var c Cgroup
	c.take(cgroupTree{mount: dir, group: "/a/b"})
	if m := c.Memory; m == nil || m.Path != "/a" || m.Limit != 1000 || m.Working != 490 || m.AtLimit != 7 || m.Kills != 2 {
		t.Errorf("memory %+v", c.Memory)
	}
	if c.OOM == nil || c.OOM.Path != "/a/b" || c.OOM.Kills != 1 {
		t.Errorf("kills %+v", c.OOM)
	}
	if x := c.Tasks; x == nil || x.Limit != 4 || x.Used != 4 || x.Refused != 9 {
		t.Errorf("tasks %+v", c.Tasks)
	}
	if x := c.CPU; x == nil || x.Cores != 0.05 || x.Periods != 40 || x.Throttled != 38 || x.Seconds != 2.5 {
		t.Errorf("cpu %+v", c.CPU)
	}
	if c.Frozen != "/a" {
		t.Errorf("frozen %q", c.Frozen)
	}
}

func TestPressureOfThisHost(t *testing.T) {
	p, err := ReadPressure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p.Cores < 1 || p.Total <= 0 || p.Available <= 0 || p.Available > p.Total || p.Busy <= 0 {
		t.Errorf("%+v", p)
	}
	again, err := ReadPressure(t.Context())
	if err != nil || again.Busy+again.Idle < p.Busy+p.Idle {
		t.Errorf("time went back: %+v, %v", again, err)
	}
}

func TestParseStall(t *testing.T) {
	s, ok := parseStall([]byte("some avg10=43.30 avg60=34.80 avg300=39.23 total=1281424318\nfull avg10=1.50 avg60=0.00 avg300=0.00 total=2000000\n"))
	if !ok || s.Some10 != 43.3 || s.Full10 != 1.5 || s.Full != 2 {
		t.Errorf("%+v %v", s, ok)
	}
	if _, ok := parseStall([]byte("nothing\n")); ok {
		t.Error("it is none")
	}
}

// Real connections towards a real listener are counted, and given back.
func TestPortsTowardsAListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v := Self()
	before, err := v.Ports(t.Context(), l.Addr().String())
	if err != nil || before.Used != 0 || before.Room() < 1 {
		t.Fatalf("%+v, %v", before, err)
	}
	for range 5 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	after, err := v.Ports(t.Context(), l.Addr().String())
	if err != nil || after.Used != 5 || after.Local != "127.0.0.1" {
		t.Fatalf("%+v, %v", after, err)
	}
	if _, err := v.Ports(t.Context(), "name:80"); err == nil {
		t.Error("a name is no address")
	}
}

func TestReservedPorts(t *testing.T) {
	for list, want := range map[string]int{"": 0, "8080": 0, "40000": 1, "39990-40009": 10, "40001,40003-40004,x,5-": 3, "40005-40001": 0} {
		if got := reservedIn(list, 40000, 40019); got != want {
			t.Errorf("%q: %d, want %d", list, got, want)
		}
	}
}

func TestDiskOfAFolder(t *testing.T) {
	v := Self()
	d, err := v.Disk(t.Context(), t.TempDir())
	if err != nil || d.Size <= 0 || d.Free < 0 || d.Free > d.Size || d.Missing {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := v.Disk(t.Context(), "/no/such/folder"); err != nil || !d.Missing {
		t.Errorf("%+v, %v", d, err)
	}
	mounts, err := ReadMounts(t.Context(), os.Getpid())
	if err != nil || len(mounts) == 0 {
		t.Errorf("%v, %v", mounts, err)
	}
	if got := parseMounts("36 35 98:0 / /var/my\\040data rw,noatime - ext4 /dev/a rw\n37 35 0:5 / /proc rw - proc proc rw\n38 35 0:6 / /usr ro,x - ext4 /dev/b ro\n"); strings.Join(got, "|") != "/var/my data" {
		t.Errorf("%q", got)
	}
}

func TestCounters(t *testing.T) {
	v := Self()
	if _, err := v.Queues(t.Context()); err != nil {
		t.Error(err)
	}
	list, err := v.Interfaces(t.Context())
	if err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := v.Conntrack(t.Context()); err != nil {
		t.Error(err)
	}
	c := parseNetstat([]byte("TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 22 33\nIpExt: X\nIpExt: 9\n"), "TcpExt:")
	if c["ListenOverflows"] != 22 || c["ListenDrops"] != 33 {
		t.Errorf("%v", c)
	}
}

func TestClock(t *testing.T) {
	a, err := ReadClock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := ReadClock(t.Context())
	if err != nil || a.Jumped(b).Abs() > time.Second {
		t.Errorf("nobody set it: %v, %v", a.Jumped(b), err)
	}
	b.Boot = b.Boot.Add(time.Hour)
	if a.Jumped(b) < 59*time.Minute {
		t.Error("an hour forward is not seen")
	}
}

// What stands here is what the named products' sources print; no SELinux and no
// AppArmor runs where it was written.
func TestParseDenial(t *testing.T) {
	for line, want := range map[string]Denial{
		`type=AVC msg=audit(1700000000.123:45): avc:  denied  { name_connect } for  pid=812 comm="nginx" dest=3000 scontext=system_u:system_r:httpd_t:s0 tcontext=x tclass=tcp_socket permissive=0`: {Module: "selinux", PID: 812, Comm: "nginx", What: "name_connect", Object: "3000"},
		`type=AVC msg=audit(1700000000.1:9): avc:  denied  { connectto } for  pid=9 comm="nginx" path="/run/app.sock" permissive=1`:                                                                 {Module: "selinux", PID: 9, Comm: "nginx", What: "connectto", Object: "/run/app.sock", Only: true},
		`audit: type=1400 audit(1700000000.000:7): apparmor="DENIED" operation="open" class="file" profile="nginx" name="/srv/x" pid=77 comm="nginx" requested_mask="r"`:                            {Module: "apparmor", PID: 77, Comm: "nginx", What: "open", Object: "/srv/x"},
		`audit: type=1400 audit(1700000000.000:7): apparmor="DENIED" operation="connect" name=2F72756E2F6120622E736F636B pid=77 comm="nginx"`:                                                       {Module: "apparmor", PID: 77, Comm: "nginx", What: "connect", Object: "/run/a b.sock"},
	} {
		got, ok := parseDenial(line)
		if got.When.Unix() != 1700000000 {
			t.Errorf("%s: when %v", line, got.When)
		}
		got.When, got.Text = time.Time{}, ""
		if !ok || got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", line, got, want)
		}
	}
	if _, ok := parseDenial("type=SYSCALL msg=audit(1700000000.123:45): arch=c000003e"); ok {
		t.Error("it is no denial")
	}
}

func TestKernelNamesTheGroup(t *testing.T) {
	var k KernelEvents
	for i, text := range []string{
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/shop,task_memcg=/shop/a,task=gunicorn,pid=13149,uid=33",
		"Memory cgroup out of memory: Killed process 13149 (gunicorn) total-vm:158228kB, anon-rss:142132kB, file-rss:6372kB, shmem-rss:0kB, UID:33 pgtables:348kB oom_score_adj:0",
		"nf_conntrack: nf_conntrack: table full, dropping packet",
		"nf_conntrack: nf_conntrack: table full, dropping packet",
		"nf_conntrack: nf_conntrack: table full in netns 4026532458, dropping packet",
		"TCP: request_sock_TCP: Possible SYN flooding on port 127.0.0.1:3000. Sending cookies.",
	} {
		k.take([]byte("6,"+strconv.Itoa(i)+",1000,-;"+text+"\n"), time.Now(), time.Time{})
	}
	if len(k.List) != 4 || k.List[0].Group != "/shop/a" || k.List[0].UID != 33 || k.List[1].Kind != "conntrack-full" || k.List[2].Net != "net:[4026532458]" || k.List[3].Port != 3000 {
		b, _ := json.Marshal(k.List)
		t.Errorf("%s", b)
	}
}

func TestGroupsOfThisProcess(t *testing.T) {
	c, err := ReadCgroup(context.Background(), os.Getpid())
	if err != nil {
		t.Skipf("no control groups here: %v", err)
	}
	if c.Memory != nil && (c.Memory.Limit <= 0 || c.Memory.Used < c.Memory.Working) {
		t.Errorf("%+v", c.Memory)
	}
}

// FuzzShort hands foreign bytes to every parser of this room that reads what the
// kernel, or somebody in its log, wrote.
func FuzzShort(f *testing.F) {
	for _, seed := range []string{
		"some avg10=1 avg60=2 avg300=3 total=4\nfull avg10=NaN total=-1\n", "TcpExt: A B\nTcpExt: 1\n", "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
		"type=AVC msg=audit(1.2:3): avc:  denied  { a } for pid=x comm=ABC path=2", "0::/a/../b\n", "29 23 0:25 / /x rw - cgroup2 c rw\n", "nr_periods 99999999999999999999\n",
		"oom-kill:constraint=X,task_memcg=,task=,pid=99999999999999999999,uid=0", "Possible SYN flooding on port [::1]:99999999.", "cpu 1 2 3 4 5", "MemTotal: -1 kB",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		if s, ok := parseStall(b); ok && (s.Some10 < 0 || s.Some10 > 100 || s.Full10 > 100) {
			t.Fatalf("%+v", s)
		}
		var p Pressure
		p.times(b)
		p.meminfo(b)
		if p.Busy < 0 || p.Total < 0 || p.Available < 0 {
			t.Fatalf("%+v", p)
		}
		parseKeyed(b)
		parseNetstat(b, "TcpExt:")
		parseNetDev(b)
		parseMounts(text)
		for _, x := range cgroupTrees(text, text) {
			if strings.Contains(x.group, "..") && strings.HasPrefix(x.group, "/..") {
				t.Fatalf("it leaves the mount: %q", x.group)
			}
		}
		if d, ok := parseDenial(text); ok && strings.Contains(d.Object+d.Comm+d.What, "\x00") {
			t.Fatalf("%+v", d)
		}
		parseConstraint(text)
		if e, ok := parseShortage(text); ok && (e.Port < 0 || e.Port > 65535) {
			t.Fatalf("%+v", e)
		}
		if n := reservedIn(text, 1, 65535); n < 0 {
			t.Fatal(n)
		}
	})
}
