package lab

import (
	"os"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// caddyPhrases are what Caddy writes for each symptom: the errors of Go's net,
// net/http and crypto/tls.
var caddyPhrases = map[vocab.Symptom][]string{
	vocab.ConnectionRefused:       {"connect: connection refused", "connect: no such file or directory"},
	vocab.ConnectionTerminated:    {"EOF", "connection reset by peer", "server closed idle connection"},
	vocab.ConnectionTimeout:       {"i/o timeout"},
	vocab.HTTPResponseTimeout:     {"timeout awaiting response headers"},
	vocab.DestinationIPUnroutable: {"network is unreachable", "no route to host"},
	vocab.DestinationUnavailable:  {"no upstreams available"},
	vocab.ProxyInternalError:      {"permission denied", "too many open files"},
	vocab.HTTPProtocolError:       {"malformed HTTP", "malformed MIME header", "invalid header field", "unsupported fastcgi", "fcgi: "},
	vocab.HTTPResponseIncomplete:  {"aborting with incomplete response", "unexpected EOF"},
	vocab.HTTPHeaderSectionSize:   {"server response headers exceeded"},
	vocab.TLSProtocolError:        {"first record does not look like a TLS handshake", "server gave HTTP response to HTTPS client"},
	vocab.TLSCertificateError:     {"x509: "},
	vocab.TLSAlertReceived:        {"remote error: tls: ", "tls: "},
	vocab.DNSError:                {"no such host", "server misbehaving"},
}

// checkCaddyLog looks for a line of the target's host, or of none, that has the
// symptom. It is written a moment after the answer.
func checkCaddyLog(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	var all string
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(s.Logs[0])
		all = string(text)
		for line := range strings.Lines(all) {
			if strings.Contains(line, "legacy.shop.test") {
				continue
			}
			for _, symptom := range append(f.OrSymptom, f.Symptom) {
				for _, phrase := range caddyPhrases[symptom] {
					if strings.Contains(line, phrase) {
						return
					}
				}
			}
		}
	}
	if len(all) > 2500 {
		all = all[len(all)-2500:]
	}
	t.Errorf("seed %d: no line in the error log says %s:\n%s", seed, f.Symptom, all)
}
