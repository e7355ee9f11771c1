package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Window reads the lines of one plain log that were written between opt.Since
// and opt.Until. It finds them by bisection, so that of a large file only the
// window is read: logs are sorted by time up to opt.Slack.
//
// A file that cannot be opened is an error; one that changes under the reader
// gives what could be read, and Extract.Why says so.
func Window(ctx context.Context, open Opener, path string, log dialect.Log, opt Options) (Extract, error) {
	opt = opt.withDefaults()
	f, err := open(path)
	if err != nil {
		return Extract{Path: path, Log: log.Name, Kind: log.Kind}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Extract{Path: path, Log: log.Name, Kind: log.Kind}, fmt.Errorf("cannot stat log %s: %w", path, err)
	}
	if opt.Now.IsZero() {
		opt.Now = info.ModTime()
	}
	g := newGatherer(path, log, opt)
	if opt.Rotated && !opt.Since.IsZero() {
		g.previous(ctx, open, f, path, info.Size())
	}
	if err := g.window(ctx, f, path, info.Size()); err != nil {
		return g.finish(), fmt.Errorf("cannot read log %s: %w", path, err)
	}
	if info.Size() == 0 && len(g.out.Why) == 0 && g.out.Lines == 0 {
		// Nothing was written since the file was made or emptied.
		g.out.From = info.ModTime()
		if opt.Since.IsZero() || info.ModTime().After(opt.Since) {
			g.why(Empty)
		}
	}
	return g.finish(), nil
}

// previous reads the predecessor of a log that begins after the time asked for.
func (g *gatherer) previous(ctx context.Context, open Opener, f File, path string, size int64) {
	if first, ok := g.timeAt(f, 0, size); size > 0 && (!ok || !first.After(g.opt.Since)) {
		return
	}
	old, err := open(path + ".1")
	if err != nil {
		return
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return
	}
	// An error here leaves a window that begins later: the covered time says so.
	_ = g.window(ctx, old, path+".1", info.Size())
}

// window reads the part of f that lies in the window.
func (g *gatherer) window(ctx context.Context, f File, path string, size int64) error {
	from, to := int64(0), size
	if !g.opt.Since.IsZero() {
		from, _ = g.bisect(f, size, g.opt.Since.Add(-g.opt.Slack))
	}
	if !g.opt.Until.IsZero() {
		if end, ok := g.bisect(f, size, g.opt.Until.Add(g.opt.Slack)); ok {
			to = max(from, end)
		}
	}
	cut := false
	if to-from > g.opt.MaxBytes-g.out.Bytes {
		cut = true
		from = nextLine(f, max(from, to-max(0, g.opt.MaxBytes-g.out.Bytes)), size)
	}
	g.begin(f, path, from, cut)
	end, err := readLines(ctx, f, make([]byte, blockSize), from, to, g.line)
	g.out.Bytes += end - from
	if errors.Is(err, errShrunk) {
		g.why(Shrunk)
		err = nil
	}
	g.end(f)
	return err
}

// bisect returns the offset of the first line from which on no line is older
// than t, as far as the log is sorted; false where its first MiB has no time.
func (g *gatherer) bisect(f io.ReaderAt, size int64, t time.Time) (offset int64, ok bool) {
	lo, hi := int64(0), size // the line that begins at lo is older; the one after hi is not
	if first, ok := g.timeAt(f, 0, size); !ok || !first.Before(t) {
		return 0, ok
	}
	for hi-lo > 4<<10 {
		mid := lo + (hi-lo)/2
		at := nextLine(f, mid, hi)
		when, ok := g.timeAt(f, at, hi)
		if at < hi && ok && when.Before(t) {
			lo = at
		} else {
			hi = mid
		}
	}
	// Within the last few kilobytes, line by line.
	found := size
	_, err := readLines(context.Background(), f, g.small[:], lo, size, func(line []byte, at int64) bool {
		when, ok := g.stamp(line)
		if ok && !when.Before(t) {
			found = at
			return false
		}
		return at < hi+lineLimit
	})
	if found == size && err == nil && hi < size {
		found = lo
	}
	return found, true
}

// timeAt returns the time of the first dated line at or after the line that
// begins at the offset at, looking no further than limit and 1 MiB.
func (g *gatherer) timeAt(f io.ReaderAt, at, limit int64) (when time.Time, ok bool) {
	if at >= limit {
		return time.Time{}, false
	}
	_, _ = readLines(context.Background(), f, g.small[:], at, min(limit, at+lineLimit), func(line []byte, _ int64) bool {
		when, ok = g.stamp(line)
		return !ok
	})
	return when, ok
}

// nextLine returns the beginning of the first line that begins at or after the
// offset at, at most limit.
func nextLine(f io.ReaderAt, at, limit int64) int64 {
	if at <= 0 {
		return 0
	}
	found := limit
	var buf [4096]byte
	for off := at - 1; off < limit; {
		n, err := f.ReadAt(buf[:], off)
		for i, c := range buf[:n] {
			if c == '\n' {
				return min(limit, off+int64(i)+1)
			}
		}
		off += int64(n)
		if n == 0 || err != nil {
			break
		}
	}
	return found
}
