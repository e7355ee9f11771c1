package scan

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPolitenessTowardsThePageCache reads a log that is not cached, which must
// not be cached afterwards, and one that is, which must still be.
func TestPolitenessTowardsThePageCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	write(t, path, big(200_000))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	cached := func() float64 {
		n, known := (&pageCache{conn: conn, len: info.Size()}).cached()
		if !known {
			t.Skip("this kernel has no cachestat (Linux 6.5)")
		}
		return float64(n*uint64(os.Getpagesize())) / float64(info.Size())
	}
	read := func() {
		if _, err := Run(context.Background(), []Input{{Path: path}}, Config{Dialects: both, Open: openFile, Polite: true}); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if c := cached(); c < 0.99 {
		t.Errorf("%.0f %% is left of a cached file", c*100)
	}
	// Clean pages only can be dropped.
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	if c := cached(); c > 0.05 {
		t.Skipf("%.0f %% of the file cannot be dropped from the cache here: is the temporary directory in memory?", c*100)
	}
	read()
	if c := cached(); c > 0.1 {
		t.Errorf("%.0f %% of the file is cached by our reading", c*100)
	}
}
