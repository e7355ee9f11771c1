package survey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
)

// maxConfig bounds one file of a configuration.
const maxConfig = 32 << 20

// look is one survey on its way: what asks the world, and what was found.
type look struct {
	ctx   context.Context
	rec   *evidence.Recorder
	views *host.Views // nil in a replay
	opt   Options
	s     *Survey
	gaps  []evidence.Gap

	mains  map[int]bool              // main processes of gateways
	tables map[string]host.Listeners // by subject of the place
	addrs  map[string]host.Addresses
}

// gap notes what could not be looked at, once.
func (k *look) gap(err error, source string) { k.gaps = note(k.gaps, err, source) }

// note adds an error to a list of gaps.
func note(list []evidence.Gap, err error, source string) []evidence.Gap {
	if err == nil {
		return list
	}
	g := evidence.Gap{Source: source, Why: err.Error()}
	var gap *evidence.Gap
	if errors.As(err, &gap) {
		g = *gap
	}
	return addGap(list, g)
}

func addGap(list []evidence.Gap, g evidence.Gap) []evidence.Gap {
	for _, have := range list {
		if have == g {
			return list
		}
	}
	return append(list, g)
}

// place asks from where a process sees the world.
func (k *look) place(pid int) (host.Place, error) {
	p, _, err := evidence.Ask(k.rec, "host/place", fmt.Sprintf("pid %d", pid), func() (host.Place, error) { return host.PlaceOf(k.ctx, pid) })
	return p, err
}

// listeners asks for the listening sockets of a place.
func (k *look) listeners(p host.Place) host.Listeners {
	subject := p.Subject("")
	if l, ok := k.tables[subject]; ok {
		return l
	}
	l, _, err := evidence.Ask(k.rec, "survey/listeners", subject, func() (host.Listeners, error) {
		v, err := k.views.View(p)
		if err != nil {
			return host.Listeners{}, err
		}
		return v.Listeners(k.ctx)
	})
	k.gap(err, "sockets")
	for _, g := range l.Gaps {
		k.gaps = addGap(k.gaps, g)
	}
	k.tables[subject] = l
	return l
}

// addresses asks for the addresses of a place.
func (k *look) addresses(p host.Place) host.Addresses {
	subject := p.Subject("")
	if a, ok := k.addrs[subject]; ok {
		return a
	}
	a, _, err := evidence.Ask(k.rec, "survey/addresses", subject, func() (host.Addresses, error) {
		v, err := k.views.View(p)
		if err != nil {
			return host.Addresses{}, err
		}
		return v.Addresses(k.ctx)
	})
	k.gap(err, "addresses")
	k.addrs[subject] = a
	return a
}

// source reads files as one gateway's process sees them, and keeps what it read.
type source struct {
	k     *look
	place host.Place
	runs  bool // the gateway runs, and may be asked
	files []host.FileInfo
	gaps  []evidence.Gap
}

// NewSource reads files as the processes of a place see them, for a dialect that
// reads the configuration of what stands at the end of a path.
func NewSource(ctx context.Context, rec *evidence.Recorder, views *host.Views, place host.Place) dialect.Source {
	return &source{k: newLook(ctx, rec, views, Options{Offline: true}), place: place}
}

// ReadFile returns a file of the configuration.
func (s *source) ReadFile(path string) ([]byte, error) {
	data, err := s.read(path, maxConfig)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, data.Info)
	return data.Body, nil
}

// read returns a file. One that does not exist is an error that matches
// fs.ErrNotExist.
func (s *source) read(path string, limit int64) (host.FileData, error) {
	data, _, err := evidence.Ask(s.k.rec, "file", s.place.Subject(path), func() (host.FileData, error) {
		v, err := s.k.views.View(s.place)
		if err != nil {
			return host.FileData{}, err
		}
		data, err := v.ReadFile(s.k.ctx, path, limit)
		if err == nil {
			keepPaths(s.k.ctx, s.k.rec.Redact, v, data.Body)
		}
		return data, err
	})
	if err != nil {
		s.failed(err)
		return data, err
	}
	if data.Info.Missing {
		return data, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return data, nil
}

// Glob returns the paths that match a pattern.
func (s *source) Glob(pattern string) ([]string, error) {
	found, _, err := evidence.Ask(s.k.rec, "glob", s.place.Subject(pattern), func() ([]string, error) {
		v, err := s.k.views.View(s.place)
		if err != nil {
			return nil, err
		}
		return v.Glob(s.k.ctx, pattern)
	})
	if err != nil {
		s.failed(err)
	}
	return found, err
}

// reply is what a running instance answered to one question.
type reply struct{ probe.SocketReply }

// RedactWith takes the secrets out, as out of a file that says the same.
func (r *reply) RedactWith(red *evidence.Redactor) { r.Text = string(red.Config([]byte(r.Text))) }

// Ask puts a question to the running gateway, from where it runs.
func (s *source) Ask(q dialect.Question) ([]byte, error) {
	if !s.runs || s.k.opt.Offline {
		return nil, dialect.ErrNotAsked
	}
	a, _, err := evidence.Ask(s.k.rec, "survey/ask", s.place.Subject(q.Source), func() (reply, error) {
		v, err := s.k.views.View(s.place)
		if err != nil {
			return reply{}, err
		}
		r, err := AskInstance(s.k.ctx, v, q)
		if err == nil {
			keepPaths(s.k.ctx, s.k.rec.Redact, v, []byte(r.Text))
		}
		return reply{r}, err
	})
	if err != nil {
		s.failed(err)
		return nil, err
	}
	return []byte(a.Text), nil
}

// AskInstance puts a question to a running gateway as v reaches it. It fails with a
// gap that says what would allow it.
func AskInstance(ctx context.Context, v *host.View, q dialect.Question) (probe.SocketReply, error) {
	if gap := v.NetworkGap(); gap != nil {
		return probe.SocketReply{}, gap
	}
	next, err := q.Reply(secret(ctx, v))
	var r probe.SocketReply
	if err == nil {
		r, err = probe.AskSocket(ctx, v.Dial, q.Network, q.Address, q.Send, next)
	}
	if err != nil {
		return probe.SocketReply{}, &evidence.Gap{Source: q.Source, Why: err.Error(), Allow: q.Allow}
	}
	return r, nil
}

// maxSecret bounds a file that answers a challenge.
const maxSecret = 64 << 10

// secret returns a reader of secrets as v sees them. What it reads does not go
// through a recorder: it must never be part of a case.
func secret(ctx context.Context, v *host.View) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		data, err := v.ReadFile(ctx, path, maxSecret)
		if err == nil && data.Info.Missing {
			err = fs.ErrNotExist
		}
		return data.Body, err
	}
}

func (s *source) failed(err error) {
	var gap *evidence.Gap
	if errors.As(err, &gap) {
		s.gaps = addGap(s.gaps, *gap)
	}
}
