package doctor

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestStoppedWorkerIsNamed: the command that wakes a process names the one that is
// stopped, which may be a worker of the one that was found first.
func TestStoppedWorkerIsNamed(t *testing.T) {
	x := &examination{}
	if got := x.ownCommand("kill -CONT {pid}"); got != "kill -CONT PID" {
		t.Errorf("%q", got)
	}
	x.items = []evidence.Item{{Fact: vocab.ListenerStopped, Origin: evidence.Origin{Where: "pid 9139"}}, {Fact: vocab.AppListening, Origin: evidence.Origin{Where: "pid 7"}}}
	if got := x.ownCommand("kill -CONT {pid}"); got != "kill -CONT 9139" {
		t.Errorf("%q", got)
	}
}
