package lab

import (
	"os"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// apachePhrases are what Apache writes for each symptom (2.4, modules/proxy).
var apachePhrases = map[vocab.Symptom][]string{
	vocab.ConnectionRefused:       {"(111)Connection refused: AH00957", "(111)Connection refused: AH02454", "(2)No such file or directory: AH02454"},
	vocab.ConnectionTerminated:    {"AH01102", "AH00898: Error reading from remote server", "AH01074", "AH01075", "AH01067", "AH01070"},
	vocab.ConnectionReadTimeout:   {"(70007)The timeout specified has expired"},
	vocab.ConnectionTimeout:       {"(110)Connection timed out: AH00957", "(70007)The timeout specified has expired: AH00957"},
	vocab.DestinationIPUnroutable: {"(113)No route to host: AH00957", "(101)Network is unreachable: AH00957"},
	vocab.DestinationUnavailable:  {"AH00940", "AH01170", "AH01167"},
	vocab.ProxyInternalError:      {"(13)Permission denied: AH02454"},
	vocab.HTTPProtocolError:       {"AH00898: Corrupt status line", "AH01068", "AH02429", "AH01106", "AH01110", "(120007)", "(22)Invalid argument: "},
	vocab.HTTPResponseIncomplete:  {"AH01110"},
	vocab.HTTPTransferCoding:      {"AH02475", "AH01590", "AH01110"},
	vocab.TLSProtocolError:        {"AH00898: Error during SSL Handshake", "AH01084"},
	vocab.TLSCertificateError:     {"AH02411", "AH02039", "AH02005"},
	vocab.DNSError:                {"AH00898: DNS lookup failure"},
	vocab.ProxyConfigurationError: {"AH01144", "AH00961", "AH01961", "AH10272"},
}

// checkApacheLog looks for a line of today with the symptom. Apache's error log
// names no path.
func checkApacheLog(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	text, err := os.ReadFile(s.Logs[0])
	if err != nil {
		t.Fatal(err)
	}
	var today []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "["+time.Now().Format("Mon Jan 02 ")) {
			continue
		}
		today = append(today, line)
		for _, symptom := range append(f.OrSymptom, f.Symptom) {
			for _, phrase := range apachePhrases[symptom] {
				if strings.Contains(line, phrase) {
					return
				}
			}
		}
	}
	t.Errorf("seed %d: no line in the error log says %s:\n%s", seed, f.Symptom, strings.Join(today, ""))
}
