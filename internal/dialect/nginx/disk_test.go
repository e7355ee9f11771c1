package nginx

import (
	"os"
	"path/filepath"
)

// disk reads this host's files.
type disk struct{}

func (disk) ReadFile(path string) ([]byte, error)  { return os.ReadFile(path) }
func (disk) Glob(pattern string) ([]string, error) { return filepath.Glob(pattern) }
