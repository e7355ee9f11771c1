package scan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// source is one input and what is known about it.
type source struct {
	index   int32
	path    string
	kind    kind
	size    int64
	file    File      // nil for streams
	stream  io.Reader // streams
	head    []byte
	changed time.Time

	log     int // position in the run's logs
	also    []string
	sure    int
	why     string // how the format was told
	wrapped bool
	entries bool // of the journal: each line has its head
	skipped bool // not read

	before int64 // lines before the first chunk; -1: not counted
	from   int64 // offset of the first chunk

	mu       sync.Mutex
	err      error
	lines    []int64 // of each chunk
	bad      uint64
	samples  []Sample
	problems []string
}

// prepare opens the inputs and recognises what they are.
func (r *run) prepare(inputs []Input) {
	for _, in := range inputs {
		s := &source{index: int32(len(r.sources)), path: in.Path, stream: in.Stream}
		r.sources = append(r.sources, s)
		if s.err = s.open(&r.cfg); s.err == nil {
			r.recognise(s)
			if in.Found && s.sure == 0 && !s.entries { // a journal is everybody's
				s.skipped, s.why = true, "skipped"
			}
		}
		if s.file != nil && (len(inputs) > openFiles || s.skipped) {
			_ = s.file.Close()
			s.file = nil
		}
	}
	if r.cfg.Location == nil {
		r.cfg.Location = r.zone()
	}
	r.assume, r.assumes = r.assumed()
	for _, s := range r.sources {
		s.head = nil
	}
}

// openFiles is how many files are kept open at once. With more, each is opened
// again when its turn comes.
const openFiles = 200

// handle returns an open file of s. The caller calls done.
func (r *run) handle(s *source) (f File, done func(), err error) {
	if s.file != nil {
		return s.file, func() {}, nil
	}
	if f, err = r.cfg.Open(s.path); err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}

func (r *run) close() {
	for _, s := range r.sources {
		if s.file != nil {
			_ = s.file.Close()
		}
	}
}

const headSize = 64 << 10

// open opens a source, tells how it is compressed and reads its head.
func (s *source) open(cfg *Config) error {
	if s.stream != nil {
		return s.openStream()
	}
	f, err := cfg.Open(s.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("cannot stat %s: %w", s.path, err)
	}
	s.file, s.size, s.changed = f, info.Size(), info.ModTime()
	if info.IsDir() {
		return fmt.Errorf("cannot read %s: it is a directory", s.path)
	}
	if info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0 {
		r, ok := f.(io.Reader)
		if !ok {
			return fmt.Errorf("cannot read %s: it is no regular file", s.path)
		}
		s.stream, s.size = r, 0
		return s.openStream()
	}
	magic := make([]byte, magicSize)
	n, err := f.ReadAt(magic, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot read %s: %w", s.path, err)
	}
	s.kind = kindOf(magic[:n])
	s.entries = s.kind == journaled || s.kind == exported
	if s.kind == plainFile {
		s.head = make([]byte, min(headSize, s.size))
		n, err := f.ReadAt(s.head, 0)
		s.head = s.head[:n]
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("cannot read %s: %w", s.path, err)
		}
		return nil
	}
	return s.readHead(func() (io.Reader, error) { return s.unpacked(cfg, io.NewSectionReader(f, 0, s.size)) })
}

// openStream looks at the beginning of a stream without taking it away.
func (s *source) openStream() error {
	b := bufio.NewReaderSize(s.stream, headSize)
	s.kind = streamed
	magic, err := b.Peek(4)
	if bytes.HasPrefix(magic, []byte("__")) || bytes.HasPrefix(magic, []byte("LPK")) {
		magic, err = b.Peek(magicSize) // a slow pipe may have less of anything else
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot read %s: %w", s.path, err)
	}
	s.stream = b
	if k := kindOf(magic); k != plainFile {
		r, err := unpack(k, b)
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", s.path, err)
		}
		b = bufio.NewReaderSize(r, headSize)
		s.stream, s.entries = b, k == exported
	}
	// A slow pipe gives what it has: one read is enough to recognise it.
	if _, err := b.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot read %s: %w", s.path, err)
	}
	head, _ := b.Peek(b.Buffered())
	s.head = bytes.Clone(head)
	return nil
}

// readHead reads the head of a compressed file. One that is broken from the
// start is an error; one that breaks off later is read as far as it goes.
func (s *source) readHead(open func() (io.Reader, error)) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("cannot unpack %s: %w", s.path, err)
	}
	if c, ok := r.(io.Closer); ok {
		defer c.Close()
	}
	s.head = make([]byte, headSize)
	n, err := io.ReadFull(r, s.head)
	s.head = s.head[:n]
	if n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot unpack %s: %w", s.path, err)
	}
	return nil
}

// window returns the part of a plain file that lies in the time asked for.
func (s *source) window(cfg *Config, logs []namedLog, f File) (from, to int64) {
	to = s.size
	l := logs[s.log].log
	if l.Time == nil || s.wrapped || s.sure == 0 || cfg.Since.IsZero() && cfg.Until.IsZero() {
		return 0, to
	}
	g := newGatherer(s.path, l, Options{Location: cfg.Location, Now: cfg.Now}.withDefaults())
	if !cfg.Since.IsZero() {
		from, _ = g.bisect(f, s.size, cfg.Since.Add(-g.opt.Slack))
	}
	if !cfg.Until.IsZero() {
		if end, ok := g.bisect(f, s.size, cfg.Until.Add(g.opt.Slack)); ok {
			to = max(from, end)
		}
	}
	s.from = from
	if from > 0 {
		s.before = int64(countLines(f, from))
	}
	return from, to
}

func (s *source) begin(chunks int) { s.lines = make([]int64, chunks) }

// done takes what a worker says about a chunk.
func (s *source) done(chunk int32, lines int64, bad uint64, samples []Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[chunk] += lines
	s.bad += bad
	s.samples = append(s.samples, samples[:min(len(samples), max(0, 4*sampleLines-len(s.samples)))]...)
}

// fail notes that the source could not be read to its end.
func (s *source) fail(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := err.Error()
	if i := strings.LastIndex(text, s.path+": "); i >= 0 {
		text = text[i+len(s.path)+2:]
	}
	for _, p := range s.problems {
		if p == text {
			return
		}
	}
	s.problems = append(s.problems, text)
}

// total returns the number of lines that were read.
func (s *source) total() (n int64) {
	for _, l := range s.lines {
		n += l
	}
	return n
}

// place says where a line stands: "path:line". Where the lines before the part
// that was read are not counted it is "path@offset+line": the line after the
// byte.
func (s *source) place(w where) string {
	n := w.line
	for _, l := range s.lines[:min(int(w.chunk), len(s.lines))] {
		n += l
	}
	if s.before < 0 {
		return s.path + "@" + strconv.FormatInt(s.from, 10) + "+" + strconv.FormatInt(n, 10)
	}
	return s.path + ":" + strconv.FormatInt(s.before+n, 10)
}

var noLog = dialect.Log{Name: "unrecognised", Line: func([]byte, *dialect.Record) dialect.Key { return dialect.Unparsed }}
