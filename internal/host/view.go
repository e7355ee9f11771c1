package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// OwnID is the id of the view of goodgate itself.
const OwnID = "host"

// Place says from where a process sees the world.
type Place struct {
	PID       int    `json:"pid"`                 // the process whose place it is; 0: goodgate itself
	Mount     string `json:"mount,omitempty"`     // mount namespace: "mnt:[4026531841]"
	Net       string `json:"net,omitempty"`       // network namespace: "net:[4026531840]"
	Root      string `json:"root,omitempty"`      // its root directory: "/", or where it was chrooted to
	Container string `json:"container,omitempty"` // id of the container, where the cgroup's path tells
	ShutIn    bool   `json:"shut_in,omitempty"`   // it changed its root itself, within goodgate's mount namespace: its program lies outside
	OwnMount  bool   `json:"own_mount"`           // files are those that goodgate sees
	OwnNet    bool   `json:"own_net"`             // the network is that of goodgate
	Assumed   bool   `json:"assumed,omitempty"`   // it could not be read and is taken to be goodgate's own
}

// Own reports whether the place is where goodgate itself runs.
func (p Place) Own() bool { return p.OwnMount && p.OwnNet }

// Start returns the place from which a process that shut itself in was started: its
// configuration was read there, before it changed its root (chroot in HAProxy's and
// Apache's configuration).
func (p Place) Start() Place {
	if p.ShutIn {
		p.Root, p.OwnMount, p.ShutIn = "/", true, false
	}
	return p
}

// ID names the place. Processes that share both namespaces and the root share
// the id; it is OwnID for goodgate's own place.
func (p Place) ID() string {
	if p.Own() {
		return OwnID
	}
	if p.Mount == "" || p.Net == "" {
		return "pid " + strconv.Itoa(p.PID) // it could not be read
	}
	id := "ns " + number(p.Mount) + "/" + number(p.Net)
	if p.Root != "/" && p.Root != "" {
		id += " " + p.Root
	}
	return id
}

// number returns the digits of "mnt:[4026531841]".
func number(ns string) string {
	_, after, ok := strings.Cut(ns, "[")
	if !ok {
		return "?"
	}
	return strings.TrimSuffix(after, "]")
}

// Subject spells what is asked of the place, the same way each time: x alone for
// goodgate's own place, else the place's id and x.
func (p Place) Subject(x string) string {
	if p.Own() {
		return x
	}
	return p.ID() + " " + x
}

// View looks at the world from one place. It may be used by several goroutines,
// and must be closed.
type View struct {
	place Place
	root  int   // O_PATH descriptor of the root directory; -1: goodgate's own
	net   int   // descriptor of the network namespace; -1: goodgate's own
	shut  error // why the network namespace, which is another one, may not be entered
	hung  atomic.Int32
}

// Self returns the view of goodgate itself. It needs no Close.
func Self() *View {
	return &View{place: selfPlace(), root: -1, net: -1}
}

func selfPlace() Place {
	p := Place{Root: "/", OwnMount: true, OwnNet: true}
	// Not "self": that is the first thread, which may be in another network just now
	// (View.inside).
	p.Mount, _ = os.Readlink("/proc/thread-self/ns/mnt")
	p.Net, _ = os.Readlink("/proc/thread-self/ns/net")
	return p
}

// PlaceOf finds out from where the process pid sees the world. Without the right
// to look into the process it answers with goodgate's own place, Assumed, and a
// gap; the error is also a gap where the process evidently runs in a container,
// and then the place is not goodgate's own.
func PlaceOf(ctx context.Context, pid int) (Place, error) {
	return within(ctx, nil, "process "+strconv.Itoa(pid), func() (Place, error) { return placeOf(pid) })
}

func placeOf(pid int) (Place, error) {
	own := selfPlace()
	if pid == 0 || pid == os.Getpid() {
		return own, nil
	}
	dir := "/proc/" + strconv.Itoa(pid)
	if _, err := os.Stat(dir); err != nil {
		return Place{}, fmt.Errorf("cannot find process %d: %w", pid, err)
	}
	p := Place{PID: pid, Container: containerOf(dir)}
	var errs [3]error
	p.Mount, errs[0] = os.Readlink(dir + "/ns/mnt")
	p.Net, errs[1] = os.Readlink(dir + "/ns/net")
	p.Root, errs[2] = os.Readlink(dir + "/root")
	if err := errors.Join(errs[:]...); err != nil {
		return assumed(p, dir, err)
	}
	p.OwnNet = p.Net == own.Net
	p.OwnMount = p.Mount == own.Mount && p.Root == "/"
	if exe, err := os.Readlink(dir + "/exe"); err == nil && p.Mount == own.Mount && p.Root != "/" {
		p.ShutIn = !strings.HasPrefix(exe, strings.TrimSuffix(p.Root, "/")+"/")
	}
	p.Root = printable(p.Root, 4096)
	return p, nil
}

// assumed answers for a process that may not be looked into. Its pid namespaces
// (NSpid) and its cgroup are readable for everybody and betray a container.
func assumed(p Place, dir string, err error) (Place, error) {
	if gone(err) {
		return Place{}, fmt.Errorf("cannot find process %d: %w", p.PID, err)
	}
	why := "its namespaces may not be read; they are taken to be goodgate's own"
	p.Assumed, p.OwnMount, p.OwnNet, p.Root = true, true, true, "/"
	if p.Container != "" && p.Container != containerOf("/proc/self") || nested(dir) {
		p.Assumed, p.OwnMount, p.OwnNet = false, false, false
		why = "it runs in a container, whose namespaces may not be entered"
	}
	return p, &evidence.Gap{Source: "process " + strconv.Itoa(p.PID), Why: why, Allow: allowRoot}
}

// nested reports whether the process has a pid in a namespace below ours.
func nested(dir string) bool {
	b, err := readSmall(dir + "/status")
	if err != nil {
		return false
	}
	return len(strings.Fields(statusField(b, "NSpid:"))) > 1
}

// Open returns the view from a place. The process of the place must still live
// and still be there. Where its files may be seen and its network namespace may
// not be entered, every question about the network is answered with a gap.
func (p Place) Open() (*View, error) {
	v := &View{place: p, root: -1, net: -1}
	if p.Own() {
		return v, nil
	}
	dir, err := unix.Open("/proc/"+strconv.Itoa(p.PID), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open process %d: %w", p.PID, err)
	}
	defer unix.Close(dir)
	if err := v.enter(dir); err != nil {
		_ = v.Close()
		return nil, denied("process "+strconv.Itoa(p.PID), fmt.Errorf("cannot enter the namespaces of process %d: %w", p.PID, err))
	}
	return v, nil
}

// enter opens root and network through dir, a descriptor of /proc/PID, which
// belongs to that very process also after its number was given to another.
func (v *View) enter(dir int) error {
	var err error
	if !v.place.OwnMount {
		if v.root, err = unix.Openat(dir, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
	}
	if !v.place.OwnNet {
		v.net, err = unix.Openat(dir, "ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EACCES && v.place.OwnMount {
			v.net, v.shut = -1, &evidence.Gap{
				Source: "network of process " + strconv.Itoa(v.place.PID), Why: "its network namespace may not be entered", Allow: allowRoot,
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return v.verify(dir)
}

// verify makes sure that the process is the one that was seen before.
func (v *View) verify(dir int) error {
	buf := make([]byte, 64)
	for _, ns := range []struct{ name, want string }{{"ns/mnt", v.place.Mount}, {"ns/net", v.place.Net}} {
		n, err := unix.Readlinkat(dir, ns.name, buf)
		if err != nil {
			return err
		}
		if string(buf[:n]) != ns.want {
			return fmt.Errorf("it is not the process that was seen: %w", unix.ESRCH)
		}
	}
	return nil
}

// Place returns the place from which the view looks.
func (v *View) Place() Place { return v.place }

// NetworkGap returns the gap with which the view answers every question about
// its network, Dial included; nil where the network may be entered.
func (v *View) NetworkGap() error { return v.shut }

// ID names the view: the id of its place.
func (v *View) ID() string { return v.place.ID() }

// Close gives the namespaces back.
func (v *View) Close() error {
	for _, fd := range []int{v.root, v.net} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	v.root, v.net = -1, -1
	return nil
}

// Views keeps one open view for each place. It may be used by several
// goroutines.
type Views struct {
	mu   sync.Mutex
	open map[string]*View
}

// NewViews returns an empty collection.
func NewViews() *Views { return &Views{open: map[string]*View{}} }

// View returns the view from a place, opened once.
func (vs *Views) View(p Place) (*View, error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v := vs.open[p.ID()]; v != nil {
		return v, nil
	}
	v, err := p.Open()
	if err != nil {
		return nil, err
	}
	vs.open[p.ID()] = v
	return v, nil
}

// Close closes all views.
func (vs *Views) Close() error {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for id, v := range vs.open {
		_ = v.Close()
		delete(vs.open, id)
	}
	return nil
}
