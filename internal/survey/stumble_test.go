package survey

import (
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// A dialect that stumbles is a gap: the other gateways are examined all the same.
func TestStumblingDialectIsAGap(t *testing.T) {
	d := dialect.Dialect{Name: "odd", Config: func(dialect.Source, dialect.Launch) *dialect.Conf { panic("index out of range") }}
	k := newLook(t.Context(), evidence.NewRecorder(&evidence.Case{Started: time.Now()}, evidence.NewRedactor(nil)), host.NewViews(), Options{Offline: true})
	g := &Gateway{Dialect: &d}
	k.configure(g)
	if g.Conf == nil || len(g.Gaps) != 1 || !strings.Contains(g.Gaps[0].Why, "index out of range") {
		t.Errorf("conf %v, gaps %v", g.Conf, g.Gaps)
	}
}
