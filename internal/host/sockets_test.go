package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestListeners(t *testing.T) {
	four, six := listen(t, "tcp4", "127.0.0.1:0"), listen(t, "tcp6", "[::1]:0")
	both := listen(t, "tcp", "[::]:0")
	only := listen(t, "tcp6", "[::]:0")
	path := filepath.Join(shortDir(t), "a.sock")
	un, abstract := listen(t, "unix", path), listen(t, "unix", "@gg-abstract-"+strconv.Itoa(os.Getpid()))
	got, err := Self().Listeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := func(addr string) Listener {
		for _, l := range got.List {
			if l.Address == addr {
				return l
			}
		}
		t.Errorf("%s is not among the listeners", addr)
		return Listener{}
	}
	for _, l := range []net.Listener{four, six, both, only, un, abstract} {
		x := byName(l.Addr().String())
		if !slices.Equal(x.PIDs, []int{os.Getpid()}) || x.UID != os.Getuid() || x.Waiting != 0 || x.Backlog < 1 || x.Inode == 0 {
			t.Errorf("%s: %+v", l.Addr(), x)
		}
	}
	if x := byName(both.Addr().String()); x.V6Only == nil || *x.V6Only || !x.Serves(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(x.Port))) {
		t.Errorf("dual stack: %+v", x)
	}
	if x := byName(only.Addr().String()); x.V6Only == nil || !*x.V6Only || x.Serves(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(x.Port))) {
		t.Errorf("IPv6 only: %+v", x)
	}
	if x := byName(path); x.File == 0 {
		t.Errorf("unix: %+v", x)
	}
}

// The text files of /proc/net and netlink say the same.
func TestProcNetAgrees(t *testing.T) {
	listen(t, "tcp4", "127.0.0.1:0")
	listen(t, "tcp6", "[::1]:0")
	listen(t, "unix", filepath.Join(shortDir(t), "with space.sock"))
	v := Self()
	var have []string
	if err := v.dumpTCP(t.Context(), 1<<stateListen, 0, func(s diagSocket) {
		have = append(have, fmt.Sprint(s.local, s.inode, s.uid))
	}); err != nil {
		t.Fatal(err)
	}
	rows, err := v.procTCP()
	must(t, err)
	mine, _ := socketInodes(os.Getpid())
	found := 0
	for _, s := range rows {
		if s.state == stateListen && mine[s.inode] {
			found++
			if !slices.Contains(have, fmt.Sprint(s.local, s.inode, s.uid)) {
				t.Errorf("only in /proc: %v", s)
			}
		}
	}
	if found < 2 {
		t.Errorf("/proc/net/tcp shows %d of 2 own listeners", found)
	}
	un, err := v.procUnix()
	must(t, err)
	if !slices.ContainsFunc(un, func(s unixSocket) bool {
		return s.state == stateListen && mine[s.inode] && strings.HasSuffix(s.name, "/with space.sock")
	}) {
		t.Error("/proc/net/unix does not show the own listener")
	}
}

func socketInodes(pid int) (map[uint64]bool, error) {
	m := map[uint64]bool{}
	return m, new(fdReader).sockets(pid, func(i uint64) { m[i] = true })
}

// A request that the server does not read is seen on its side, and one that was
// not even accepted too.
func TestUnreadRequests(t *testing.T) {
	path := filepath.Join(shortDir(t), "a.sock")
	for _, network := range []string{"tcp4", "tcp6", "unix"} {
		address := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "unix": path}[network]
		l := listen(t, network, address)
		endpoint := l.Addr().String()
		if network == "unix" {
			endpoint = "unix:" + endpoint
		}
		c1, err := net.Dial(network, l.Addr().String())
		must(t, err)
		defer c1.Close()
		s1, err := l.Accept()
		must(t, err)
		defer s1.Close()
		c2, err := net.Dial(network, l.Addr().String())
		must(t, err)
		defer c2.Close()
		for _, c := range []net.Conn{c1, c2} {
			_, err := io.WriteString(c, "GET /")
			must(t, err)
		}
		got, err := Self().Connections(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got.AtUnread != 2 || len(got.At) != 2 || len(got.Toward) != 2 || got.At[0].Unread < 5 || got.At[1].Unread < 5 || got.Counts["at established"] != 2 {
			t.Errorf("%s: %+v", network, got)
		}
		slices.SortFunc(got.At, func(a, b Connection) int { return cmp.Compare(len(a.PIDs), len(b.PIDs)) })
		if got.At[0].Inode != 0 || !slices.Equal(got.At[1].PIDs, []int{os.Getpid()}) {
			t.Errorf("%s: who holds them: %+v", network, got.At)
		}
		ls, err := Self().Listeners(t.Context())
		must(t, err)
		for _, x := range ls.List {
			if x.Address == l.Addr().String() && x.Waiting != 1 {
				t.Errorf("%s: %d wait", network, x.Waiting)
			}
		}
	}
}

// The kernel's filter and our own say the same about many sockets.
func TestConnectionsOfOthersAreLeftOut(t *testing.T) {
	a, b := listen(t, "tcp4", "127.0.0.1:0"), listen(t, "tcp4", "127.0.0.1:0")
	for _, l := range []net.Listener{a, b, b} {
		c, err := net.Dial("tcp4", l.Addr().String())
		must(t, err)
		defer c.Close()
	}
	got, err := Self().Connections(t.Context(), a.Addr().String())
	if err != nil || len(got.At) != 1 || len(got.Toward) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Self().Connections(t.Context(), "no address"); err == nil {
		t.Error("a bad endpoint gave an answer")
	}
}

// Sockets, addresses and dials are those of the other namespace.
func TestOtherNetwork(t *testing.T) {
	ns := newNet(t, "ip addr add 10.77.0.1/24 dev lo", 0)
	v := open(t, ns.Process.Pid)
	if v.ID() == OwnID || v.Place().OwnNet || !v.Place().OwnMount {
		t.Fatalf("place %+v", v.Place())
	}
	var addr string
	must(t, v.inside(func() error {
		l, err := net.Listen("tcp4", "10.77.0.1:0")
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = l.Close() })
		addr = l.Addr().String()
		return nil
	}))
	got, err := v.Listeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tcp := slices.DeleteFunc(got.List, func(l Listener) bool { return l.Network != "tcp" })
	if len(tcp) != 1 || tcp[0].Address != addr || !slices.Equal(tcp[0].PIDs, []int{os.Getpid()}) {
		t.Errorf("listeners of the namespace: %+v", tcp)
	}
	c, err := v.Dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if c, err := Self().Dial(t.Context(), "tcp", addr); err == nil {
		_ = c.Close()
		t.Error("the address was reached from outside")
	}
	_, err = v.Dial(t.Context(), "tcp", "10.77.0.1:1")
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nothing listens: %v", err)
	}
	if c, err := v.DialFrom(t.Context(), "tcp", "127.0.0.1", addr); err != nil {
		t.Error(err)
	} else {
		if !strings.HasPrefix(c.LocalAddr().String(), "127.0.0.1:") {
			t.Errorf("left from %s", c.LocalAddr())
		}
		_ = c.Close()
	}
	if _, err := v.Dial(t.Context(), "tcp", "localhost:1"); err == nil {
		t.Error("a name was dialled")
	}
	a, err := v.Addresses(t.Context())
	if err != nil || !a.Has("10.77.0.1") || !a.Has("127.0.0.2") || a.Has("10.77.0.2") || a.Has("x") {
		t.Errorf("addresses %+v, %v", a, err)
	}
	rows, err := v.procTCP()
	if err != nil || len(rows) == 0 {
		t.Errorf("/proc/net of the namespace: %v, %v", rows, err)
	}
}

// A path longer than sun_path, below another root, through a link there.
func TestDialUnix(t *testing.T) {
	dir := shortDir(t)
	l := listen(t, "unix", filepath.Join(dir, "s"))
	deep := filepath.Join(dir, strings.Repeat("d", 100), strings.Repeat("e", 100))
	must(t, os.MkdirAll(deep, 0o755))
	must(t, os.Rename(filepath.Join(dir, "s"), filepath.Join(deep, "s")))
	dial := func(v *View, path string) error {
		c, err := v.Dial(t.Context(), "unix", path)
		if err != nil {
			return err
		}
		s, err := l.Accept()
		must(t, err)
		_ = s.Close()
		return c.Close()
	}
	if err := dial(Self(), filepath.Join(deep, "s")); err != nil {
		t.Error(err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	for path, want := range map[string]error{filepath.Join(dir, "none"): syscall.ENOENT, filepath.Join(dir, "file"): syscall.ECONNREFUSED} {
		_, err := Self().Dial(t.Context(), "unix", path)
		var op *net.OpError
		if !errors.Is(err, want) || !errors.As(err, &op) {
			t.Errorf("%s: %v; want %v", path, err, want)
		}
	}
	if os.Getuid() != 0 {
		return
	}
	must(t, os.Symlink("/"+strings.Repeat("d", 100)+"/"+strings.Repeat("e", 100)+"/s", filepath.Join(dir, "link")))
	cmd, _ := helper(t, "chroot", nil, "GOODGATE_ROOT="+dir)
	if err := dial(open(t, cmd.Process.Pid), "/link"); err != nil {
		t.Error(err)
	}
}

func TestUnixPath(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "run", "app.sock")
	must(t, os.Mkdir(filepath.Join(dir, "run"), 0o750))
	l := listen(t, "unix", path)
	must(t, os.Chmod(path, 0o660))
	must(t, os.Symlink("run/app.sock", filepath.Join(dir, "link")))
	other := Identity{UID: os.Getuid() + 1, GID: os.Getgid() + 1}
	group := Identity{UID: os.Getuid() + 1, GID: os.Getgid() + 1, Groups: []int{os.Getgid()}}
	owner := Identity{UID: os.Getuid(), GID: 1}
	for _, c := range []struct {
		path   string
		who    Identity
		denied string
	}{
		{path, other, filepath.Join(dir, "run")},
		{path, group, ""},
		{path, owner, ""},
		{filepath.Join(dir, "link"), other, filepath.Join(dir, "run")},
	} {
		got, err := Self().UnixPath(t.Context(), c.path, c.who)
		if err != nil || got.Denied != c.denied || !got.IsSocket || got.Listens == nil || !*got.Listens || got.Missing != "" || got.Listener == nil {
			t.Errorf("%s as %v: %+v, %v", c.path, c.who, got, err)
		}
		if c.denied != "" && !strings.Contains(got.Why, "mode 0750") {
			t.Errorf("why: %s", got.Why)
		}
	}
	must(t, os.Chmod(filepath.Join(dir, "run"), 0o755))
	if got, _ := Self().UnixPath(t.Context(), path, other); got.Denied != path || !strings.Contains(got.Why, "write to the socket") {
		t.Errorf("socket of mode 0660: %+v", got)
	}
	if got, err := Self().UnixPath(t.Context(), filepath.Join(dir, "none", "x"), other); err != nil || got.Missing != filepath.Join(dir, "none") || *got.Listens {
		t.Errorf("missing: %+v, %v", got, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	if got, err := Self().UnixPath(t.Context(), path, owner); err != nil || !got.IsSocket || *got.Listens || got.Denied != "" {
		t.Errorf("nobody listens: %+v, %v", got, err)
	}
}

// The kernel itself is asked whether our judgement of modes and lists is right.
func TestUnixPathAgreesWithKernel(t *testing.T) {
	needRoot(t)
	dir := shortDir(t)
	path := filepath.Join(dir, "s")
	listen(t, "unix", path)
	acl := func(entries ...[3]int) []byte {
		b := []byte{2, 0, 0, 0}
		for _, e := range entries {
			b = append(b, byte(e[0]), byte(e[0]>>8), byte(e[1]), 0, byte(e[2]), byte(e[2]>>8), byte(e[2]>>16), byte(e[2]>>24))
		}
		return b
	}
	none := -1
	lists := map[string][]byte{
		"none":   nil,
		"user":   acl([3]int{1, 6, none}, [3]int{aclUser, 6, 65534}, [3]int{aclGroupObj, 0, none}, [3]int{aclMask, 7, none}, [3]int{aclOther, 0, none}),
		"masked": acl([3]int{1, 6, none}, [3]int{aclUser, 6, 65534}, [3]int{aclGroupObj, 0, none}, [3]int{aclMask, 4, none}, [3]int{aclOther, 7, none}),
		"group":  acl([3]int{1, 6, none}, [3]int{aclGroupObj, 0, none}, [3]int{aclGroup, 6, 65534}, [3]int{aclMask, 7, none}, [3]int{aclOther, 0, none}),
	}
	seen := map[bool]int{}
	for name, list := range lists {
		for _, mode := range []uint32{0o600, 0o620, 0o602, 0o666} {
			must(t, unix.Removexattr(path, "system.posix_acl_access"))
			must(t, unix.Chmod(path, mode))
			if list != nil {
				if err := unix.Setxattr(path, "system.posix_acl_access", list, 0); errors.Is(err, unix.ENOTSUP) {
					continue // /tmp has no access control lists
				} else if err != nil {
					t.Fatal(err)
				}
			}
			got, err := Self().UnixPath(t.Context(), path, Identity{UID: 65534, GID: 65534})
			must(t, err)
			_, line := helper(t, "dial", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: false}}, "GOODGATE_ADDRESS="+path)
			if want := line == "connected"; want != (got.Denied == "") {
				t.Errorf("list %s, mode %o: the kernel says %s, we say %q", name, mode, line, got.Why)
			}
			seen[got.Denied == ""]++
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("all cases ended alike: %v", seen)
	}
}

func TestRedactConnections(t *testing.T) {
	c := Connections{At: []Connection{{Local: "192.0.2.1:80", Remote: "198.51.100.7:5000"}}, Toward: []Connection{{Local: "198.51.100.7:5000", Remote: "192.0.2.1:80"}}}
	c.RedactWith(evidence.NewRedactor(nil))
	if strings.Contains(fmt.Sprint(c), "198.51.100.7") {
		t.Errorf("%+v", c)
	}
}

func BenchmarkListeners(b *testing.B) {
	for b.Loop() {
		if _, err := Self().Listeners(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
