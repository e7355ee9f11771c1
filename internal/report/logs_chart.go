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
	Starts   []int // columns in which incidents begin
}

// newChart returns the timeline of r in at most columns columns, and false where
// there is none.
func newChart(r *scan.Report, columns int) (chart, bool) {
	n := len(r.Timeline)
	if n == 0 || r.Width <= 0 {
		return chart{}, false
	}
	width := time.Duration(r.Width) * time.Second
	c := chart{From: r.Timeline[0].Minute, To: r.Timeline[n-1].Minute.Add(width)}
	buckets := int(c.To.Sub(c.From) / width)
	perColumn := max(1, (buckets+columns-1)/columns)
	c.Step = time.Duration(perColumn) * width
	count := (buckets + perColumn - 1) / perColumn
	c.Requests, c.Failures = make([]uint64, count), make([]uint64, count)
	for _, b := range r.Timeline {
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
