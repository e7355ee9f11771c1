package host

import (
	"context"
	"fmt"

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
