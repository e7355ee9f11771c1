//go:build !linux

package scan

type pageCache struct{}

// noteCache: the page cache is left alone where it cannot be asked.
func (r *run) noteCache(File, job) *pageCache { return nil }

func (p *pageCache) drop() {}
