package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// tally sums up results.
type tally struct {
	n, top1, top3, symptom, wrong, alarms, healthy int
	seconds                                        []float64
}

func (t *tally) add(r result) {
	t.n++
	t.seconds = append(t.seconds, r.seconds)
	t.top1 += count(r.top(1))
	t.top3 += count(r.top(3))
	t.symptom += count(r.symptomRight())
	t.wrong += count(r.wrongConfirmed())
	t.alarms += count(r.falseAlarm())
	t.healthy += count(r.said.Verdict == vocab.Healthy)
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t *tally) median() float64 {
	if len(t.seconds) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(t.seconds))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

// lower is the lower bound of Wilson's interval at 95 % for k of n.
func lower(k, n int) float64 {
	if n == 0 {
		return 0
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	return (p + z*z/(2*m) - z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))) / (1 + z*z/m)
}

func sum(results []result, which func(result) bool) *tally {
	t := new(tally)
	for _, r := range results {
		if which(r) {
			t.add(r)
		}
	}
	return t
}

func faulty(mode string) func(result) bool {
	return func(r result) bool { return !r.fault.Healthy && r.mode == mode }
}

func healthy(mode string) func(result) bool {
	return func(r result) bool { return r.fault.Healthy && r.mode == mode }
}

// render writes docs/accuracy.md.
func render(results []result, seeds int) string {
	var b strings.Builder
	b.WriteString("# How often goodgate is right\n\n")
	b.WriteString("Written by `GOODGATE_TEST_ALL=1 go test ./cmd/goodgate -run TestAccuracy -update`, as root, after `scripts/install-peers`; the test is part of `make test` and fails where a bar is missed. Every row was measured on real nginx, php-fpm, gunicorn, uwsgi, Node and faulty backends,\nwith one known fault each, among decoys: yesterday's errors in the same logs, a healthy site, a site with a dead upstream that is polled all the time,\nan application that no configuration mentions. The seed chooses ports, names, log formats and decoys. `goodgate lab list` says what each fault is.\n\n")
	fmt.Fprintf(&b, "Scenes of each fault: %d. Seconds are wall-clock time of the whole command, with %d scenes at a time on one small machine.\n\n", seeds, scenesAtATime)
	b.WriteString("| bar | wanted | measured |\n|---|---|---|\n")
	for _, mode := range []string{byDefault, byQuick, byNobody} {
		f, h := sum(results, faulty(mode)), sum(results, healthy(mode))
		if f.n+h.n == 0 {
			continue
		}
		fmt.Fprintf(&b, "| wrong `confirmed`, %s | 0 | %d of %d |\n", mode, f.wrong+h.wrong, f.n+h.n)
		fmt.Fprintf(&b, "| false alarms on healthy sites, %s | 0 | %d of %d |\n", mode, h.alarms, h.n)
		want := "-"
		if mode == byDefault {
			want = fmt.Sprintf("≥ %.2f", leastTop1)
		}
		fmt.Fprintf(&b, "| true cause first, %s | %s | %.3f (%d of %d; at least %.2f with 95 %% certainty) |\n", mode, want, ratio(f.top1, f.n), f.top1, f.n, lower(f.top1, f.n))
	}
	fmt.Fprintf(&b, "| median seconds, default | < %.1f | %.2f |\n", mostDefault, sum(results, func(r result) bool { return r.mode == byDefault }).median())
	fmt.Fprintf(&b, "| median seconds, --quick | < %.1f | %.2f |\n", mostQuick, sum(results, func(r result) bool { return r.mode == byQuick }).median())
	products(&b, results)
	for _, mode := range []string{byDefault, byQuick, byNobody} {
		table(&b, results, mode)
	}
	return b.String()
}

// product is the gateway of a fault.
func product(r result) string { return cmp.Or(r.fault.Gateway, "nginx") }

// products writes one row per gateway.
func products(b *strings.Builder, results []result) {
	var names []string
	for _, r := range results {
		if p := product(r); !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	b.WriteString("\n## By gateway\n\n| gateway | faults | true cause first | without root | symptom right | wrong `confirmed` | healthy sites | false alarms |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, name := range names {
		of := func(which func(result) bool) *tally {
			return sum(results, func(r result) bool { return product(r) == name && which(r) })
		}
		f, n, h := of(faulty(byDefault)), of(faulty(byNobody)), of(healthy(byDefault))
		all := of(func(result) bool { return true })
		fmt.Fprintf(b, "| %s | %d | %d (%.2f) | %d of %d | %d | %d | %d | %d |\n", name, f.n, f.top1, ratio(f.top1, f.n), n.top1, n.n, f.symptom, all.wrong, h.n, all.alarms)
	}
}

func ratio(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// table writes one row per cause, then the healthy scenes.
func table(b *strings.Builder, results []result, mode string) {
	total := sum(results, faulty(mode))
	if total.n == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| cause | n | top-1 | top-3 | symptom right | median seconds | wrong `confirmed` |\n|---|---:|---:|---:|---:|---:|---:|\n", strings.ToUpper(mode[:1])+mode[1:])
	for _, c := range vocab.Causes {
		t := sum(results, func(r result) bool { return r.mode == mode && !r.fault.Healthy && r.fault.Cause == c.ID })
		if t.n > 0 {
			fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %.2f | %d |\n", c.ID, t.n, t.top1, t.top3, t.symptom, t.median(), t.wrong)
		}
	}
	fmt.Fprintf(b, "| **all** | %d | %d | %d | %d | %.2f | %d |\n", total.n, total.top1, total.top3, total.symptom, total.median(), total.wrong)
	h := sum(results, healthy(mode))
	fmt.Fprintf(b, "\nHealthy scenes: %d, called healthy %d, false alarms %d, median seconds %.2f.\n", h.n, h.healthy, h.alarms, h.median())
	var missed []string
	for _, r := range results {
		if r.mode == mode && !r.fault.Healthy && !r.top(1) {
			said := "nothing"
			if len(r.said.Causes) > 0 {
				said = fmt.Sprintf("%s (%s)", r.said.Causes[0].ID, r.said.Causes[0].Verdict)
			}
			missed = append(missed, fmt.Sprintf("- %s, seed %d: %s is true, %s was said first\n", r.fault.Name, r.seed, r.fault.Cause, said))
		}
	}
	if len(missed) > 0 {
		fmt.Fprintf(b, "\nMissed:\n\n%s", strings.Join(missed, ""))
	}
}

func holdBars(t *testing.T, results []result) {
	t.Helper()
	for _, r := range results {
		if r.wrongConfirmed() {
			t.Errorf("wrong confirmed: %s", r.note())
		}
		if r.falseAlarm() {
			t.Errorf("false alarm: %s", r.note())
		}
		if r.failure != "" {
			t.Errorf("failed: %s", r.note())
		}
		if r.mode == byNobody && len(r.said.Gaps) == 0 {
			t.Errorf("%s seed %d: without root and no gap is named", r.fault.Name, r.seed)
		}
	}
	if f := sum(results, faulty(byDefault)); f.n > 0 && ratio(f.top1, f.n) < leastTop1 {
		t.Errorf("the true cause is first in %d of %d, want at least %.2f", f.top1, f.n, leastTop1)
	}
	if m := sum(results, func(r result) bool { return r.mode == byDefault }).median(); m >= mostDefault {
		t.Errorf("the median examination takes %.2f s, want under %.1f s", m, mostDefault)
	}
	if m := sum(results, func(r result) bool { return r.mode == byQuick }).median(); m >= mostQuick {
		t.Errorf("the median quick examination takes %.2f s, want under %.1f s", m, mostQuick)
	}
}
