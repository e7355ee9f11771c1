package doctor

import (
	"math"
	"strconv"
	"time"
)

// clock is a time of day as the host's own logs show it.
func (x *examination) clock(t time.Time) string { return t.In(x.zone).Format("15:04:05") }

func asDuration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// roundSeconds rounds up to a time that a person would write: "5s", "30s", "2m".
func roundSeconds(s float64) string {
	for _, step := range []int{2, 5, 10, 15, 30, 60, 90, 120, 180, 300, 600} {
		if s <= float64(step) {
			return strconv.Itoa(step) + "s"
		}
	}
	return strconv.Itoa(int(math.Ceil(s/600))*600) + "s"
}

// roundKilobytes rounds up to a power of two of kilobytes: "8k", "16k".
func roundKilobytes(bytes float64) string {
	k := 4.0
	for k*1024 < bytes && k < 1024 {
		k *= 2
	}
	return strconv.Itoa(int(k)) + "k"
}

// belowSeconds is a time safely below s: four fifths, in whole seconds where
// that leaves one.
func belowSeconds(s float64) string {
	if t := math.Floor(s * 0.8); t >= 1 {
		return strconv.Itoa(int(t)) + "s"
	}
	return strconv.Itoa(int(s*800)) + "ms"
}
