package nginx

import "strings"

// kind is what stands at a path.
type kind int

const (
	nothing kind = iota
	plainFile
	directory
)

// look asks the source what stands at a path. known is false where it could not
// look.
func (c *config) look(path string) (k kind, known bool) {
	path, slash := strings.CutSuffix(path, "/")
	path = strings.TrimRight(path, "/")
	if path == "" {
		return directory, true
	}
	found, err := c.src.Glob(literal(path))
	if err != nil {
		return nothing, false
	}
	if len(found) == 0 {
		return nothing, true
	}
	// Only a directory has an entry "." in it.
	if inside, err := c.src.Glob(literal(path) + "/."); err == nil && len(inside) > 0 {
		return directory, true
	}
	if slash {
		return nothing, true // ENOTDIR
	}
	return plainFile, true
}

// literal writes a path as a pattern of glob(7) that matches it only.
func literal(path string) string {
	if !strings.ContainsAny(path, `*?[\`) {
		return path
	}
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(`*?[\`, path[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}
