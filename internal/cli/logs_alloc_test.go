package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// TestNothingIsAllocatedPerLine reads ten times as many lines of each log, which
// must not allocate more.
func TestNothingIsAllocatedPerLine(t *testing.T) {
	for name, lines := range map[string]string{
		"access": `203.0.113.7 - - [21/Aug/2026:10:15:30 +0000] "GET /api/users/42 HTTP/1.1" 200 157 "-" "curl/8.5.0"` + "\n" +
			`203.0.113.8 - - [21/Aug/2026:10:15:31 +0000] "GET /api/users/43 HTTP/1.1" 502 157 "-" "curl/8.5.0"` + "\n",
		"error": `2026/08/21 10:15:30 [error] 811#811: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: example.com, request: "GET /api/users/42 HTTP/1.1", upstream: "http://127.0.0.1:3000/api/users/42", host: "example.com"` + "\n" +
			`2026/08/21 10:15:31 [warn] 811#811: *8 an upstream response is buffered to a temporary file /var/lib/nginx/proxy/1/00/0000000001 while reading upstream, client: 203.0.113.7, server: example.com, request: "GET /b HTTP/1.1", upstream: "http://127.0.0.1:3000/b", host: "example.com"` + "\n",
		"caddy": `{"level":"info","ts":1787480131.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/"},"duration":0.00042,"size":0,"status":200,"resp_headers":{}}` + "\n" +
			`{"level":"error","ts":1787480132.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET","host":"example.com","uri":"/"},"duration":0.00042,"size":0,"status":502,"resp_headers":{}}` + "\n",
	} {
		allocs := func(times int) float64 {
			text := strings.Repeat(lines, times)
			return testing.AllocsPerRun(1, func() {
				r, err := scan.Run(context.Background(), []scan.Input{{Path: "x", Stream: strings.NewReader(text)}}, scan.Config{Dialects: registry.Dialects(), Open: openLog})
				if err != nil || r.Unparsed > 0 || r.Failing() != uint64(times) {
					t.Fatalf("%s: %d unparsed, %d failures, %v", name, r.Unparsed, r.Failing(), err)
				}
			})
		}
		// From where the traces of requests to be joined have their full size.
		few, many := allocs(105_000), allocs(135_000)
		if perLine := (many - few) / 60_000; perLine > 0.0005 {
			t.Errorf("%s: %.4f allocations per line", name, perLine)
		}
	}
}
