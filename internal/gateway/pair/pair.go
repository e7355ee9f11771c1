// Package pair holds a certificate with its key, or authorities, and reads them again when
// their files change: what renews them need not know who uses them.
package pair

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
)

// Files are files and what was read from them. They may be used by several goroutines.
type Files[T any] struct {
	paths []string
	load  func() (T, error)

	mu    sync.Mutex
	now   T
	infos []os.FileInfo // as they were when now was read
	turn  int
	err   error // why the files could not be read last
}

// Pair is a certificate and its key.
type Pair = Files[*tls.Certificate]

// Read reads a certificate and its key, which must fit together.
func Read(cert, key string) (*Pair, error) {
	p, err := Follow(func() (*tls.Certificate, error) {
		now, err := tls.LoadX509KeyPair(cert, key)
		return &now, err
	}, cert, key)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate: %w", err)
	}
	return p, nil
}

// Follow reads files by load, and again whenever they have changed.
func Follow[T any](load func() (T, error), paths ...string) (*Files[T], error) {
	f := &Files[T]{paths: paths, load: load}
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Current returns what the files hold now, and how often that has changed. Files that are
// gone, or cannot be read together, are half-way through a change: what was before stays.
func (f *Files[T]) Current() (now T, turn int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = f.read()
	return f.now, f.turn
}

// Problem says why the files could not be read when Current was asked last; nil where
// they could. What lasts is no change half-way, and should be told.
func (f *Files[T]) Problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// read reads the files where they are not those that were read. The caller holds mu.
func (f *Files[T]) read() error {
	changed := f.turn == 0
	infos := make([]os.FileInfo, len(f.paths))
	for i, path := range f.paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		infos[i] = info
		changed = changed || !same(info, f.infos[i])
	}
	if !changed {
		return nil
	}
	now, err := f.load()
	if err != nil {
		return err
	}
	f.now, f.infos = now, infos
	f.turn++
	return nil
}

// same reports whether a file is the one it was. Times alone do not tell: two that
// were written within one tick of the kernel's clock have the same.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
