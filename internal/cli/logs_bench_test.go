package cli

import (
	"context"
	"os"
	"testing"

	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// BenchmarkLogs reads the file that GOODGATE_BENCH_LOG names, on one core, as
// `goodgate logs` does. scripts/bench-logs makes such files.
func BenchmarkLogs(b *testing.B) {
	path := os.Getenv("GOODGATE_BENCH_LOG")
	if path == "" {
		b.Skip("GOODGATE_BENCH_LOG names no log: go run ./internal/scan/loggen > /tmp/access.log")
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		rep, err := scan.Run(context.Background(), []scan.Input{{Path: path}}, scan.Config{Dialects: registry.Dialects(), Open: openLog})
		if err != nil || rep.Lines == 0 {
			b.Fatal(rep.Lines, err)
		}
	}
}
