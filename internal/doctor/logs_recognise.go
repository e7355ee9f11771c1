package doctor

import (
	"bytes"
	"context"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// sniffed returns how to read l; a log that the operator named is recognised by
// its beginning.
func (x *examination) sniffed(ctx context.Context, l topo.Log) (dialect.Log, bool) {
	if l.Kind != "" {
		return x.dialectLog(l)
	}
	head, _, ok := ask(x, "scan/head", x.logPlace(l).Subject(l.Path), func() (headAnswer, error) {
		open, err := x.opener(ctx, x.logPlace(l))
		if err != nil {
			return headAnswer{}, err
		}
		f, err := open(l.Path)
		if err != nil {
			return headAnswer{}, err
		}
		defer f.Close()
		head, tail := ends(f)
		name := x.asErrors(recogniseLog(x.opts.Dialects, head), head)
		if name == "" {
			name = x.asErrors(recogniseLog(x.opts.Dialects, tail), tail)
		}
		return headAnswer{Name: name}, nil
	})
	if !ok {
		return dialect.Log{}, false
	}
	if log, ok := x.logNamed(head.Name); ok {
		return log, !x.othersLog(log)
	}
	x.gap(evidence.Gap{Source: "log " + l.Path, Why: "its format is not recognised"})
	return dialect.Log{}, false
}

type headAnswer struct {
	Name string `json:"name"`
}

// sniffLen is how much of a log's beginning and end tells what it is.
const sniffLen = 64 << 10

// ends returns the beginning of a log, and its end where that is another part.
func ends(f scan.File) (head, tail []byte) {
	head = make([]byte, sniffLen)
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	if info, err := f.Stat(); err == nil && info.Size() > int64(n) {
		tail = make([]byte, sniffLen)
		m, _ := f.ReadAt(tail, max(0, info.Size()-sniffLen))
		tail = tail[:m]
		if i := bytes.IndexByte(tail, '\n'); i >= 0 {
			tail = tail[i+1:] // it begins inside a line
		}
	}
	return head, tail
}

// recogniseLog returns the name of the log that is surest of a file's
// beginning.
func recogniseLog(dialects []dialect.Dialect, head []byte) string {
	best, name := 0, ""
	for _, d := range dialects {
		for _, log := range d.Logs {
			if log.Sniff == nil {
				continue
			}
			if n := log.Sniff(head); n > best {
				best, name = n, log.Name
			}
		}
	}
	return name
}

// asErrors returns the error log of a product that writes requests and errors
// alike, where a file looks like the one as much as like the other.
func (x *examination) asErrors(name string, head []byte) string {
	for _, d := range x.opts.Dialects {
		i := slices.IndexFunc(d.Logs, func(l dialect.Log) bool { return l.Name == name && l.Kind == "access" })
		if i < 0 {
			continue
		}
		for _, l := range d.Logs {
			if l.Kind == "error" && l.Sniff != nil && l.Sniff(head) == d.Logs[i].Sniff(head) {
				return l.Name
			}
		}
	}
	return name
}

// othersLog reports whether a log that the operator named is that of another
// gateway of this host: its words leave no doubt, and it is read where that one is
// examined.
func (x *examination) othersLog(log dialect.Log) bool {
	if !tells(log) || slices.ContainsFunc(x.match.Gateway.Dialect.Logs, func(own dialect.Log) bool { return own.Name == log.Name }) {
		return false
	}
	return slices.ContainsFunc(x.survey.Gateways, func(g *survey.Gateway) bool {
		return g.Running && g.Dialect != x.match.Gateway.Dialect && slices.ContainsFunc(g.Dialect.Logs, func(its dialect.Log) bool { return its.Name == log.Name })
	})
}
