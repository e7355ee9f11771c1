package scan

import (
	"context"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Input is one log to read: a path, or a stream with the name under which it is
// reported.
type Input struct {
	Path   string
	Stream io.Reader // nil: Path is opened
	Found  bool      // in a directory: passed over where it is no log that is known
}

// Config says how a set of logs is read.
type Config struct {
	Dialects []dialect.Dialect
	Open     Opener

	// Journal reads files of systemd's journal. Nil: they cannot be read.
	Journal Journal

	// Known returns the log whose format is known for a path, from the
	// gateway's configuration. Nil, or false: the format is recognised.
	Known func(path string) (product string, log dialect.Log, ok bool)

	// Force is the log that every file is; nil: each is recognised.
	Force *Forced

	Since, Until time.Time
	Location     *time.Location // of stamps without zone; nil: that of the access logs if they agree, else the local one
	Now          time.Time
	Workers      int                   // files and parts of files read at once; 0: 1
	Polite       bool                  // drop pages from the cache that reading brought there
	Groups       int                   // groups of failures told apart; 0: 4000
	Progress     func(done, all int64) // called now and then with the bytes read; all is 0 where it is not known
}

// Forced is a log that the operator named.
type Forced struct {
	Product string
	Log     dialect.Log
}

// Sample is a line that no log explains.
type Sample struct {
	Place string `json:"place"`
	Text  string `json:"text"` // at most 300 bytes
	at    where
}

const (
	chunkSize  = 16 << 20
	maxWorkers = 16 // more are not faster than memory
)

// run is one reading of a set of logs.
type run struct {
	cfg     Config
	logs    []namedLog
	forced  int // position of cfg.Force in logs plus one; 0: not there yet
	sources []*source
	seed    maphash.Seed
	done    atomic.Int64 // bytes as they lie in the files
	all     int64

	assume  string // zone of stamps that name none
	assumes bool   // there are such
}

// job is a part of a source that one worker reads.
type job struct {
	src      *source
	chunk    int32
	from, to int64
	drop     bool // the pages were not cached before
}

// Run reads logs and reports what failed. A file that cannot be read is told in
// the report; an error means that nothing could be done, or that ctx ended.
func Run(ctx context.Context, inputs []Input, cfg Config) (*Report, error) {
	start := time.Now()
	r := newRun(cfg)
	r.prepare(inputs)
	defer r.close()
	total, err := r.read(ctx)
	rep := r.report(total)
	rep.Seconds = time.Since(start).Seconds()
	return rep, err
}

func newRun(cfg Config) *run {
	if cfg.Workers <= 0 {
		cfg.Workers = 1
	}
	cfg.Workers = min(cfg.Workers, maxWorkers)
	if cfg.Groups <= 0 {
		cfg.Groups = 4000
	}
	if cfg.Workers > 2 {
		// What each worker keeps is bounded, and so what all of them keep.
		cfg.Groups = max(500, 2*cfg.Groups/cfg.Workers)
	}
	if cfg.Now.IsZero() {
		cfg.Now = time.Now()
	}
	return &run{cfg: cfg, logs: flatten(cfg.Dialects), seed: maphash.MakeSeed()}
}

// read carries out every job and returns the sum.
func (r *run) read(ctx context.Context) (*sums, error) {
	jobs := r.jobs()
	stop := r.watch()
	defer stop()
	next := make(chan job)
	workers := make([]*worker, min(r.cfg.Workers, max(1, len(jobs))))
	pipe := len(workers) < r.cfg.Workers
	var wg sync.WaitGroup
	for i := range workers {
		workers[i] = newWorker(r.logs, &r.cfg, r.seed)
		workers[i].joins = r.joins()
		wg.Add(1)
		go func(w *worker) {
			defer wg.Done()
			for j := range next {
				j.src.fail(r.work(ctx, w, j, pipe))
			}
		}(workers[i])
	}
	var err error
	for _, j := range jobs {
		select {
		case next <- j:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			break
		}
	}
	close(next)
	wg.Wait()
	total := workers[0].finish()
	total.access.limit, total.failures.limit = traceLimit, traceLimit
	for _, w := range workers[1:] {
		total.merge(w.finish())
	}
	return total, err
}

// joins reports whether access and error lines of one request may both be there.
// A file of one kind has nothing to join; what comes from a container or a pipe
// may be mixed. Where a file turns out to be, joining begins then.
func (r *run) joins() bool {
	access, others := false, false
	for _, s := range r.sources {
		kind := r.logs[s.log].log.Kind
		either := s.sure == 0 || s.wrapped || s.stream != nil
		access = access || kind == "access" || either
		others = others || kind != "access" || either
	}
	return access && others
}

// jobs cuts plain files into chunks; a stream is one job. Streams come first,
// because they cannot be shared.
func (r *run) jobs() []job {
	var streams, chunks []job
	for _, s := range r.sources {
		if s.err != nil || s.skipped {
			continue
		}
		if s.kind != plainFile {
			s.begin(1)
			j := job{src: s, to: s.size}
			j.drop = s.file != nil && r.noteCache(s.file, j)
			streams = append(streams, j)
			r.all += s.size
			continue
		}
		f, done, err := r.handle(s)
		if err != nil {
			s.fail(err)
			continue
		}
		from, to := s.window(&r.cfg, r.logs, f)
		r.all += to - from
		n := int32(max(1, (to-from+chunkSize-1)/chunkSize))
		s.begin(int(n))
		for i := range n {
			a := from + int64(i)*chunkSize
			j := job{src: s, chunk: i, from: a, to: min(to, a+chunkSize)}
			j.drop = r.noteCache(f, j)
			chunks = append(chunks, j)
		}
		done()
	}
	return append(streams, chunks...)
}

// work carries out one job.
func (r *run) work(ctx context.Context, w *worker, j job, pipe bool) error {
	if ctx.Err() != nil {
		return nil
	}
	w.begin(j.src, j.chunk)
	defer w.end()
	if j.src.stream != nil {
		return r.stream(ctx, w, j.src, nil, pipe)
	}
	f, done, err := r.handle(j.src)
	if err != nil {
		return err
	}
	defer done()
	if j.drop {
		defer dropCache(f, j)
	}
	if j.src.kind == plainFile {
		return r.chunk(ctx, w, j, f)
	}
	return r.stream(ctx, w, j.src, f, pipe)
}

// watch reports the progress until stop is called.
func (r *run) watch() (stop func()) {
	if r.cfg.Progress == nil {
		return func() {}
	}
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		t := time.NewTicker(200 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				r.cfg.Progress(r.done.Load(), r.all)
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); wg.Wait() }
}

// merge adds what another worker counted.
func (s *sums) merge(o *sums) {
	for i, n := range o.status {
		s.status[i] += n
	}
	s.lines += o.lines
	s.bytes += o.bytes
	s.outside += o.outside
	s.failed += o.failed
	s.errors += o.errors
	s.masked += o.masked
	s.unparsed += o.unparsed
	s.long += o.long
	s.undated += o.undated
	s.minutes.merge(o.minutes)
	if o.first != 0 && (s.first == 0 || o.first < s.first) {
		s.first = o.first
	}
	s.last = max(s.last, o.last)
	s.events.merge(o.events)
	s.mergeGroups(o)
}

func (s *sums) mergeGroups(o *sums) {
	t := s.groups
	to := make([]int32, len(o.groups.groups))
	// Room for all first: a fold in between would move what to points to.
	t.folding = true
	for len(t.slots) < 2*(len(t.groups)+len(to)) {
		t.double()
	}
	for i := range o.groups.groups {
		g := &o.groups.groups[i]
		t.key, t.cut = append(t.key[:0], g.names...), g.cut
		to[i] = t.find(g.log, g.cond, g.code, g.made)
		t.groups[to[i]].absorb(g)
	}
	t.folding = false
	t.folded += o.groups.folded
	s.access.merge(o.access, to)
	s.failures.merge(o.failures, to)
}
