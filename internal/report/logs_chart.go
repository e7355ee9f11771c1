package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/scan"
)

// chart is a timeline cut into columns of equal time.
type chart struct {
	From, To time.Time
	Step     time.Duration
	Requests []uint64
	Failures []uint64
	Starts   []int  // columns in which incidents begin
	Outside  uint64 // lines whose time lies so far off that they are not in the picture
}

// newChart returns the timeline of r in at most columns columns, and false where
// there is none.
func newChart(r *scan.Report, columns int) (chart, bool) {
	if len(r.Timeline) == 0 || r.Width <= 0 {
		return chart{}, false
	}
	width := time.Duration(r.Width) * time.Second
	shown, outside := withoutStray(r.Timeline)
	c := chart{From: shown[0].Minute, To: shown[len(shown)-1].Minute.Add(width), Outside: outside}
	buckets := int(c.To.Sub(c.From) / width)
	perColumn := max(1, (buckets+columns-1)/columns)
	c.Step = time.Duration(perColumn) * width
	count := (buckets + perColumn - 1) / perColumn
	c.Requests, c.Failures = make([]uint64, count), make([]uint64, count)
	for _, b := range shown {
		i := int(b.Minute.Sub(c.From) / c.Step)
		c.Requests[i] += b.Requests
		c.Failures[i] += b.Failures
	}
	for _, in := range r.Incidents {
		if i := int(in.From.Sub(c.From) / c.Step); i >= 0 && i < count {
			c.Starts = append(c.Starts, i)
		}
	}
	return c, true
}

// withoutStray leaves out the few lines with a time so far from all others that
// the picture would show nothing else: a clock that was not set, a broken year.
func withoutStray(t []scan.Bucket) (shown []scan.Bucket, outside uint64) {
	total := uint64(0)
	for _, b := range t {
		total += b.Requests + b.Failures
	}
	for len(t) > 2 {
		half := t[len(t)-1].Minute.Sub(t[0].Minute) / 2
		first, last := t[0], t[len(t)-1]
		switch few := total/1000 - outside; {
		case outside <= total/1000 && t[1].Minute.Sub(first.Minute) > half && first.Requests+first.Failures <= few:
			outside += first.Requests + first.Failures
			t = t[1:]
		case outside <= total/1000 && last.Minute.Sub(t[len(t)-2].Minute) > half && last.Requests+last.Failures <= few:
			outside += last.Requests + last.Failures
			t = t[:len(t)-1]
		default:
			return t, outside
		}
	}
	return t, outside
}

// bars draws values as a row of characters, scaled to the largest. What is more
// than nothing is always seen.
func bars(values []uint64, unicode bool) string {
	levels := []rune(" .:-=+*#")
	if unicode {
		levels = []rune(" ▁▂▃▄▅▆▇█")
	}
	top := uint64(0)
	for _, v := range values {
		top = max(top, v)
	}
	var out strings.Builder
	for _, v := range values {
		i := 0
		if v > 0 {
			i = 1 + int(float64(v)/float64(top)*float64(len(levels)-2)+0.5)
		}
		out.WriteRune(levels[min(i, len(levels)-1)])
	}
	return out.String()
}

func greatest(values []uint64) (top uint64) {
	for _, v := range values {
		top = max(top, v)
	}
	return top
}

// stepName says how much time a column is.
func stepName(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return plural(int(d/(24*time.Hour)), "day")
	case d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	case d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute")
	}
	return fmt.Sprint(d)
}
