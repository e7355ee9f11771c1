package registry

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestNothingIsPreparedAtStart holds what every process pays for all dialects, the
// gateway too: tables are data, and what must be compiled or taken apart waits until
// it is used (package pattern, phrase.Row.More).
func TestNothingIsPreparedAtStart(t *testing.T) {
	const most = 500 // allocations; an expression costs some hundred
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("cannot run the test again: %v\n%s", err, trace)
	}
	seen := 0
	for lines := bufio.NewScanner(bytes.NewReader(trace)); lines.Scan(); {
		// init internal/bytealg @0.008 ms, 0 ms clock, 0 bytes, 0 allocs
		f := strings.Fields(lines.Text())
		if len(f) != 11 || f[0] != "init" || !strings.Contains(f[1], "/goodgate/internal/") {
			continue
		}
		seen++
		if n, err := strconv.Atoi(f[9]); err != nil || n > most {
			t.Errorf("%s makes %s allocations before main begins, more than %d", f[1], f[9], most)
		}
	}
	if seen < 20 {
		t.Errorf("only %d packages are in the trace:\n%s", seen, trace)
	}
}
