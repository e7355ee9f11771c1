package lab

import (
	"os"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// goErrors are how Traefik writes the symptoms at level DEBUG: the errors of Go's
// net and net/http.
var goErrors = map[vocab.Symptom][]string{
	vocab.ConnectionRefused: {"connect: connection refused"}, vocab.TLSCertificateError: {"failed to verify certificate"}, vocab.TLSProtocolError: {"does not look like a TLS handshake"},
	vocab.TLSAlertReceived: {"remote error: tls:"}, vocab.DestinationIPUnroutable: {"network is unreachable", "no route to host"}, vocab.ConnectionTimeout: {"i/o timeout"},
	vocab.ConnectionTerminated: {"error=EOF", "connection reset by peer", "server closed idle connection", "unexpected EOF"}, vocab.HTTPResponseTimeout: {"timeout awaiting response headers"},
	vocab.HTTPProtocolError: {"malformed"}, vocab.DNSError: {"no such host"},
	vocab.DestinationUnavailable: {"Setting status of", "Creating load-balancer"}, vocab.HTTPResponseIncomplete: {"unexpected EOF", "abort"},
}

func checkTraefikLog(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	var text []byte
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ = os.ReadFile(s.Logs[0])
		for _, phrase := range goErrors[f.Symptom] {
			if strings.Contains(string(text), phrase) {
				return
			}
		}
	}
	t.Errorf("seed %d: the log has none of %q:\n%s", seed, goErrors[f.Symptom], tail(s.Logs[0]))
}
