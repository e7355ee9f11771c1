package lab

import (
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// states are how HAProxy logs a request that ended with each symptom
// (doc/configuration.txt, section 8.5). One state stands for many.
var states = map[vocab.Symptom][]string{
	vocab.ConnectionRefused: {" SC-- "}, vocab.TLSCertificateError: {" SC-- "}, vocab.TLSProtocolError: {" SC-- "}, vocab.TLSAlertReceived: {" SC-- "},
	vocab.ProxyInternalError: {" SC-- "}, vocab.DestinationIPUnroutable: {" SC-- "}, vocab.DestinationUnavailable: {"<NOSRV> "}, vocab.ConnectionTimeout: {" sC-- "},
	vocab.ConnectionTerminated: {" SH-- "}, vocab.HTTPResponseTimeout: {" sH-- "}, vocab.HTTPProtocolError: {" PH-- "}, vocab.HTTPHeaderSectionSize: {" PH-- "},
	vocab.HTTPResponseIncomplete: {" SD-- ", " SL-- ", " sD-- ", " CD-- "}, vocab.ConnectionLimitReached: {" sQ-- "}, vocab.HTTPRequestDenied: {" PR-- "},
}

// checkStates looks for the state that the fault's symptom is read from. A line
// is written when the request has ended, and so a moment after the answer.
func checkStates(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	var text []byte
	wanted := slices.Clone(states[f.Symptom])
	for _, s := range f.OrSymptom {
		wanted = append(wanted, states[s]...)
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ = os.ReadFile(s.Logs[0])
		// Only lines of now count: the past has all states.
		for _, line := range strings.Split(string(text), "\n") {
			for _, state := range wanted {
				if strings.Contains(line, state) && !strings.Contains(line, "legacy/app1") {
					return
				}
			}
		}
	}
	t.Errorf("seed %d: the log has none of %q:\n%s", seed, wanted, tail(s.Logs[0]))
}

// tails returns the ends of logs, for error messages.
func tails(logs []string) string {
	var all []string
	for _, l := range logs {
		all = append(all, tail(l))
	}
	return strings.Join(all, "\n")
}
