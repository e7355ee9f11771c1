package topo

import (
	"fmt"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Rung compares a limit of one station of a chain with that of the station behind
// it. Limits stand in the right order as on a ladder: who is further in front
// waits longer, and sends nothing that the next one does not take.
type Rung struct {
	What     string  `json:"what"` // "waiting for an answer", "idle connections", …
	Front    Setting `json:"front"`
	Behind   Setting `json:"behind"`
	Inverted bool    `json:"inverted"`
	Why      string  `json:"why,omitempty"` // where Inverted: what comes of it
}

// Rungs compares the settings of a gateway with those of the station that takes
// its requests. Only what both are known to have is compared; a limit of 0 is
// none.
func Rungs(front, behind Settings) []Rung {
	var all []Rung
	add := func(what string, f, b vocab.Knob, inverted func(front, behind float64) bool, why string) {
		x, ok := front[f]
		y, known := behind[b]
		if !ok || !known || f == vocab.KeepaliveTimeout && front[vocab.KeepaliveCount].Number == 0 {
			return
		}
		r := Rung{What: what, Front: x, Behind: y, Inverted: inverted(x.Number, y.Number)}
		if r.Inverted {
			r.Why = fmt.Sprintf(why, spelled(x), spelled(y))
		}
		all = append(all, r)
	}
	shorter := func(f, b float64) bool { return f > 0 && (b == 0 || f < b) }
	longer := func(f, b float64) bool { return b > 0 && (f == 0 || f > b) }
	add("waiting for an answer", vocab.ReadTimeout, vocab.ReadTimeout, shorter,
		"the one in front gives up (%s) before the one behind says why (%s)")
	add("waiting for a worker", vocab.ReadTimeout, vocab.WorkerTimeout, shorter,
		"the one in front gives up (%s) before the worker is ended (%s), and its work goes on for nobody")
	add("idle connections", vocab.KeepaliveTimeout, vocab.ClientKeepalive, func(f, b float64) bool { return f >= b },
		"the one in front reuses connections (%s) that the one behind has closed (%s)")
	add("response header", vocab.HeaderBuffer, vocab.HeaderBuffer, shorter,
		"a header that the one behind lets pass (%[2]s) does not fit in front (%[1]s)")
	add("request header", vocab.RequestHeaderBuffer, vocab.RequestHeaderBuffer, longer,
		"a header that is taken in front (%s) is refused behind (%s)")
	add("request body", vocab.RequestBodyLimit, vocab.RequestBodyLimit, longer,
		"a body that is taken in front (%s) is refused behind (%s)")
	return all
}

// spelled is a setting as an operator reads it.
func spelled(s Setting) string {
	v := s.Value
	if v == "" {
		v = strconv.FormatFloat(s.Number, 'f', -1, 64)
	}
	text := s.Directive + " " + v
	if s.Directive == "" {
		text = v
	}
	if s.Default && s.Place.File == "" {
		text += ", the default"
	}
	return text
}
