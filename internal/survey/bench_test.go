package survey

import (
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// BenchmarkFind surveys this host as it is.
func BenchmarkFind(b *testing.B) {
	for b.Loop() {
		views := host.NewViews()
		c := &evidence.Case{Started: time.Now()}
		s, _ := Find(b.Context(), evidence.NewRecorder(c, evidence.NewRedactor(nil)), views, dialects, "http://gg-bench.test/", Options{Offline: true})
		b.ReportMetric(float64(len(s.Processes.List)), "processes")
		b.ReportMetric(float64(len(s.Gateways)), "gateways")
		views.Close()
	}
}
