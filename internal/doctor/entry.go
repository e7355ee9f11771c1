package doctor

import (
	"context"
	"errors"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// errUnbuilt is what the entry points answer until the examination is written.
// Whoever writes Diagnose, Replay and Explain deletes this file.
var errUnbuilt = errors.New("cannot examine: this build of goodgate has no examination yet")

// Diagnose examines opts.Target and returns what it found with the case that
// holds every answer it got.
func Diagnose(ctx context.Context, opts Options) (*Diagnosis, *evidence.Case, error) {
	return nil, nil, errUnbuilt
}

// Replay repeats a captured case without touching the world.
func Replay(ctx context.Context, c *evidence.Case) (*Diagnosis, error) {
	return nil, errUnbuilt
}

// Explain says what words or log lines mean.
func Explain(ctx context.Context, opts ExplainOptions) (*Explanation, error) {
	return nil, errUnbuilt
}
