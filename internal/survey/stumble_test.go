package survey

import (
	"os/exec"
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

// TestEndedGatewayIsAGap: a gateway that ended while it was looked at is none that runs,
// and the report says so.
func TestEndedGatewayIsAGap(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Skip(err)
	}
	k := newLook(t.Context(), evidence.NewRecorder(&evidence.Case{Started: time.Now()}, evidence.NewRedactor(nil)), host.NewViews(), Options{Offline: true})
	g := k.gateway(&dialect.Dialect{Name: "odd"}, dialect.Launch{}, host.Process{PID: ended.Process.Pid})
	if g != nil || len(k.gaps) != 1 || k.gaps[0].Why != "odd ended while it was looked at" {
		t.Errorf("%v, gaps %v", g, k.gaps)
	}
}
