package dialect

import (
	"path/filepath"
	"strings"
)

// Absolute returns a path as it is meant by a process with that working folder; where
// the folder is not known, or there is no path, as it is.
func Absolute(path, folder string) string {
	if path == "" || folder == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// Literal returns the pattern of glob(7) that only a path itself matches.
func Literal(path string) string {
	return literals.Replace(path)
}

var literals = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

// Exists reports whether there is a file, as far as one may look.
func Exists(src Source, path string) bool {
	found, err := src.Glob(Literal(path))
	return err == nil && len(found) > 0
}
