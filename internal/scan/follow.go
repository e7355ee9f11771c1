package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Live is something that a followed log just told.
type Live struct {
	When    *time.Time
	Path    string
	Failure *Failure // a failed request; Count is 1
	Event   *Event   // something happened to a program
	News    string   // about the file: "rotated", "truncated", "gone", "appeared"
}

// followEvery is how often followed files are looked at.
const followEvery = 250 * time.Millisecond

// Follow reads what is written to logs from now on, or since cfg.Since, until
// ctx ends, and returns the report of all of it. It follows a log's name: across
// a rotation by rename it reads the old file to its end and then the new one;
// after a truncation it begins again; a file that is gone or not there yet is
// waited for. Each failure is told to on as it is read; what stood in the logs
// before is not told, only counted.
func Follow(ctx context.Context, paths []string, cfg Config, on func(Live)) (*Report, error) {
	start := time.Now()
	r := newRun(cfg)
	if r.cfg.Location == nil {
		r.cfg.Location = time.Local
	}
	f := &follower{run: r, on: on}
	for _, p := range paths {
		w := newWorker(r.logs, &r.cfg, r.seed)
		w.joins = true
		f.logs = append(f.logs, &followed{path: p, worker: w})
	}
	defer f.close()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for first := true; ; first = false {
		for _, l := range f.logs {
			f.look(ctx, l, first)
		}
		select {
		case <-ctx.Done():
			rep := f.report()
			rep.Seconds = time.Since(start).Seconds()
			return rep, nil
		case <-tick.C:
		}
	}
}

type follower struct {
	run  *run
	logs []*followed
	on   func(Live)
}

// followed is one name that is followed.
type followed struct {
	path   string
	worker *worker
	src    *source
	file   File
	info   fs.FileInfo
	at     int64  // offset up to which lines were taken
	known  bool   // src was recognised
	asked  bool   // the path was looked at before
	why    string // why it cannot be read now
}

// look reads what is new.
func (f *follower) look(ctx context.Context, l *followed, first bool) {
	file, info, err := openNow(f.run.cfg.Open, l.path)
	switch {
	case err != nil && l.file == nil:
		if why := err.Error(); why != l.why {
			l.why = why
			f.tell(l, "waiting: "+why)
		}
		return
	case err != nil:
		f.drain(ctx, l, true)
		l.why = err.Error()
		f.tell(l, "gone: "+l.why)
		l.close()
		return
	case l.file == nil:
		if why := unfollowable(file); why != "" {
			_ = file.Close()
			if why != l.why {
				l.why = why
				f.tell(l, why)
			}
			return
		}
		l.why = ""
		if !first {
			f.tell(l, "appeared")
		}
		f.start(l, file, info, first)
	case !os.SameFile(l.info, info):
		f.drain(ctx, l, true)
		f.tell(l, "rotated")
		l.close()
		f.start(l, file, info, false)
	default:
		_ = file.Close()
	}
	f.drain(ctx, l, false)
}

// unfollowable says why a file cannot be followed: "" where it is plain.
func unfollowable(file File) string {
	magic := make([]byte, magicSize)
	n, _ := file.ReadAt(magic, 0)
	switch k := kindOf(magic[:n]); k {
	case plainFile:
		return ""
	case journaled:
		return "cannot follow a file of systemd's journal: journalctl -f -o short-iso >FILE beside it, and goodgate logs -f FILE"
	default:
		return "cannot follow a packed file (" + k.String() + "): read it without --follow"
	}
}

// start begins with a file: at its end where it was there from the beginning,
// else at its start.
func (f *follower) start(l *followed, file File, info fs.FileInfo, first bool) {
	s := &source{index: int32(len(f.run.sources)), path: l.path, file: file, size: info.Size(), log: f.run.named("", noLog), why: "unrecognised"}
	s.begin(1)
	f.run.sources = append(f.run.sources, s)
	l.src, l.file, l.info, l.at, l.known = s, file, info, 0, false
	if !first {
		l.worker.logs = f.run.logs
		l.begin(f)
		return
	}
	f.recognise(l)
	l.at = s.size
	if !f.run.cfg.Since.IsZero() {
		l.at, _ = s.window(&f.run.cfg, f.run.logs, file)
	} else if n := lastLine(file, s.size); n < s.size {
		l.at = n
	}
	s.from = l.at
	if l.at > 0 {
		s.before = int64(countLines(file, l.at))
	}
	l.begin(f)
	if l.at < s.size {
		l.worker.live = nil
		f.read(context.Background(), l, s.size)
	}
}

// begin readies the worker for l.src.
func (l *followed) begin(f *follower) {
	l.worker.grow(f.run.logs, &f.run.cfg)
	l.worker.begin(l.src, 0)
}

// recognise tells what the file is once it has bytes.
func (f *follower) recognise(l *followed) {
	head := make([]byte, min(headSize, l.src.size))
	n, err := l.file.ReadAt(head, 0)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) {
		return
	}
	l.src.head = head[:n]
	f.run.recognise(l.src)
	l.src.head = nil
	l.known = true
}

// drain takes the whole lines that were written; all takes a last line without
// newline too.
func (f *follower) drain(ctx context.Context, l *followed, all bool) {
	info, err := l.file.Stat()
	if err != nil {
		return
	}
	size := info.Size()
	if size < l.at {
		f.tell(l, "truncated")
		l.at = 0
		l.src.fail(fmt.Errorf("truncated while it was followed: lines may be lost"))
	}
	if size == l.at {
		return
	}
	l.src.size = size
	if !l.known {
		f.recognise(l)
		l.begin(f)
	}
	l.worker.live = func(g int32, e *event, line []byte, when int64) { f.say(l, g, e, line, when) }
	f.read(ctx, l, size)
	if all && l.at < size {
		rest := make([]byte, min(size-l.at, lineLimit))
		n, _ := l.file.ReadAt(rest, l.at)
		l.worker.finishBlock(rest[:n])
		l.at += int64(n)
	}
}

// read takes whole lines up to the offset to.
func (f *follower) read(ctx context.Context, l *followed, to int64) {
	buf := l.worker.buffer()
	for l.at < to && ctx.Err() == nil {
		n, err := l.file.ReadAt(buf[:min(int64(len(buf)), to-l.at)], l.at)
		cut := bytes.LastIndexByte(buf[:n], '\n') + 1
		if cut == 0 && n == len(buf) {
			var skipped int64
			buf, _, skipped = l.worker.long(buf, n)
			l.at += skipped
			if skipped > 0 {
				l.at = nextLine(l.file, l.at, to)
			}
			continue
		}
		if cut > 0 {
			l.worker.block(buf[:cut])
			l.at += int64(cut)
		}
		if cut == 0 || err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

// lastLine returns where the line begins that the file ends in, if it is only
// half written.
func lastLine(f File, size int64) int64 {
	m := Mark{file: f, Offset: size}
	m.back()
	return m.Offset
}

func (f *follower) tell(l *followed, news string) {
	if f.on != nil {
		f.on(Live{Path: l.path, News: news})
	}
}

// say tells one failure or event.
func (f *follower) say(l *followed, g int32, e *event, line []byte, when int64) {
	if f.on == nil {
		return
	}
	live := Live{When: instant(when), Path: l.path}
	if e != nil {
		c := f.run.logs[e.log].log.Conds[e.cond]
		live.Event = &Event{When: live.When, Log: f.run.logs[e.log].log.Name, What: c.ID, Fact: c.Fact, Name: e.name, Count: 1, Line: e.text, Place: l.path}
	} else {
		group := l.worker.sums.groups.groups[g]
		group.count, group.first, group.last = 1, when, when
		group.example = line[:min(len(line), exampleLimit)]
		group.at = l.worker.place()
		failure := f.run.one(&group)
		failure.Example.Place = l.path
		live.Failure = &failure
	}
	f.on(live)
}

func (f *follower) report() *Report {
	total := newSums(&f.run.cfg, f.run.seed)
	for _, l := range f.logs {
		if l.src != nil {
			l.worker.end()
		}
		total.merge(l.worker.finish())
	}
	return f.run.report(total)
}

func (l *followed) close() {
	if l.file == nil {
		return
	}
	l.worker.end()
	_ = l.file.Close()
	l.file, l.src = nil, nil
}

func (f *follower) close() {
	for _, l := range f.logs {
		if l.file != nil {
			_ = l.file.Close()
		}
	}
}
