package host

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// open opens an absolute path below the view's root. Symbolic links lead
// nowhere but below that root, absolute ones too, and the magic links of /proc
// are not followed: in a container they would lead to goodgate's own files.
func (v *View) open(path string, flags int) (int, error) {
	if !strings.HasPrefix(path, "/") {
		return -1, fmt.Errorf("cannot open %q: the path is not absolute", path)
	}
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NOCTTY // openat2 refuses it beside O_PATH
	}
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: unix.RESOLVE_NO_MAGICLINKS}
	dir := unix.AT_FDCWD
	if v.root >= 0 {
		how.Resolve |= unix.RESOLVE_IN_ROOT
		dir = v.root
	}
	var fd int
	err := unix.EAGAIN
	// The kernel answers EAGAIN when somebody renames a directory meanwhile.
	for try := 0; try < 4 && (err == unix.EAGAIN || err == unix.EINTR); try++ {
		var e error
		fd, e = unix.Openat2(dir, path, &how)
		if e == nil {
			return fd, nil
		}
		if !errors.As(e, &err) {
			return -1, fmt.Errorf("cannot open %s: %w", path, e)
		}
	}
	// Linux before 5.6 has no openat2, and seccomp filters older than it refuse
	// it with EPERM.
	if err == unix.ENOSYS || err == unix.EPERM {
		return v.openByHand(path, flags)
	}
	if err == unix.ELOOP {
		return -1, fmt.Errorf("cannot open %s: %w, or to an open file of the process itself, as /dev/stdout does", path, err)
	}
	return -1, fmt.Errorf("cannot open %s: %w", path, err)
}

// openByHand does what openat2 does, one part of the path at a time.
func (v *View) openByHand(path string, flags int) (int, error) {
	fd, err := v.walk(path, flags&unix.O_NOFOLLOW == 0, nil)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return -1, fmt.Errorf("cannot open %s: %w", path, err)
	}
	if flags&unix.O_PATH != 0 {
		return fd, nil
	}
	defer unix.Close(fd)
	return unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), flags|unix.O_CLOEXEC, 0)
}

// maxLinks is how many symbolic links a path may lead through, as in the kernel
// (MAXSYMLINKS).
const maxLinks = 40

// step is one part of a path that was reached.
type step struct {
	path string // from the view's root, without symbolic links before the last part
	fd   int    // O_PATH; valid during the visit
	stat unix.Stat_t
	link string // target, of a symbolic link that is followed
}

// walk follows path below the view's root and returns an O_PATH descriptor of
// where it ends. visit, where it is not nil, sees the root, every directory,
// every link and the end; an error of it ends the walk.
func (v *View) walk(path string, follow bool, visit func(step) error) (int, error) {
	w := walker{visit: visit}
	defer w.close()
	root, err := v.openRoot()
	if err != nil {
		return -1, err
	}
	w.dirs, w.names = []int{root}, []string{""}
	if err := w.see("/", root, ""); err != nil {
		return -1, err
	}
	return w.run(path, follow)
}

// openRoot returns a descriptor of the view's root that the caller closes.
func (v *View) openRoot() (int, error) {
	if v.root >= 0 {
		return unix.FcntlInt(uintptr(v.root), unix.F_DUPFD_CLOEXEC, 3)
	}
	return unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// walker is where a walk stands: the directories from the root down.
type walker struct {
	dirs  []int
	names []string
	links int
	visit func(step) error
}

func (w *walker) close() {
	for _, fd := range w.dirs {
		_ = unix.Close(fd)
	}
}

func (w *walker) see(path string, fd int, link string) error {
	if w.visit == nil {
		return nil
	}
	s := step{path: path, fd: fd, link: link}
	if err := unix.Fstat(fd, &s.stat); err != nil {
		return err
	}
	return w.visit(s)
}

// run takes the parts of path one by one. Targets of links are put before the
// parts that are left.
func (w *walker) run(path string, follow bool) (int, error) {
	left := parts(path)
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		if name == ".." {
			w.up(1)
			continue
		}
		here := w.dirs[len(w.dirs)-1]
		fd, err := unix.Openat(here, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		full := strings.Join(w.names, "/") + "/" + name
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: full, Err: err}
		}
		target, err := readLink(fd)
		if err != nil {
			_ = unix.Close(fd)
			return -1, err
		}
		if err := w.see(full, fd, target); err != nil {
			_ = unix.Close(fd)
			return -1, err
		}
		if target != "" && (follow || len(left) > 0) {
			_ = unix.Close(fd)
			if w.links++; w.links > maxLinks {
				return -1, unix.ELOOP
			}
			if strings.HasPrefix(target, "/") {
				w.up(len(w.dirs))
			}
			left = append(parts(target), left...)
			continue
		}
		w.dirs, w.names = append(w.dirs, fd), append(w.names, name)
	}
	return unix.FcntlInt(uintptr(w.dirs[len(w.dirs)-1]), unix.F_DUPFD_CLOEXEC, 3)
}

// up goes n directories up, at most to the root.
func (w *walker) up(n int) {
	for ; n > 0 && len(w.dirs) > 1; n-- {
		last := len(w.dirs) - 1
		_ = unix.Close(w.dirs[last])
		w.dirs, w.names = w.dirs[:last], w.names[:last]
	}
}

// readLink returns the target of the symbolic link that fd is, "" for anything
// else.
func readLink(fd int) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err == unix.ENOENT || err == unix.EINVAL {
		return "", nil // readlinkat(2): with an empty path ENOENT says that fd is no link
	}
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// parts splits a path and leaves out what means nothing.
func parts(path string) []string {
	var out []string
	for p := range strings.SplitSeq(path, "/") {
		if p != "" && p != "." {
			out = append(out, p)
		}
	}
	return out
}
