package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Note remembers where a log ends now. A file that is not there yet is noted as
// such and found by Tail when it appears. The caller closes the mark.
func Note(open Opener, path string) (*Mark, error) {
	m := &Mark{Path: path}
	f, err := open(path)
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot stat log %s: %w", path, err)
	}
	m.file, m.info, m.Offset = f, info, info.Size()
	m.back()
	return m, nil
}

// back moves the mark to the beginning of a line that is only half written.
func (m *Mark) back() {
	var buf [4096]byte
	from := max(0, m.Offset-int64(len(buf)))
	n, _ := m.file.ReadAt(buf[:m.Offset-from], from)
	if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
		m.Offset = from + int64(i) + 1
	} else if from == 0 {
		m.Offset = 0
	}
}

// Close lets go of the file.
func (m *Mark) Close() error {
	if m == nil || m.file == nil {
		return nil
	}
	return m.file.Close()
}

// Tail reads what was written to a log since mark was noted, also where the file
// was renamed meanwhile and a new one stands at its path. It may be called again
// with the same mark and reads from there again. Times of opt count as in Window.
func Tail(ctx context.Context, open Opener, mark *Mark, log dialect.Log, opt Options) (Extract, error) {
	opt = opt.withDefaults()
	g := newGatherer(mark.Path, log, opt)
	now, nowInfo, err := openNow(open, mark.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return g.finish(), err
	}
	if now != nil {
		defer now.Close()
	}
	if mark.file != nil {
		if err := g.tail(ctx, mark.file, mark.Path, mark.Offset); err != nil {
			return g.finish(), err
		}
	}
	if now != nil && (mark.info == nil || !os.SameFile(mark.info, nowInfo)) {
		if err := g.tail(ctx, now, mark.Path, 0); err != nil {
			return g.finish(), err
		}
	}
	return g.finish(), nil
}

func openNow(open Opener, path string) (File, os.FileInfo, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, fmt.Errorf("cannot stat log %s: %w", path, err)
	}
	return f, info, nil
}

// tail reads f from the offset from to its end as it is now.
func (g *gatherer) tail(ctx context.Context, f File, path string, from int64) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot stat log %s: %w", path, err)
	}
	size := info.Size()
	if g.opt.Now.IsZero() {
		g.clock.now = info.ModTime()
	}
	if size < from {
		// Truncated in place (logrotate's copytruncate): what was written
		// between is lost.
		g.why(Shrunk)
		from = 0
	}
	cut := size-from > g.opt.MaxBytes
	if cut {
		from = nextLine(f, size-g.opt.MaxBytes, size)
	}
	g.begin(f, path, from, cut)
	g.any = true
	end, err := readLines(ctx, f, make([]byte, blockSize), from, size, g.line)
	g.out.Bytes += end - from
	if errors.Is(err, errShrunk) {
		g.why(Shrunk)
		err = nil
	}
	g.end(f)
	if err != nil {
		return fmt.Errorf("cannot read log %s: %w", path, err)
	}
	return nil
}
