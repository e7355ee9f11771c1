package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// FileInfo describes a file, symbolic links followed.
type FileInfo struct {
	Path     string    `json:"path"` // as asked
	Missing  bool      `json:"missing,omitempty"`
	Kind     string    `json:"kind,omitempty"` // "file", "directory", "socket", "fifo", "device"
	Mode     uint32    `json:"mode,omitempty"` // permission bits and setuid, setgid, sticky: 0o1777
	UID      int       `json:"uid"`
	GID      int       `json:"gid"`
	Size     int64     `json:"size,omitempty"`
	Modified time.Time `json:"modified,omitzero"`
	Changed  time.Time `json:"changed,omitzero"` // of the inode: also a rename or chmod
	Device   uint64    `json:"device,omitempty"`
	Inode    uint64    `json:"inode,omitempty"`
}

// FileData is a file with its content.
type FileData struct {
	Info FileInfo       `json:"info"`
	Body evidence.Bytes `json:"body,omitempty"`
}

// RedactWith removes what a configuration keeps secret.
func (d *FileData) RedactWith(r *evidence.Redactor) { d.Body = r.Config(d.Body) }

// Stat describes the file at path. That there is none is an answer, not an
// error: Missing is set.
func (v *View) Stat(ctx context.Context, path string) (FileInfo, error) {
	return within(ctx, &v.hung, "file "+path, func() (FileInfo, error) {
		fd, err := v.open(path, unix.O_PATH)
		if err != nil {
			return missing(path, err)
		}
		defer unix.Close(fd)
		return describe(path, fd)
	})
}

// ReadFile returns a whole regular file of at most limit bytes. A file that does
// not exist is an answer with Info.Missing; one that is larger, is no regular
// file or may not be read is an error.
func (v *View) ReadFile(ctx context.Context, path string, limit int64) (FileData, error) {
	return within(ctx, &v.hung, "file "+path, func() (FileData, error) {
		f, info, err := v.openRegular(path)
		if err != nil {
			info, err = missing(path, err)
			return FileData{Info: info}, err
		}
		defer f.Close()
		body, err := io.ReadAll(io.LimitReader(f, limit+1))
		if err != nil {
			return FileData{Info: info}, fmt.Errorf("cannot read %s: %w", path, err)
		}
		if int64(len(body)) > limit {
			return FileData{Info: info}, fmt.Errorf("cannot read %s: it is larger than %d bytes", path, limit)
		}
		return FileData{Info: info, Body: body}, nil
	})
}

// OpenFile opens a regular file for reading, for logs: the caller reads it with
// ReadAt or Read and closes it. A file that does not exist is an error that
// matches fs.ErrNotExist.
func (v *View) OpenFile(ctx context.Context, path string) (*os.File, FileInfo, error) {
	type opened struct {
		file *os.File
		info FileInfo
	}
	o, err := within(ctx, &v.hung, "file "+path, func() (opened, error) {
		f, info, err := v.openRegular(path)
		return opened{f, info}, denied("file "+path, err)
	})
	return o.file, o.info, err
}

// missing turns "there is no such file" into an answer, and a refusal into a gap.
func missing(path string, err error) (FileInfo, error) {
	info := FileInfo{Path: path}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		info.Missing = true
		return info, nil
	}
	return info, denied("file "+path, err)
}

// openRegular opens what is a regular file. It looks before it opens: opening a
// fifo or a device for reading can wake or disturb whoever is at its other end.
func (v *View) openRegular(path string) (*os.File, FileInfo, error) {
	fd, err := v.open(path, unix.O_PATH)
	if err != nil {
		return nil, FileInfo{Path: path}, err
	}
	defer unix.Close(fd)
	info, err := describe(path, fd)
	if err != nil {
		return nil, info, err
	}
	if info.Kind != "file" {
		return nil, info, fmt.Errorf("cannot read %s: it is a %s", path, info.Kind)
	}
	f, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, info, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return f, info, nil
}

// describe tells what an open descriptor is.
func describe(path string, fd int) (FileInfo, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return FileInfo{Path: path}, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return FileInfo{
		Path: path, Kind: kindOf(st.Mode), Mode: st.Mode & 0o7777, UID: int(st.Uid), GID: int(st.Gid), Size: st.Size,
		Modified: time.Unix(st.Mtim.Unix()).UTC(), Changed: time.Unix(st.Ctim.Unix()).UTC(), Device: uint64(st.Dev), Inode: st.Ino,
	}, nil
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFLNK:
		return "link"
	}
	return "device"
}
