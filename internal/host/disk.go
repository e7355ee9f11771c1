package host

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Disk is the room on the file system of a path.
type Disk struct {
	Path      string `json:"path"`              // as asked
	Missing   bool   `json:"missing,omitempty"` // there is no such path
	Volume    string `json:"volume,omitempty"`  // the file system's id: paths with the same one share its room
	Size      int64  `json:"size"`              // bytes
	Free      int64  `json:"free"`              // bytes that programs without root's rights may take
	Inodes    int64  `json:"inodes"`            // 0: the file system makes them as needed
	FreeNodes int64  `json:"free_nodes"`
	ReadOnly  bool   `json:"read_only,omitempty"`
}

// Disk asks for the room on the file system that holds path, a file or folder of
// the view. A file system that does not answer is abandoned and a gap.
func (v *View) Disk(ctx context.Context, path string) (Disk, error) {
	return within(ctx, &v.hung, "file system of "+path, func() (Disk, error) {
		d := Disk{Path: path}
		fd, err := v.open(path, unix.O_PATH)
		if err != nil {
			info, err := missing(path, err)
			d.Missing = info.Missing
			return d, err
		}
		defer unix.Close(fd)
		var st unix.Statfs_t
		if err := unix.Fstatfs(fd, &st); err != nil {
			return d, denied("file system of "+path, fmt.Errorf("cannot ask the file system of %s: %w", path, err))
		}
		unit := st.Frsize
		if unit == 0 {
			unit = st.Bsize
		}
		d.Size, d.Free = bytesOf(st.Blocks, unit), bytesOf(st.Bavail, unit)
		d.Inodes, d.FreeNodes = int64(min(st.Files, 1<<62)), int64(min(st.Ffree, 1<<62))
		d.Volume = fmt.Sprintf("%x-%x", st.Fsid.Val[0], st.Fsid.Val[1])
		d.ReadOnly = st.Flags&unix.ST_RDONLY != 0
		return d, nil
	})
}

// bytesOf multiplies without running over: a file system may say anything.
func bytesOf(blocks uint64, unit int64) int64 {
	if unit <= 0 || blocks > uint64(1<<62)/uint64(unit) {
		return 1 << 62
	}
	return int64(blocks) * unit
}

// mountsMost bounds the mounts that are listed: hosts with many containers have
// thousands.
const mountsMost = 1024

// ReadMounts lists the file systems that programs may write to, as the process pid
// sees them, by the folder where each is mounted.
func ReadMounts(ctx context.Context, pid int) ([]string, error) {
	source := "mounts of process " + strconv.Itoa(pid)
	return within(ctx, nil, source, func() ([]string, error) {
		b, err := readBounded("/proc/"+strconv.Itoa(pid)+"/mountinfo", 1<<20)
		if err != nil {
			return nil, denied(source, fmt.Errorf("cannot read the mounts of process %d: %w", pid, notThere(err)))
		}
		return parseMounts(string(b)), nil
	})
}

// parseMounts reads mountinfo (proc(5)): "36 35 98:0 /root /at rw,noatime master:1
// - ext3 /dev/root rw".
func parseMounts(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 6 || len(g) < 1 || notForFiles[g[0]] || len(list) == mountsMost {
			continue
		}
		if f[5] == "ro" || strings.HasPrefix(f[5], "ro,") {
			continue
		}
		list = append(list, printable(octal(f[4]), 4096))
	}
	return list
}

// notForFiles are file systems in which nobody keeps files.
var notForFiles = map[string]bool{
	"proc": true, "sysfs": true, "cgroup": true, "cgroup2": true, "devpts": true, "mqueue": true, "debugfs": true, "tracefs": true,
	"securityfs": true, "pstore": true, "bpf": true, "configfs": true, "fusectl": true, "autofs": true, "binfmt_misc": true, "nsfs": true,
	"rpc_pipefs": true, "squashfs": true, "iso9660": true, "efivarfs": true, "hugetlbfs": true, "devtmpfs": true,
}

// octal decodes the "\040" by which the kernel writes a space.
func octal(s string) string {
	if !strings.Contains(s, "\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
