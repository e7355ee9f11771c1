package scan

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	incidentGap    = 3    // quiet buckets within one incident
	incidentLeast  = 5    // failures that make an incident
	incidentShare  = 0.05 // share of failures that is never normal
	incidentLimit  = 20   // incidents told
	eventsBefore   = 10 * time.Minute
	eventsReported = 8
)

// incidents finds the stretches in which clearly more requests fail than the
// logs' own normal share, and what happened to programs just before.
func incidents(rep *Report, m *minutes) []Incident {
	normal := normalOf(rep)
	var out []Incident
	end := int64(math.MinInt64) // of the last bad bucket, with the gap that is bridged
	for _, b := range rep.Timeline {
		start := b.Minute.Unix()
		if !normal.bad(b) {
			continue
		}
		if start > end || len(out) == 0 {
			from := b.Minute
			if first := m.at(start).First; first != 0 {
				from = time.Unix(first, 0).UTC()
			}
			out = append(out, Incident{From: from})
		}
		i := &out[len(out)-1]
		i.To = time.Unix(start+rep.Width, 0).UTC()
		i.Requests += b.Requests
		i.Failures += b.Failures
		end = start + (incidentGap+1)*rep.Width
	}
	out = slices.DeleteFunc(out, func(i Incident) bool { return i.Failures < incidentLeast })
	if len(out) > incidentLimit {
		slices.SortStableFunc(out, func(a, b Incident) int { return cmp.Compare(b.Failures, a.Failures) })
		out = out[:incidentLimit]
		slices.SortStableFunc(out, func(a, b Incident) int { return a.From.Compare(b.From) })
	}
	for i := range out {
		out[i].Before = before(rep.Events, out[i].From, rep.Width)
		if n := len(rep.Timeline); n > 0 {
			out[i].Ongoing = !out[i].To.Add(time.Duration(rep.Width) * time.Second).Before(rep.Timeline[n-1].Minute.Add(time.Duration(rep.Width) * time.Second))
		}
	}
	if out == nil {
		out = []Incident{}
	}
	return out
}

// normal is what the logs show outside of incidents.
type normal struct {
	share float64 // failures per request
	count float64 // lines of error logs per bucket, where no access log covers it
}

// normalOf takes the fifth of the buckets with the least failures as normal.
// Buckets without any line count as free of failures.
func normalOf(rep *Report) normal {
	var shares, counts []float64
	for _, b := range rep.Timeline {
		if b.Requests > 0 {
			shares = append(shares, float64(b.Failures)/float64(b.Requests))
		} else {
			counts = append(counts, float64(b.Failures))
		}
	}
	n := normal{share: min(fifth(shares), incidentShare)}
	if len(rep.Timeline) > 0 && len(counts) > 0 {
		span := rep.Timeline[len(rep.Timeline)-1].Minute.Sub(rep.Timeline[0].Minute)
		buckets := int(span/(time.Duration(rep.Width)*time.Second)) + 1
		empty := buckets - len(rep.Timeline)
		if empty*5 < buckets {
			n.count = fifth(counts)
		}
	}
	return n
}

func fifth(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/5]
}

// bad reports whether a bucket has more failures than chance gives the normal
// share: four standard deviations of a Poisson count, and three failures.
func (n normal) bad(b Bucket) bool {
	expected := n.count
	if b.Requests > 0 {
		expected = n.share * float64(b.Requests)
	}
	return float64(b.Failures) > expected+4*math.Sqrt(expected)+2.5
}

// before returns what happened to programs from shortly before a time until the
// end of its bucket.
func before(events []Event, at time.Time, width int64) []Event {
	var out []Event
	for _, e := range events {
		if e.When != nil && !e.When.Before(at.Add(-eventsBefore)) && e.When.Before(at.Add(time.Duration(width)*time.Second)) {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-eventsReported):]
}
