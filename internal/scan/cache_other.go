//go:build !linux

package scan

// noteCache: the page cache is left alone where it cannot be asked.
func (r *run) noteCache(File, job) (drop bool) { return false }

func dropCache(File, job) {}
