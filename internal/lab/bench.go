package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Bench is the table that one scene is built on: a folder, free ports, dice, and
// the processes started so far. Its methods remember the first error and do
// nothing after it, so that a fault reads as a list of steps; Up reports it.
// It is not safe for concurrent use.
type Bench struct {
	Dir  string     // the scene's folder, readable by everybody
	Rand *rand.Rand // the scene's dice

	ctx      context.Context // bounds the building of the scene, as in Up
	backend  []string
	gate     []string          // the command of goodgate's own gateway
	releases map[string]string // of programs that the scene runs in another release than Debian's
	err      error
	enter    []string // how to enter the scene's namespaces
	netns    int      // file descriptor of its network namespace, or -1
	machine  string   // process that holds the scene's machine; empty: it has none of its own
	starter  *starter
	procs    []*Proc
	held     []net.PacketConn // reservations of ports and names
	used     map[int]bool
	words    []string       // names of applications not yet used
	after    []func() error // what is to be done when all processes have ended

	stop     context.CancelFunc // ends pollers
	life     context.Context
	pollers  sync.WaitGroup
	closed   bool
	closeErr error
}

func newBench(ctx context.Context, name string, o Options) (*Bench, error) {
	if len(o.Backend) == 0 {
		return nil, errors.New("cannot start backends: no command for them")
	}
	dir, err := os.MkdirTemp(o.Dir, "goodgate-lab-")
	if err != nil {
		return nil, fmt.Errorf("cannot make the scene's folder: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the scene's folder: %w", err)
	}
	hash := o.Seed
	for _, c := range []byte(name) {
		hash = hash*1099511628211 + uint64(c)
	}
	b := &Bench{
		Dir: dir, Rand: rand.New(rand.NewPCG(o.Seed, hash)),
		ctx: ctx, backend: o.Backend, gate: o.Gateway, releases: map[string]string{}, netns: -1, starter: newStarter(), used: map[int]bool{},
	}
	b.words = append(b.words, words...)
	b.Rand.Shuffle(len(b.words), func(i, j int) { b.words[i], b.words[j] = b.words[j], b.words[i] })
	b.life, b.stop = context.WithCancel(context.Background())
	return b, nil
}

var words = strings.Fields(`orders billing catalog accounts search invoices reports inventory basket tickets profiles media
	pricing shipping reviews signup ledger payments checkout refunds coupons wishlist returns suppliers warehouse customers
	newsletter comments messages calendar contacts documents uploads thumbnails playlists bookmarks events bookings rooms
	flights vehicles drivers routes parcels pickups labels forms surveys grades courses lessons exams library tenants leases
	meters alarms sensors recipes menus tables quotes claims policies patients visits labs scores matches teams leagues`)

// Close stops the pollers, ends every process that the bench has started and
// removes the folder. Further calls do nothing and return the same error.
func (b *Bench) Close() error {
	if b.closed {
		return b.closeErr
	}
	b.closed = true
	b.stop()
	var errs []error
	for i := len(b.procs) - 1; i >= 0; i-- {
		errs = append(errs, b.procs[i].Kill())
	}
	b.pollers.Wait()
	for _, f := range b.after {
		errs = append(errs, f())
	}
	b.starter.close()
	for _, h := range b.held {
		h.Close()
	}
	if b.netns >= 0 {
		unix.Close(b.netns)
	}
	errs = append(errs, os.RemoveAll(b.Dir))
	b.closeErr = errors.Join(errs...)
	return b.closeErr
}

// fail remembers the first error.
func (b *Bench) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// Port returns a TCP port that is free on every loopback address. It is kept
// from other benches by a UDP socket of the same number on an address that
// nobody else uses.
func (b *Bench) Port() int {
	for tries := 0; b.err == nil && tries < 1000; tries++ {
		if port := 3000 + b.Rand.IntN(28000); b.reserve(port) {
			return port
		}
	}
	b.fail("cannot find a free port")
	return 0
}

// PortNear returns a free port that a person could have mistyped for port.
func (b *Bench) PortNear(port int) int {
	for _, by := range []int{1, -1, 10, 100, 2, -10, -2, 3, 11, -100, 20} {
		if b.err == nil && b.reserve(port+by) {
			return port + by
		}
	}
	return b.Port()
}

func (b *Bench) reserve(port int) bool {
	if b.used[port] || port > 32767 {
		return false
	}
	hold, err := net.ListenPacket("udp", fmt.Sprintf("127.77.0.1:%d", port))
	if err != nil {
		return false
	}
	for _, network := range []string{"tcp4", "tcp6"} {
		l, err := net.Listen(network, fmt.Sprintf(":%d", port))
		if errors.Is(err, unix.EAFNOSUPPORT) {
			continue
		}
		if err != nil {
			hold.Close()
			return false
		}
		l.Close()
	}
	b.used[port] = true
	b.held = append(b.held, hold)
	return true
}

// Name returns a name for an application that no scene on this host uses: scenes
// that stand side by side must not look like one site. It is kept by an abstract
// unix socket.
func (b *Bench) Name() string {
	for b.err == nil && len(b.words) > 0 {
		name := b.words[0]
		b.words = b.words[1:]
		hold, err := net.ListenPacket("unixgram", "@goodgate-lab/"+name)
		if err == nil {
			b.held = append(b.held, hold)
			return name
		}
	}
	b.fail("cannot find a free name: too many scenes stand on this host")
	return "nameless"
}

// Chance is true in percent of all seeds.
func (b *Bench) Chance(percent int) bool { return b.Rand.IntN(100) < percent }

// pick returns one of its arguments.
func pick[T any](b *Bench, of ...T) T { return of[b.Rand.IntN(len(of))] }

// Write makes a file of the scene, with its folders, and returns its path.
func (b *Bench) Write(path, text string) string {
	path = b.path(path)
	if b.err != nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.fail("cannot write %s: %w", path, err)
		return path
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.fail("cannot write %s: %w", path, err)
	}
	return path
}

// path makes path absolute: relative ones are below the scene's folder.
func (b *Bench) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(b.Dir, path)
}
