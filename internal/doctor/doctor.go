// Package doctor carries out one examination, or one explanation, from end to
// end: it finds the gateway, asks the world through a recorder, turns answers
// into items, and lets infer rank the causes. It also repeats captured cases.
//
// An examination goes one way: survey (who answers for the URL), own (our own
// marked request), record (what the logs say about this route), group (the
// failures), gather (what the upstreams, names and processes say), facts (items),
// rank, compose. Every step asks only through the recorder, so that the whole is
// a function of the answers.
package doctor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// The defaults of an examination.
const (
	defaultSince = 15 * time.Minute // how far back the logs are read
	quickSince   = 5 * time.Minute

	defaultTimeout = 30 * time.Second // bound of everything
	deepTimeout    = 150 * time.Second
	quickTimeout   = 5 * time.Second
)

// Diagnose examines opts.Target and returns what it found with the case that
// holds every answer it got. It fails only where the target or the options make
// no sense; what cannot be looked at is a gap in the diagnosis.
func Diagnose(ctx context.Context, opts Options) (*Diagnosis, *evidence.Case, error) {
	if opts.Target == "" {
		return nil, nil, errors.New("cannot examine nothing: give the URL that fails, as in `goodgate diagnose https://example.com/path`")
	}
	redact := evidence.NewRedactor(nil)
	token := newToken()
	redact.Keep(token)
	start := time.Now()
	_, offset := start.Zone()
	c := &evidence.Case{
		Target:  redact.URL(opts.Target),
		Started: start.UTC(),
		Options: map[string]string{
			"token": token, "zone": strconv.Itoa(offset), "version": opts.Version,
			"quick": strconv.FormatBool(opts.Quick), "deep": strconv.FormatBool(opts.Deep), "log_only": strconv.FormatBool(opts.LogOnly),
			"config_test": strconv.FormatBool(opts.ConfigTest), "since": stamp(opts.Since), "until": stamp(opts.Until), "config": opts.Config,
		},
	}
	for i, l := range opts.Logs {
		c.Options["log."+strconv.Itoa(i)] = l
	}
	views := host.NewViews()
	defer views.Close()

	ctx, cancel := context.WithTimeout(ctx, opts.bound())
	defer cancel()
	x := newExamination(opts, evidence.NewRecorder(c, redact), views)
	x.target = opts.Target
	d := x.run(ctx)
	d.Seconds = time.Since(start).Round(time.Millisecond).Seconds()
	c.Options["seconds"] = strconv.FormatFloat(d.Seconds, 'f', 3, 64)
	return d, c, nil
}

// Replay repeats a captured case with the given dialects, without touching the
// world.
func Replay(ctx context.Context, c *evidence.Case, dialects []dialect.Dialect) (*Diagnosis, error) {
	if c == nil || c.Target == "" {
		return nil, errors.New("cannot repeat the case: it names no target")
	}
	opts := Options{Target: c.Target, Dialects: dialects, Version: c.Options["version"], Config: c.Options["config"]}
	opts.Quick = c.Options["quick"] == "true"
	opts.Deep = c.Options["deep"] == "true"
	opts.LogOnly = c.Options["log_only"] == "true"
	opts.ConfigTest = c.Options["config_test"] == "true"
	var err error
	if opts.Since, err = unstamp(c.Options["since"]); err != nil {
		return nil, err
	}
	if opts.Until, err = unstamp(c.Options["until"]); err != nil {
		return nil, err
	}
	for i := 0; c.Options["log."+strconv.Itoa(i)] != ""; i++ {
		opts.Logs = append(opts.Logs, c.Options["log."+strconv.Itoa(i)])
	}
	x := newExamination(opts, evidence.Replay(c), nil)
	x.target = c.Target
	d := x.run(ctx)
	d.Seconds, _ = strconv.ParseFloat(c.Options["seconds"], 64)
	return d, nil
}

func (o Options) bound() time.Duration {
	switch {
	case o.Timeout > 0:
		return o.Timeout
	case o.Deep:
		return deepTimeout
	case o.Quick:
		return quickTimeout
	}
	return defaultTimeout
}

// newToken returns the mark of our own request: it is found again in logs.
func newToken() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails, by its documentation
	return "gg-" + hex.EncodeToString(b)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func unstamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("cannot repeat the case: its time %q is none: %w", s, err)
	}
	return t, nil
}
