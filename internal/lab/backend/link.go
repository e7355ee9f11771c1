package backend

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Link is a cable between two tun devices that treats IPv4 packets badly. It
// makes both devices in its own network namespace; who started it moves one of
// them to the machine at the other end.
type Link struct {
	Devices [2]string `json:"devices"`          // their names: near, far
	Loss    int       `json:"loss,omitempty"`   // percent of the packets that vanish, each way
	Delay   int       `json:"delay,omitempty"`  // milliseconds on the way, each way
	Back    int       `json:"back,omitempty"`   // packets from far to near that are longer than this vanish; 0: none
	Forth   int       `json:"forth,omitempty"`  // packets from near to far that are longer than this vanish; 0: none
	Forget  int       `json:"forget,omitempty"` // milliseconds of silence after which a TCP connection is forgotten: its packets vanish from then on
	Seed    uint64    `json:"seed,omitempty"`
	Sound   bool      `json:"sound,omitempty"` // treat packets well until an order says otherwise
}

// link carries packets until its devices are closed.
type link struct {
	tuns [2]*os.File
	done sync.WaitGroup

	mu    sync.Mutex
	c     Link
	dice  *rand.Rand
	flows map[flow]time.Time // when a packet of the connection last passed
}

// flow is a TCP connection, near side first.
type flow [2]netip.AddrPort

// flowsMost bounds the memory of a link.
const flowsMost = 4096

func openLink(c Link) (*link, error) {
	l := &link{c: c, dice: rand.New(rand.NewPCG(c.Seed, 1)), flows: map[flow]time.Time{}}
	for i, name := range c.Devices {
		f, err := openTun(name)
		if err != nil {
			l.Close()
			return nil, fmt.Errorf("cannot make the device %s: %w", name, err)
		}
		l.tuns[i] = f
	}
	l.done.Add(2)
	go l.carry(0)
	go l.carry(1)
	return l, nil
}

// openTun makes a tun device that hands over bare IP packets
// (Documentation/networking/tuntap.rst of the kernel).
func openTun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Close implements io.Closer.
func (l *link) Close() error {
	for _, t := range l.tuns {
		if t != nil {
			t.Close()
		}
	}
	l.done.Wait()
	return nil
}

// change makes the link good or bad.
func (l *link) change(c Link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Devices = l.c.Devices
	l.c = c
}

// carry takes packets from one device to the other.
func (l *link) carry(from int) {
	defer l.done.Done()
	packet := make([]byte, 64<<10)
	for {
		n, err := l.tuns[from].Read(packet)
		if err != nil {
			return
		}
		wait, ok := l.judge(packet[:n], from, time.Now())
		switch {
		case !ok:
		case wait == 0:
			l.pass(packet[:n], 1-from)
		default:
			late := append([]byte(nil), packet[:n]...)
			time.AfterFunc(wait, func() { l.pass(late, 1-from) })
		}
	}
}

// pass puts a packet out. A device that is down loses it, as a cable does.
func (l *link) pass(packet []byte, to int) { _, _ = l.tuns[to].Write(packet) }

// judge says whether a packet arrives, and after which delay.
func (l *link) judge(packet []byte, from int, now time.Time) (wait time.Duration, arrives bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.c.Sound {
		l.known(packet, from, now)
		return 0, true
	}
	most := l.c.Forth
	if from == 1 {
		most = l.c.Back
	}
	switch {
	case most > 0 && len(packet) > most:
		return 0, false
	case l.c.Loss > 0 && l.dice.IntN(100) < l.c.Loss:
		return 0, false
	case !l.known(packet, from, now):
		return 0, false
	}
	return time.Duration(l.c.Delay) * time.Millisecond, true
}

// known reports whether a packet belongs to a connection that the link has not
// forgotten, and remembers it. What is no TCP is always known.
func (l *link) known(packet []byte, from int, now time.Time) bool {
	f, syn, ok := flowOf(packet, from)
	if !ok || l.c.Forget == 0 && !l.c.Sound {
		return true
	}
	last, seen := l.flows[f]
	forgotten := !syn && (!seen || l.c.Forget > 0 && now.Sub(last) > time.Duration(l.c.Forget)*time.Millisecond)
	if forgotten && !l.c.Sound {
		delete(l.flows, f)
		return false
	}
	if len(l.flows) >= flowsMost {
		clear(l.flows)
	}
	l.flows[f] = now
	return true
}

// flowOf reads addresses and ports of an IPv4 TCP packet (RFC 791, RFC 9293).
func flowOf(p []byte, from int) (f flow, syn, ok bool) {
	if len(p) < 20 || p[0]>>4 != 4 || p[9] != unix.IPPROTO_TCP || binary.BigEndian.Uint16(p[6:])&0x1fff != 0 {
		return f, false, false
	}
	head := int(p[0]&15) * 4
	if head < 20 || len(p) < head+20 {
		return f, false, false
	}
	t := p[head:]
	source := netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[12:16])), binary.BigEndian.Uint16(t))
	target := netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[16:20])), binary.BigEndian.Uint16(t[2:]))
	if from == 1 {
		source, target = target, source
	}
	return flow{source, target}, t[13]&2 != 0, true
}

var _ io.Closer = (*link)(nil)
