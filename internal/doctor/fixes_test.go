package doctor

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
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

// TestNoKnobNoAdvice: what no configuration of the product changes is not advised.
func TestNoKnobNoAdvice(t *testing.T) {
	x := &examination{match: &survey.Match{Gateway: &survey.Gateway{Dialect: &dialect.Dialect{Knobs: map[vocab.Knob]string{}}}}}
	x.decision.Settings = topo.Settings{vocab.HeaderBuffer: {Number: 65536, Fixed: true}, vocab.ReadTimeout: {Number: 60}}
	for k, want := range map[vocab.Knob]bool{vocab.HeaderBuffer: true, vocab.Buffers: true, vocab.ReadTimeout: false, "": false} {
		if got := x.cannotTurn(k); got != want {
			t.Errorf("%s: %v, want %v", k, got, want)
		}
	}
	x.match.Gateway.Dialect.Knobs[vocab.Buffers] = "proxy_buffers"
	if x.cannotTurn(vocab.Buffers) {
		t.Error("nginx has this setting")
	}
}
