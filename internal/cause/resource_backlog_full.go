package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var backlogFull = Cause{
	ID: vocab.BacklogFull,
	Expects: []Expectation{
		{Fact: vocab.GatewayQueueFull, Seen: 38}, // EAGAIN from connect() on a unix socket
		{Fact: vocab.ProbeQueueFull, Seen: 30},
		{Fact: vocab.ListenerQueueFull, Seen: 26},
		{Fact: vocab.AppQueueFull, Seen: 28},
		{Fact: vocab.GatewayConnectTimeout, Seen: 6},
		{Fact: vocab.ProbeConnectTimeout, Seen: 6},
		{Fact: vocab.GatewayResetConnect, Seen: 8},
		{Fact: vocab.ListenerGated, Seen: -15},
		{Fact: vocab.ListenerStopped, Seen: -22},
		{Fact: vocab.ListenerBusy, Seen: -8},
		{Fact: vocab.EndpointQueueLost, Seen: 12},   // counted by the kernel while we looked
		{Fact: vocab.KernelQueueFull, Seen: 12},     // noted once for each listener, and for floods too
		{Fact: vocab.EndpointFilesShort, Seen: -14}, // it does not accept because it may not open
		{Fact: vocab.EndpointTasksShort, Seen: -6},  // it does not accept because it may not start a process
		{Fact: vocab.PathLoss, Seen: 6},             // as a queue does that overflows now and then
		{Fact: vocab.PathDataLost, Seen: -15},       // a full queue loses nothing of an open connection
		{Fact: vocab.PathSlow, Seen: -10},
		{Fact: vocab.PathWhole, Seen: -10},
	},
	Hides:   []vocab.Cause{vocab.UpstreamHung, vocab.UpstreamSlow, vocab.Filtered},
	Summary: "The accept queue of {endpoint} is full[: {value:listener_queue_full}]: the application does not accept fast enough.",
	Fixes: []Fix{
		{Text: "Let the application accept faster (more workers), then raise its backlog and net.core.somaxconn."},
	},
	Next: "ss -ltn: Recv-Q against Send-Q of the listener.",
}
