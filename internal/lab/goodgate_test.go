package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// buildOwn builds the program once for all scenes whose gateway it is.
var buildOwn = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "goodgate-lab-own-")
	if err != nil {
		return "", err
	}
	cleanUp = append(cleanUp, dir)
	path := filepath.Join(dir, "goodgate")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/goodgate").CombinedOutput()
	if err != nil {
		return "", &buildError{err, string(out)}
	}
	return path, os.Chmod(dir, 0o755)
})

// cleanUp are the folders that TestMain removes.
var cleanUp []string

type buildError struct {
	err error
	out string
}

func (e *buildError) Error() string { return e.err.Error() + ": " + e.out }

func ownGateway(t *testing.T) string {
	t.Helper()
	path, err := buildOwn()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// checkOwnLog looks for the symptom in the lines of now: those of the past are of
// another pool. A line is written when the request has ended.
func checkOwnLog(t *judge, f Fault, s Scene, seed uint64) {
	t.Helper()
	var text []byte
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		text, _ = os.ReadFile(s.Logs[0])
		for line := range strings.Lines(string(text)) {
			if slices.ContainsFunc(append([]vocab.Symptom{f.Symptom}, f.OrSymptom...), func(want vocab.Symptom) bool { return strings.Contains(line, `"symptom":"`+string(want)+`"`) }) && !strings.Contains(line, `"site":"legacy"`) {
				return
			}
		}
	}
	t.Errorf("seed %d: the log does not say %s:\n%s", seed, f.Symptom, tail(s.Logs[0]))
}
