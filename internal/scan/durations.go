package scan

import "math"

// histogram counts seconds in buckets that grow by a tenth octave below 10 %
// each, from a tenth of a millisecond to more than a day. Its zero value is
// ready.
type histogram struct {
	n        int
	min, max float64
	buckets  []uint32 // made with the first value
}

const (
	bucketsPerOctave = 6    // 2^(1/6) is a step of 12 %: a value lies within 6 % of its bucket's middle
	bucketBase       = 1e-4 // seconds at the lower edge of bucket 1
	bucketCount      = 31*bucketsPerOctave + 1
)

func (h *histogram) add(seconds float64) {
	if !(seconds >= 0) || math.IsInf(seconds, 1) {
		return
	}
	if h.n == 0 {
		h.min, h.max = seconds, seconds
		h.buckets = make([]uint32, bucketCount)
	}
	h.n++
	h.min, h.max = min(h.min, seconds), max(h.max, seconds)
	h.buckets[bucketOf(seconds)]++
}

func bucketOf(seconds float64) int {
	if seconds < bucketBase {
		return 0
	}
	i := 1 + int(math.Log2(seconds/bucketBase)*bucketsPerOctave)
	return min(i, bucketCount-1)
}

func (h *histogram) durations() Durations {
	if h.n == 0 {
		return Durations{}
	}
	return Durations{N: h.n, Min: h.min, Median: h.quantile(0.5), P95: h.quantile(0.95), Max: h.max}
}

// quantile returns the value below which a part q of the values lies.
func (h *histogram) quantile(q float64) float64 {
	rank := uint64(math.Ceil(q * float64(h.n)))
	var seen uint64
	for i, c := range h.buckets {
		seen += uint64(c)
		if seen >= rank {
			if i == 0 {
				return h.min
			}
			middle := bucketBase * math.Exp2((float64(i-1)+0.5)/bucketsPerOctave)
			return math.Round(min(max(middle, h.min), h.max)*1e4) / 1e4
		}
	}
	return h.max
}

// clone returns a copy that later values do not change.
func (h *histogram) clone() histogram {
	c := *h
	c.buckets = append([]uint32(nil), h.buckets...)
	return c
}
