package host

import (
	"fmt"
	"os/exec"
	"strconv"
	"testing"
)

// inNet runs a command in the network namespace of a process.
func inNet(t *testing.T, pid int, script string) {
	t.Helper()
	out, err := exec.Command("nsenter", "-t", strconv.Itoa(pid), "-n", "sh", "-ec", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
}

// TestHops follows the way over two routers, to a server behind them and to one
// that the second router keeps apart.
func TestHops(t *testing.T) {
	needTool(t, "nsenter", "util-linux")
	gateway, server := newNet(t, "", 0).Process.Pid, newNet(t, "", 0).Process.Pid
	const forward = "echo 1 > /proc/sys/net/ipv4/ip_forward\n"
	first := newNet(t, fmt.Sprintf("ip link add near type veth peer name wan netns %d\nip addr add 10.77.1.2/24 dev near\nip link set near up\n%s", gateway, forward), 0).Process.Pid
	second := newNet(t, fmt.Sprintf("ip link add near type veth peer name far netns %d\nip addr add 10.77.2.2/24 dev near\nip link set near up\n"+
		"ip link add far type veth peer name wan netns %d\nip addr add 10.77.3.1/24 dev far\nip link set far up\nip route add 10.77.1.0/24 via 10.77.2.1\n%s", first, server, forward), 0).Process.Pid
	inNet(t, gateway, "ip addr add 10.77.1.1/24 dev wan\nip link set wan up\nip route add default via 10.77.1.2")
	inNet(t, first, "ip addr add 10.77.2.1/24 dev far\nip link set far up\nip route add 10.77.3.0/24 via 10.77.2.2")
	inNet(t, server, "ip addr add 10.77.3.2/24 dev wan\nip link set wan up\nip route add default via 10.77.3.1")
	for _, pid := range []int{gateway, first, second, server} {
		// The kernel drops what is sent before it has noticed that the other end is up
		// (net/core/link_watch.c), and asks for an address again only after a second.
		inNet(t, pid, "until ! ip -o link show up | grep -q 'state [DL]'; do sleep 0.01; done")
	}
	v := open(t, gateway)
	look := func() []Hop {
		t.Helper()
		hops, err := v.Hops(t.Context(), "10.77.3.2:8080")
		if err != nil || len(hops) != HopsMost {
			t.Fatalf("%+v, %v", hops, err)
		}
		return hops
	}
	hops := look()
	for i, router := range []string{"10.77.1.2", "10.77.2.2"} {
		if hops[i].Router != router || hops[i].Says != "time exceeded" || hops[i].End {
			t.Errorf("hop %d: %+v, want %s", i+1, hops[i], router)
		}
	}
	if !hops[2].End { // nothing listens: the server's own kernel says so
		t.Errorf("the server: %+v", hops[2])
	}
	needTool(t, "nft", "nftables")
	inNet(t, second, "nft add table ip keep; nft add chain ip keep forward '{ type filter hook forward priority 0; policy drop; }'")
	for i, h := range look() {
		if h.End || i < 2 && h.Says == "" || i >= 2 && h.Says != "" {
			t.Errorf("kept apart, hop %d: %+v", i+1, h)
		}
	}
}

func TestHopsWantsAnAddress(t *testing.T) {
	if _, err := Self().Hops(t.Context(), "app.internal:80"); err == nil {
		t.Error("a name was followed")
	}
}

func FuzzHopQueue(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, oob []byte) {
		var h Hop
		h.readQueue(oob)
		if (h.Says == "") != (h.Router == "") {
			t.Errorf("%+v", h)
		}
	})
}
