package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/goodgatehq/goodgate/internal/scan"
)

// follow prints failures as they are written, and at the end the report of all.
func (s *session) follow(ctx context.Context, paths []string, cfg scan.Config, f logsFlags) error {
	l := &liveLines{s: s}
	for _, p := range paths {
		if p == "-" {
			return fmt.Errorf("cannot follow standard input: without --follow it is read to its end")
		}
	}
	rep, err := scan.Follow(ctx, paths, cfg, l.show)
	if err != nil {
		return err
	}
	l.rest()
	return s.printLogs(rep, f)
}

// linesPerSecond is how many failures are printed one by one.
const linesPerSecond = 20

// liveLines prints what is followed, no faster than people read.
type liveLines struct {
	s      *session
	second int64
	n      int
	left   int
}

func (l *liveLines) show(e scan.Live) {
	if l.s.output != "text" {
		return // one document, at the end
	}
	if e.News != "" {
		if !l.s.quiet {
			fmt.Fprintf(l.s.Stderr, "goodgate: %s: %s\n", printable(e.Path), printable(e.News))
		}
		return
	}
	if now := time.Now().Unix(); now != l.second {
		l.rest()
		l.second, l.n = now, 0
	}
	if l.n++; l.n > linesPerSecond {
		l.left++
		return
	}
	when := "        "
	if e.When != nil {
		when = e.When.Format("15:04:05")
	}
	fmt.Fprintf(l.s.Stdout, "%s  %s\n", when, liveText(e))
}

func (l *liveLines) rest() {
	if l.left > 0 {
		fmt.Fprintf(l.s.Stdout, "          ... and %d more\n", l.left)
		l.left = 0
	}
}

// liveText says one failure or event on one line.
func liveText(e scan.Live) string {
	if e.Event != nil {
		info, _ := e.Event.Fact.Info()
		return printable(fmt.Sprintf("*** %s: %s", info.Meaning, e.Event.Line))
	}
	f := e.Failure
	text := "   "
	if f.Status != 0 {
		text = fmt.Sprintf("%03d", f.Status)
	}
	if f.Symptom != nil {
		text += " " + string(*f.Symptom)
	}
	for _, w := range []struct{ before, word string }{{" at ", f.Upstream}, {" ", f.Site}, {" ", f.Route}} {
		if w.word != "" {
			text += w.before + w.word
		}
	}
	if len(f.Causes) > 0 {
		text += "  (" + string(f.Causes[0]) + "?)"
	}
	return printable(text)
}
