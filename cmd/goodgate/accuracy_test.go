package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

var update = flag.Bool("update", false, "write docs/accuracy.md anew")

// The bars: a wrong "confirmed" and a false alarm are never allowed.
const (
	leastTop1     = 0.9
	mostDefault   = 3.0 // seconds, median
	mostQuick     = 0.5
	scenesAtATime = 6 // they mostly wait for each other's timeouts
)

// The ways in which a scene is examined.
const (
	byDefault = "default"
	byQuick   = "--quick"
	byNobody  = "without root"
)

// verdict is what a run of "goodgate diagnose URL -o json" says, as far as it is
// judged here: the contract of the design, read as any other program reads it.
type verdict struct {
	Symptom      *vocab.Symptom `json:"symptom"`
	Status       int            `json:"status"`
	Intermittent bool           `json:"intermittent"`
	Verdict      vocab.Verdict  `json:"verdict"`
	Causes       []struct {
		ID         vocab.Cause   `json:"id"`
		Confidence float64       `json:"confidence"`
		Verdict    vocab.Verdict `json:"verdict"`
		Summary    string        `json:"summary"`
	} `json:"causes"`
	Gaps []struct {
		Source string `json:"source"`
		Why    string `json:"why"`
		Allow  string `json:"allow"`
	} `json:"gaps"`
}

// result is one examination of one scene.
type result struct {
	fault   lab.Fault
	seed    uint64
	mode    string
	said    verdict
	exit    int
	seconds float64
	failure string // the run itself failed; empty: it did not
}

func (r result) place() int {
	for i, c := range r.said.Causes {
		if c.ID == r.fault.Cause {
			return i + 1
		}
	}
	return 0
}

func (r result) top(n int) bool { return r.place() > 0 && r.place() <= n }

// wrongConfirmed says that something untrue was called confirmed.
func (r result) wrongConfirmed() bool {
	for _, c := range r.said.Causes {
		if c.Verdict == vocab.Confirmed && c.ID != r.fault.Cause && !slices.Contains(r.fault.Also, c.ID) {
			return true
		}
	}
	return false
}

// falseAlarm says that something was found where nothing is broken.
func (r result) falseAlarm() bool {
	return r.fault.Healthy && (len(r.said.Causes) > 0 || r.exit == 1 || r.failure != "")
}

func (r result) symptomRight() bool {
	var said vocab.Symptom
	if r.said.Symptom != nil {
		said = *r.said.Symptom
	}
	return said == r.fault.Symptom || slices.Contains(r.fault.OrSymptom, said)
}

// TestAccuracy builds every scene of the laboratory, has it diagnosed by the
// program as an operator would, and compares with what is really broken.
//
//	GOODGATE_ACCURACY=1           run it, skipping what cannot be started here
//	GOODGATE_TEST_ALL=1           run it, skipping nothing
//	GOODGATE_ACCURACY_RUN=RE      only the faults whose name matches
//	GOODGATE_ACCURACY_SEEDS=N     scenes of each fault, 2 unless told
//	GOODGATE_ACCURACY_KEEP=DIR    keep every answer there, and a captured case of each wrong one
func TestAccuracy(t *testing.T) {
	all := os.Getenv("GOODGATE_TEST_ALL") != ""
	if !all && os.Getenv("GOODGATE_ACCURACY") == "" {
		t.Skip("takes minutes and real servers: scripts/install-peers, then GOODGATE_ACCURACY=1 go test ./cmd/goodgate -run TestAccuracy")
	}
	d := newDriver(t)
	results := d.run(chosen(t, all))
	report := render(results, d.seeds)
	t.Log("\n" + report)
	for _, r := range results {
		if note := r.note(); note != "" {
			t.Log(note)
		}
	}
	holdBars(t, results)
	if *update && os.Getenv("GOODGATE_ACCURACY_RUN") == "" {
		path := filepath.Join("..", "..", "docs", "accuracy.md")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func chosen(t *testing.T, all bool) []lab.Fault {
	t.Helper()
	only, err := regexp.Compile(os.Getenv("GOODGATE_ACCURACY_RUN"))
	if err != nil {
		t.Fatalf("GOODGATE_ACCURACY_RUN: %v", err)
	}
	var faults []lab.Fault
	for _, f := range lab.Faults() {
		if !only.MatchString(f.Name) {
			continue
		}
		if missing := lab.Missing(f); len(missing) > 0 {
			if all {
				t.Errorf("%s needs %s: run scripts/install-peers, as root", f.Name, strings.Join(missing, ", "))
			} else {
				t.Logf("left out: %s needs %s (scripts/install-peers, root)", f.Name, strings.Join(missing, ", "))
			}
			continue
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		t.Skip("no fault can be started here: run scripts/install-peers, as root")
	}
	return faults
}

// driver runs scenes and examinations.
type driver struct {
	t       *testing.T
	binary  string // goodgate
	backend string // the applications of the scenes
	keep    string
	seeds   int

	mu      sync.Mutex
	results []result
}

func newDriver(t *testing.T) *driver {
	t.Helper()
	d := &driver{t: t, seeds: 2, keep: os.Getenv("GOODGATE_ACCURACY_KEEP")}
	if text := os.Getenv("GOODGATE_ACCURACY_SEEDS"); text != "" {
		if _, err := fmt.Sscan(text, &d.seeds); err != nil {
			t.Fatalf("GOODGATE_ACCURACY_SEEDS=%q: %v", text, err)
		}
	}
	if d.keep != "" {
		if err := os.MkdirAll(d.keep, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := openDir(t)
	d.binary, d.backend = buildGoodgate(t, dir), filepath.Join(dir, "backend")
	if out, err := exec.Command("go", "build", "-o", d.backend, "../../internal/lab/backend/app").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the scenes' applications: %v\n%s", err, out)
	}
	return d
}

// job is one scene to be built.
type job struct {
	fault lab.Fault
	seed  uint64
}

func (d *driver) run(faults []lab.Fault) []result {
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range scenesAtATime {
		workers.Go(func() {
			for j := range jobs {
				d.scene(j)
			}
		})
	}
	for seed := range uint64(d.seeds) {
		for _, f := range faults {
			jobs <- job{f, seed + 1}
		}
	}
	close(jobs)
	workers.Wait()
	order := map[string]int{}
	for i, f := range faults {
		order[f.Name] = i
	}
	slices.SortFunc(d.results, func(a, b result) int {
		return (order[a.fault.Name]-order[b.fault.Name])*1000 + (int(a.seed)-int(b.seed))*10 + strings.Compare(a.mode, b.mode)
	})
	return d.results
}

// scene builds one scene and examines it: always by default, the first of each
// fault also quickly and without any rights.
func (d *driver) scene(j job) {
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	defer cancel()
	s, err := d.build(ctx, j)
	if err != nil {
		d.t.Errorf("%s, seed %d: %v", j.fault.Name, j.seed, err)
		return
	}
	defer func() {
		if err := s.Stop(); err != nil {
			d.t.Errorf("%s, seed %d: %v", j.fault.Name, j.seed, err)
		}
	}()
	modes := []string{byDefault}
	if j.seed == 1 {
		modes = append(modes, byQuick)
		if os.Geteuid() == 0 {
			modes = append(modes, byNobody)
		}
	}
	for _, mode := range modes {
		r := d.examine(ctx, j, s, mode)
		d.mu.Lock()
		d.results = append(d.results, r)
		d.mu.Unlock()
	}
}

// build builds a scene. Real processes that are stopped and started in a hurry
// now and then do not come to stand where the scene wants them: that says nothing
// about the examination, so it is tried three times, and told.
func (d *driver) build(ctx context.Context, j job) (s lab.Scene, err error) {
	for range 3 {
		if s, err = lab.Up(ctx, j.fault, lab.Options{Seed: j.seed, Backend: []string{d.backend}, Gateway: []string{d.binary, "gateway"}}); err == nil {
			return s, nil
		}
		d.t.Logf("%s, seed %d, is built again: %v", j.fault.Name, j.seed, err)
	}
	return s, err
}

func (d *driver) examine(ctx context.Context, j job, s lab.Scene, mode string) result {
	args := append([]string{"diagnose", s.URL, "-o", "json"}, s.Arguments(j.fault)...)
	uid := -1
	switch mode {
	case byQuick:
		args = append(slices.DeleteFunc(args, func(a string) bool { return a == "--deep" }), "--quick")
	case byNobody:
		uid = lab.Nobody
	}
	r := result{fault: j.fault, seed: j.seed, mode: mode}
	cmd := s.Command(ctx, uid, d.binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	start := time.Now()
	err := cmd.Run()
	r.seconds = time.Since(start).Seconds()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.exit = exit.ExitCode()
	case err != nil:
		r.failure = err.Error()
		return r
	}
	if err := json.Unmarshal(out.Bytes(), &r.said); err != nil {
		r.failure = fmt.Sprintf("exit code %d, %v: %.600s%.600s", r.exit, err, out.Bytes(), errs.Bytes())
	} else if r.exit == 2 {
		r.failure = fmt.Sprintf("exit code 2: %.600s", errs.Bytes())
	}
	d.save(ctx, r, s, out.Bytes())
	return r
}

// save keeps an answer for a person, and a captured case where it is wrong.
func (d *driver) save(ctx context.Context, r result, s lab.Scene, answer []byte) {
	if d.keep == "" {
		return
	}
	base := filepath.Join(d.keep, fmt.Sprintf("%s-%d-%s", r.fault.Name, r.seed, strings.Trim(strings.ReplaceAll(r.mode, " ", "-"), "-")))
	var pretty bytes.Buffer
	if json.Indent(&pretty, answer, "", "  ") != nil {
		pretty.Write(answer)
	}
	if err := os.WriteFile(base+".json", pretty.Bytes(), 0o644); err != nil {
		d.t.Error(err)
	}
	if r.mode != byDefault || r.note() == "" {
		return
	}
	args := append([]string{"diagnose", s.URL, "--capture", base + ".case"}, s.Arguments(r.fault)...)
	text, _ := s.Command(ctx, -1, d.binary, args...).CombinedOutput()
	if err := os.WriteFile(base+".txt", text, 0o644); err != nil {
		d.t.Error(err)
	}
	for _, file := range append(s.Logs, s.Config) {
		if text, err := os.ReadFile(file); err == nil {
			os.WriteFile(base+"."+filepath.Base(file), text, 0o644)
		}
	}
}

// note says what is wrong with a result; empty where nothing is.
func (r result) note() string {
	var wrong []string
	if r.failure != "" {
		wrong = append(wrong, "failed: "+r.failure)
	}
	if r.wrongConfirmed() {
		wrong = append(wrong, "WRONG CONFIRMED")
	}
	switch {
	case r.falseAlarm():
		wrong = append(wrong, "FALSE ALARM")
	case r.fault.Healthy && r.said.Verdict != vocab.Healthy && r.mode != byNobody:
		wrong = append(wrong, "not called healthy")
	case !r.fault.Healthy && !r.top(1):
		wrong = append(wrong, fmt.Sprintf("truth at place %d", r.place()))
	}
	if !r.symptomRight() && r.mode != byNobody {
		wrong = append(wrong, "symptom")
	}
	if r.fault.Intermittent && !r.said.Intermittent && r.mode == byDefault {
		wrong = append(wrong, "not called intermittent")
	}
	if len(wrong) == 0 {
		return ""
	}
	said := "nothing"
	if len(r.said.Causes) > 0 {
		c := r.said.Causes[0]
		said = fmt.Sprintf("%s (%s, %.2f)", c.ID, c.Verdict, c.Confidence)
	}
	symptom := "null"
	if r.said.Symptom != nil {
		symptom = string(*r.said.Symptom)
	}
	return fmt.Sprintf("%s seed %d %s: %s; truth %s %s, said %s %s, verdict %s", r.fault.Name, r.seed, r.mode, strings.Join(wrong, ", "), r.fault.Cause, r.fault.Symptom, said, symptom, r.said.Verdict)
}
