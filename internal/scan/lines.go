package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
)

const (
	blockSize = 256 << 10 // one read; half of a core's second-level cache
	lineLimit = 1 << 20   // of a longer line only the beginning is looked at
)

// readLines hands every line of f between the offsets from and to, without its
// newline, to fn together with its offset. The line is valid until fn returns.
// buf is where the bytes are read to; it grows with the longest line.
// from must be the beginning of a line. A line that begins before to is handed
// over whole. It stops where fn returns false.
//
// It returns the offset after the last line, and errShrunk where f ends before to.
func readLines(ctx context.Context, f io.ReaderAt, buf []byte, from, to int64, fn func(line []byte, at int64) bool) (int64, error) {
	have := 0  // bytes in buf
	at := from // offset of buf[0]
	skip := false
	for {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		n, err := f.ReadAt(buf[have:], at+int64(have))
		have += n
		ended := errors.Is(err, io.EOF) || (err == nil && n == 0)
		if err != nil && !ended {
			return at, err
		}
		rest := buf[:have]
		for len(rest) > 0 && at < to {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 && !ended {
				break
			}
			line, next := rest, len(rest)
			if i >= 0 {
				line, next = rest[:i], i+1
			}
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			if !skip && !fn(line, at) {
				return at, nil
			}
			skip = false
			at += int64(next)
			rest = rest[next:]
		}
		if at >= to {
			return at, nil
		}
		if ended {
			return at, errShrunk
		}
		have = copy(buf, rest)
		if have == len(buf) {
			buf, have, at, skip = longLine(buf, at, skip, fn)
		}
	}
}

// longLine makes room for a line that fills buf. A line longer than lineLimit is
// handed over cut, and the rest of it passed over.
func longLine(buf []byte, at int64, skip bool, fn func([]byte, int64) bool) ([]byte, int, int64, bool) {
	if skip {
		return buf, 0, at + int64(len(buf)), true
	}
	if len(buf) < lineLimit {
		bigger := make([]byte, 2*len(buf))
		return bigger, copy(bigger, buf), at, false
	}
	fn(buf, at)
	return buf, 0, at + int64(len(buf)), true
}

var errShrunk = errors.New("the file became shorter while it was read")
