package scan

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// kind is how the bytes of a source are had.
type kind uint8

const (
	plainFile kind = iota
	streamed       // standard input, a pipe
	gzipped
	zstded
	bzipped
	journaled // a file of systemd's journal
	exported  // what journalctl -o export prints
)

func (k kind) String() string {
	return [...]string{"", "stream", "gzip", "zstd", "bzip2", "journal", "journal export"}[k]
}

// magicSize is how many bytes tell a kind.
const magicSize = 8

// kindOf knows the magic numbers of RFC 1952, RFC 8878, bzip2 and the journal
// (HEADER_SIGNATURE in systemd's journal-def.h), and how entries of it are exported.
func kindOf(magic []byte) kind {
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzipped
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstded
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzipped
	case bytes.HasPrefix(magic, []byte("LPKSHHRH")):
		return journaled
	case bytes.HasPrefix(magic, []byte("__CURSOR")), bytes.HasPrefix(magic, []byte("__REALTI")):
		return exported
	}
	return plainFile
}

func (s *source) unpacked(cfg *Config, r io.Reader) (io.Reader, error) {
	switch {
	case s.kind == streamed:
		return r, nil
	case s.kind != journaled:
		return unpack(s.kind, r)
	case cfg.Journal == nil:
		return nil, errNoJournal
	}
	printed, err := cfg.Journal(s.path, cfg.Since, cfg.Until)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{newEntries(printed), printed}, nil
}

func unpack(k kind, r io.Reader) (io.Reader, error) {
	switch k {
	case gzipped:
		return gzip.NewReader(bufio.NewReaderSize(r, 128<<10))
	case zstded:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case bzipped:
		return bzip2.NewReader(r), nil
	case exported:
		return newEntries(r), nil
	case journaled:
		return nil, errJournalStream
	}
	return r, nil
}
