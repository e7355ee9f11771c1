package host

import (
	"context"
	"os"
	"time"

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
	Info FileInfo `json:"info"`
	Body []byte   `json:"body,omitempty"`
}

// RedactWith removes what a configuration keeps secret.
func (d *FileData) RedactWith(r *evidence.Redactor) { d.Body = r.Config(d.Body) }

// Stat describes the file at path. That there is none is an answer, not an
// error: Missing is set.
func (v *View) Stat(ctx context.Context, path string) (FileInfo, error) {
	return FileInfo{}, errUnwritten
} // UNWRITTEN

// ReadFile returns a whole regular file of at most limit bytes. A file that does
// not exist is an answer with Info.Missing; one that is larger, is no regular
// file or may not be read is an error.
func (v *View) ReadFile(ctx context.Context, path string, limit int64) (FileData, error) {
	return FileData{}, errUnwritten
} // UNWRITTEN

// Glob returns the paths below the view's root that match a pattern of glob(7),
// sorted; at most 10,000. A pattern without wildcards is returned where the file
// exists.
func (v *View) Glob(ctx context.Context, pattern string) ([]string, error) { return nil, errUnwritten } // UNWRITTEN

// OpenFile opens a regular file for reading, for logs: the caller reads it with
// ReadAt or Read and closes it. A file that does not exist is an error that
// matches fs.ErrNotExist.
func (v *View) OpenFile(ctx context.Context, path string) (*os.File, FileInfo, error) {
	return nil, FileInfo{}, errUnwritten
} // UNWRITTEN
