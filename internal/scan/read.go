package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// chunk reads the lines that begin between j.from and j.to.
func (r *run) chunk(ctx context.Context, w *worker, j job, f File) error {
	at := j.from
	if j.chunk > 0 {
		at = nextLine(f, j.from, j.src.size) // the line across the border belongs to the chunk before
	}
	buf := w.buffer()
	have := 0
	for at < j.to {
		if ctx.Err() != nil {
			return nil
		}
		n, err := f.ReadAt(buf[have:], at+int64(have))
		have += n
		ended := errors.Is(err, io.EOF) || n == 0 && err == nil
		if err != nil && !ended {
			return fmt.Errorf("cannot read %s from byte %d: %w", j.src.path, at, err)
		}
		if ended && at+int64(have) < j.to {
			w.finishBlock(buf[:have])
			return fmt.Errorf("cannot read %s: it became shorter while it was read (%d of %d bytes)", j.src.path, at+int64(have), j.src.size)
		}
		cut := lastCut(buf[:have], j.to-at, ended)
		if cut == 0 {
			if have == len(buf) {
				var skipped int64
				buf, have, skipped = w.long(buf, have)
				at += skipped
				if skipped > 0 {
					at, have = nextLine(f, at, j.src.size), 0
				}
			}
			continue
		}
		w.block(buf[:cut])
		r.done.Add(int64(cut))
		at += int64(cut)
		have = copy(buf, buf[cut:have])
	}
	return nil
}

// lastCut returns how many bytes of b are whole lines that begin before limit.
// At the end of a file the last line needs no newline.
func lastCut(b []byte, limit int64, ended bool) int {
	if int64(len(b)) > limit {
		// The line that holds the byte before the limit is the last.
		if i := bytes.IndexByte(b[limit-1:], '\n'); i >= 0 {
			return int(limit) - 1 + i + 1
		}
		if ended {
			return len(b)
		}
	} else if ended && int64(len(b)) == limit {
		return len(b)
	}
	if int64(len(b)) > limit {
		b = b[:limit]
	}
	return bytes.LastIndexByte(b, '\n') + 1
}

// stream reads a source that can only be read from its beginning.
func (r *run) stream(ctx context.Context, w *worker, s *source, f File, pipe bool) error {
	in, err := r.reader(s, f)
	if err != nil {
		return fmt.Errorf("cannot unpack %s: %w", s.path, err)
	}
	if c, ok := in.(io.Closer); ok {
		defer c.Close()
	}
	if pipe {
		ahead := readAhead(ctx, in)
		defer ahead.Close()
		in = ahead
	}
	buf := w.buffer()
	have := 0
	skip := false
	for {
		if ctx.Err() != nil {
			return nil
		}
		n, err := in.Read(buf[have:])
		have += n
		b := buf[:have]
		if skip {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				have, b = 0, nil
			} else {
				have, skip = copy(buf, b[i+1:]), false
				b = buf[:have]
			}
		}
		if err != nil {
			w.finishBlock(b)
			if !errors.Is(err, io.EOF) {
				return fmt.Errorf("cannot read %s to its end: %w", s.path, err)
			}
			return nil
		}
		cut := bytes.LastIndexByte(b, '\n') + 1
		if cut > 0 {
			w.block(b[:cut])
			have = copy(buf, b[cut:])
		} else if have == len(buf) {
			var skipped int64
			buf, have, skipped = w.long(buf, have)
			skip = skipped > 0
		}
	}
}

// reader opens a stream from its beginning, counting bytes as they lie in the
// file.
func (r *run) reader(s *source, f File) (io.Reader, error) {
	if s.stream != nil {
		return &counted{s.stream, r}, nil
	}
	return s.unpacked(&r.cfg, &counted{io.NewSectionReader(f, 0, s.size), r})
}

type counted struct {
	r   io.Reader
	run *run
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.run.done.Add(int64(n))
	return n, err
}

// buffer returns the worker's block.
func (w *worker) buffer() []byte {
	if w.buf == nil {
		w.buf = make([]byte, blockSize)
	}
	return w.buf
}

// long makes room for a line that fills buf. Of a line longer than lineLimit
// the beginning is taken; skipped says that the rest has to be passed over.
func (w *worker) long(buf []byte, have int) (bigger []byte, left int, skipped int64) {
	if len(buf) < lineLimit {
		w.buf = make([]byte, 2*len(buf))
		return w.buf, copy(w.buf, buf[:have]), 0
	}
	w.sums.long++
	w.sums.bytes += uint64(have)
	w.tally.Lines++
	w.take(buf[:have])
	return buf, 0, int64(have)
}

// finishBlock takes what is left at the end of a file.
func (w *worker) finishBlock(b []byte) {
	if len(b) > 0 {
		w.block(b)
	}
}

// readAhead reads and unpacks in a goroutine of its own, two blocks ahead.
func readAhead(ctx context.Context, in io.Reader) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{full: make(chan filled, 2), free: make(chan []byte, 3), cancel: cancel, ended: make(chan struct{})}
	for range 3 {
		a.free <- make([]byte, blockSize)
	}
	go a.run(ctx, in)
	return a
}

type filled struct {
	buf []byte
	n   int
	err error
}

type ahead struct {
	full   chan filled
	free   chan []byte
	cancel context.CancelFunc
	ended  chan struct{}
	now    filled
	at     int
}

func (a *ahead) run(ctx context.Context, in io.Reader) {
	defer close(a.ended)
	defer close(a.full)
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-ctx.Done():
			return
		}
		n, err := 0, error(nil)
		for n < len(buf) && err == nil {
			var k int
			k, err = in.Read(buf[n:])
			n += k
		}
		select {
		case a.full <- filled{buf, n, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read gives out what was read ahead.
func (a *ahead) Read(p []byte) (int, error) {
	for a.at == a.now.n {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.buf != nil {
			a.free <- a.now.buf
		}
		f, ok := <-a.full
		if !ok {
			return 0, io.EOF
		}
		a.now, a.at = f, 0
	}
	n := copy(p, a.now.buf[a.at:a.now.n])
	a.at += n
	return n, nil
}

// Close ends the reading and waits for it.
func (a *ahead) Close() error {
	a.cancel()
	<-a.ended
	return nil
}
