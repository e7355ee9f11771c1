package doctor

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// TestConditionsAreFoundByName: what a line means does not hang on its place in a
// table, which changes with the version; what another version knows means nothing.
func TestConditionsAreFoundByName(t *testing.T) {
	x := &examination{opts: Options{Dialects: registry.Dialects()}}
	for _, d := range x.opts.Dialects {
		for _, log := range d.Logs {
			for _, c := range log.Conds {
				if got := x.cond(scan.Hit{Log: log.Name, Condition: c.ID}); c.ID != "" && got.ID != c.ID {
					t.Errorf("%s: %q is read as %q", log.Name, c.ID, got.ID)
				}
			}
			if got := x.cond(scan.Hit{Log: log.Name, Condition: "of another version"}); got.ID != "" || got.Fact != "" {
				t.Errorf("%s: an unknown condition is read as %q", log.Name, got.ID)
			}
		}
	}
}
