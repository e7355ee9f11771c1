package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Identity is who wants to use a file.
type Identity struct {
	UID    int   `json:"uid"`
	GID    int   `json:"gid"`
	Groups []int `json:"groups,omitempty"`
}

// in reports whether the identity belongs to a group.
func (i Identity) in(gid int) bool { return i.GID == gid || slices.Contains(i.Groups, gid) }

// PathStep is one directory, link or file on the way to a path.
type PathStep struct {
	Path   string `json:"path"`
	Kind   string `json:"kind"` // as in FileInfo, and "link"
	Mode   uint32 `json:"mode"`
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	Target string `json:"target,omitempty"` // of a link
	ACL    bool   `json:"acl,omitempty"`    // it has an access control list, which was followed
	Denies bool   `json:"denies,omitempty"` // it stops the identity
}

// UnixPath says whether a process could connect to a unix socket.
type UnixPath struct {
	Path     string     `json:"path"`
	Who      Identity   `json:"who"`
	Steps    []PathStep `json:"steps"`
	Missing  string     `json:"missing,omitempty"` // the first part that does not exist
	IsSocket bool       `json:"is_socket"`
	Listens  *bool      `json:"listens,omitempty"` // whether somebody listens on it; nil: not known
	Listener *Listener  `json:"listener,omitempty"`
	Denied   string     `json:"denied,omitempty"` // the first part that denies access, "" for none
	Why      string     `json:"why,omitempty"`    // "no right to search the directory /run/app (mode 0700, uid 1001, gid 1001)"
	Unsure   string     `json:"unsure,omitempty"` // why access may be denied although the modes allow it
}

const (
	search = 1 // x on a directory
	write  = 2 // w on a socket: what connect(2) needs (unix_find_bsd in net/unix/af_unix.c)
)

// UnixPath walks to the unix socket at path as the identity would, and says where
// it is stopped, and whether somebody listens there. "@name" is an abstract
// socket, to which everybody in the network namespace may connect.
func (v *View) UnixPath(ctx context.Context, path string, who Identity) (UnixPath, error) {
	answer := UnixPath{Path: path, Who: who}
	if len(path) == 0 || path[0] != '@' {
		var err error
		answer, err = within(ctx, &v.hung, "socket "+path, func() (UnixPath, error) { return v.walkUnix(path, who) })
		if err != nil {
			return answer, denied("socket "+path, err)
		}
	}
	if list, err := v.Listeners(ctx); err == nil {
		var file FileInfo
		if answer.IsSocket {
			file = v.fileOf(ctx, path)
		}
		l, found := matchUnix(list.List, path, file)
		found = found && answer.Missing == ""
		answer.Listens = &found
		if found {
			answer.Listener = &l
			answer.IsSocket = true
		}
	}
	if b, err := readSmall("/sys/fs/selinux/enforce"); err == nil && len(b) > 0 && b[0] == '1' {
		answer.Unsure = "SELinux is enforcing and may deny what the modes allow"
	}
	return answer, nil
}

func (v *View) walkUnix(path string, who Identity) (UnixPath, error) {
	answer := UnixPath{Path: path, Who: who}
	fd, err := v.walk(path, true, func(s step) error {
		answer.Steps = append(answer.Steps, answer.examine(s, who))
		return nil
	})
	if err == nil {
		_ = unix.Close(fd)
		if last := answer.Steps[len(answer.Steps)-1]; last.Kind == "socket" {
			answer.IsSocket = true
		}
		return answer, nil
	}
	var pe *fs.PathError
	switch {
	case !errors.As(err, &pe):
		return answer, fmt.Errorf("cannot walk to %s: %w", path, err)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		answer.Missing = pe.Path
	case errors.Is(err, fs.ErrPermission) && answer.Denied == "":
		return answer, &evidence.Gap{Source: "socket " + path, Why: "goodgate itself may not look at " + pe.Path, Allow: allowRoot}
	case !errors.Is(err, fs.ErrPermission):
		return answer, err
	}
	return answer, nil
}

// examine says whether one step lets the identity pass.
func (u *UnixPath) examine(s step, who Identity) PathStep {
	p := PathStep{
		Path: s.path, Kind: kindOf(s.stat.Mode), Mode: s.stat.Mode & 0o7777, UID: int(s.stat.Uid), GID: int(s.stat.Gid), Target: s.link,
	}
	need, what := uint32(search), "search the directory"
	switch p.Kind {
	case "link":
		return p // a link's own mode decides nothing
	case "directory":
	default:
		need, what = write, "write to the socket"
	}
	acl := readACL(s.fd)
	p.ACL = len(acl) > 0
	if !allows(p, acl, who, need) {
		p.Denies = true
		if u.Denied == "" {
			u.Denied = p.Path
			u.Why = fmt.Sprintf("no right to %s %s (mode %04o, uid %d, gid %d)", what, p.Path, p.Mode, p.UID, p.GID)
		}
	}
	return p
}

// allows follows acl_permission_check in the kernel's fs/namei.c. User 0 is taken
// to have CAP_DAC_OVERRIDE.
func allows(p PathStep, acl []aclEntry, who Identity, need uint32) bool {
	switch {
	case who.UID == 0:
		return true
	case who.UID == p.UID:
		return p.Mode>>6&need == need
	case len(acl) > 0:
		return aclAllows(p, acl, who, need)
	case who.in(p.GID):
		return p.Mode>>3&need == need
	}
	return p.Mode&need == need
}

// readACL reads the access control list of what an O_PATH descriptor stands for.
func readACL(fd int) []aclEntry {
	buf := make([]byte, 4096)
	n, err := unix.Getxattr("/proc/self/fd/"+strconv.Itoa(fd), "system.posix_acl_access", buf)
	if err != nil || n < 0 {
		return nil
	}
	return parseACL(buf[:n])
}
