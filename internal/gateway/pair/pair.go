// Package pair holds a certificate with its key, and reads both again when their files
// change: what renews them need not know who uses them.
package pair

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
)

// Pair is a certificate and its key. It may be used by several goroutines.
type Pair struct {
	cert, key string

	mu    sync.Mutex
	now   *tls.Certificate
	files [2]os.FileInfo // as they were when now was read
	turn  int
}

// Read reads a certificate and its key, which must fit together.
func Read(cert, key string) (*Pair, error) {
	p := &Pair{cert: cert, key: key}
	if err := p.read(); err != nil {
		return nil, fmt.Errorf("cannot read the certificate: %w", err)
	}
	return p, nil
}

// Current returns the certificate as its files have it now, and how often it has
// changed. Files that are gone, or do not fit together, are half-way through a change:
// the one before stays.
func (p *Pair) Current() (now *tls.Certificate, turn int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read()
	return p.now, p.turn
}

// read reads the files where they are not those that were read. The caller holds mu.
func (p *Pair) read() error {
	var files [2]os.FileInfo
	for i, path := range [...]string{p.cert, p.key} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		files[i] = info
	}
	if p.now != nil && same(files[0], p.files[0]) && same(files[1], p.files[1]) {
		return nil
	}
	now, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return err
	}
	p.now, p.files = &now, files
	p.turn++
	return nil
}

// same reports whether a file is the one it was. Times alone do not tell: two that
// were written within one tick of the kernel's clock have the same.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
