package backend

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// packet is an IPv4 TCP packet without a payload, padded to size.
func packet(from, to string, syn bool, size int) []byte {
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	p := make([]byte, max(size, 40))
	p[0], p[9] = 0x45, 6
	source, target := a.Addr().As4(), b.Addr().As4()
	copy(p[12:], source[:])
	copy(p[16:], target[:])
	binary.BigEndian.PutUint16(p[20:], a.Port())
	binary.BigEndian.PutUint16(p[22:], b.Port())
	if syn {
		p[33] = 2
	}
	return p
}

const near, distant = "10.66.0.1:40000", "10.66.0.2:80"

func newTestLink(c Link) *link {
	return &link{c: c, dice: rand.New(rand.NewPCG(1, 1)), flows: map[flow]time.Time{}}
}

func TestLinkForgets(t *testing.T) {
	l := newTestLink(Link{Forget: 1000})
	now := time.Now()
	step := func(what string, p []byte, from int, after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if _, got := l.judge(p, from, now); got != want {
			t.Errorf("%s: arrives %v, want %v", what, got, want)
		}
	}
	step("a packet of no connection", packet(near, distant, false, 0), 0, 0, false)
	step("the first packet", packet(near, distant, true, 0), 0, 0, true)
	step("its answer", packet(distant, near, true, 0), 1, 0, true)
	step("one after a short pause", packet(near, distant, false, 0), 0, 900*time.Millisecond, true)
	step("one after a long pause", packet(near, distant, false, 0), 0, 1100*time.Millisecond, false)
	step("another try", packet(near, distant, false, 0), 0, time.Millisecond, false)
	step("the same from the other side", packet(distant, near, false, 0), 1, time.Millisecond, false)
	step("a new connection", packet(near, distant, true, 0), 0, 0, true)
}

func TestLinkLosesLargePackets(t *testing.T) {
	l := newTestLink(Link{Back: 1300, Forth: 1400})
	for _, c := range []struct {
		size, from int
		want       bool
	}{{1300, 1, true}, {1301, 1, false}, {1400, 0, true}, {1401, 0, false}} {
		if _, got := l.judge(packet(near, distant, false, c.size), c.from, time.Now()); got != c.want {
			t.Errorf("%d bytes from side %d: arrives %v", c.size, c.from, got)
		}
	}
	l.change(Link{Sound: true})
	if _, ok := l.judge(packet(near, distant, false, 1500), 0, time.Now()); !ok {
		t.Error("a sound link loses a packet")
	}
}

func TestLinkLosesSome(t *testing.T) {
	l := newTestLink(Link{Loss: 30, Delay: 5})
	lost := 0
	for range 1000 {
		wait, ok := l.judge(packet(near, distant, false, 0), 0, time.Now())
		if !ok {
			lost++
		} else if wait != 5*time.Millisecond {
			t.Fatalf("a packet waits %s", wait)
		}
	}
	if lost < 200 || lost > 400 {
		t.Errorf("%d of 1000 packets are lost", lost)
	}
}

func FuzzFlow(f *testing.F) {
	f.Add(packet(near, distant, true, 0), 0)
	f.Add([]byte{0x4f, 0, 0}, 1)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, p []byte, from int) {
		there, _, ok := flowOf(p, from&1)
		back, _, also := flowOf(p, 1-from&1)
		if ok != also || ok && (there[0] != back[1] || there[1] != back[0]) {
			t.Errorf("both sides see %v and %v", there, back)
		}
	})
}
