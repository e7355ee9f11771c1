package suite

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Files is a dialect.Source of files in memory, by path.
type Files map[string]string

// ReadFile returns a file, or an error that matches fs.ErrNotExist.
func (f Files) ReadFile(path string) ([]byte, error) {
	if text, ok := f[path]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

// Glob returns the paths that match a pattern of filepath.Match, sorted.
func (f Files) Glob(pattern string) ([]string, error) {
	var found []string
	for path := range f {
		if ok, err := filepath.Match(pattern, path); err == nil && ok {
			found = append(found, path)
		}
	}
	slices.Sort(found)
	return found, nil
}

// Disk is a dialect.Source of this host's own files.
type Disk struct{}

// ReadFile is os.ReadFile.
func (Disk) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// Glob is filepath.Glob.
func (Disk) Glob(pattern string) ([]string, error) { return filepath.Glob(pattern) }
