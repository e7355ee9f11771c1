package evidence

import (
	"strings"
	"testing"
)

func BenchmarkConfig(b *testing.B) {
	r := redactor()
	text := []byte(strings.Repeat(plantedConf, 50))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Config(text)
	}
}

func BenchmarkLine(b *testing.B) {
	r := redactor()
	line := `2026/11/20 06:28:23 [error] 564#564: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: example.com, request: "GET /a?token=x&b=2 HTTP/1.1", upstream: "http://10.0.0.5:3000/a?token=x&b=2", host: "example.com"`
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		r.Line(line)
	}
}
