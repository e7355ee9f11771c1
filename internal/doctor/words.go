package doctor

import (
	"context"

	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// noteWords remembers where the logs of the applications end before our own
// request is sent: what they write because of it needs no stamp to be about it.
// It asks nothing: what is found is recorded when it is read.
func (x *examination) noteWords(ctx context.Context, before picture) {
	if x.rec.Replaying() || x.silent() || !before.ok {
		return
	}
	x.marks = map[string]*scan.Mark{}
	var ids []int
	for _, e := range x.configuredEndpoints() {
		ids = append(ids, pids(before.at(e))...)
	}
	for i, p := range familyOf(before.Processes, ids) {
		if i == 4 {
			return
		}
		d, err := host.ReadDetail(ctx, p.PID)
		if err != nil || len(d.Logs) == 0 {
			continue
		}
		place, err := host.PlaceOf(ctx, p.PID)
		if err != nil {
			continue
		}
		open, err := x.opener(ctx, place)
		if err != nil {
			continue
		}
		for _, l := range d.Logs {
			if l.Deleted || x.marks[l.Path] != nil || len(x.marks) == appLogsMost || x.gatewayWrites(l.Path) {
				continue
			}
			if m, err := scan.Note(open, l.Path); err == nil {
				x.marks[l.Path] = m
			}
		}
	}
}

// closeMarks lets go of the files.
func (x *examination) closeMarks() {
	for _, m := range x.marks {
		_ = m.Close()
	}
	x.marks = nil
}

// readFresh reads what an application wrote since before our own request, and
// dates the lines that carry no stamp by it.
func (x *examination) readFresh(ctx context.Context, place host.Place, file, name string) []scan.Hit {
	if len(x.own) == 0 || name == "" {
		return nil
	}
	log, ok := x.logNamed(name)
	if !ok {
		return nil
	}
	e, _, ok := ask(x, "scan/fresh", place.Subject(file), func() (appExtract, error) {
		mark := x.marks[file]
		if mark == nil {
			return appExtract{}, nil
		}
		open, err := x.opener(ctx, place)
		if err != nil {
			return appExtract{}, err
		}
		w, err := scan.Tail(ctx, open, mark, log, scan.Options{Location: x.zone, MaxBytes: 256 << 10})
		return appExtract{logAnswer{w}, name}, err
	})
	if !ok {
		return nil
	}
	var fresh []scan.Hit
	for _, h := range e.Hits {
		if h.Time.IsZero() && len(fresh) < freshMost {
			h.Time = x.own[len(x.own)-1].Ended
			fresh = append(fresh, h)
		}
	}
	return fresh
}

// freshMost bounds the lines that one log may add.
const freshMost = 20
