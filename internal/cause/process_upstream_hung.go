package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var upstreamHung = Cause{
	ID: vocab.UpstreamHung,
	Expects: []Expectation{
		{Fact: vocab.GatewayReadTimeout, Seen: 12},
		{Fact: vocab.GatewayWriteTimeout, Seen: 14},
		{Fact: vocab.GatewayTLSTimeout, Seen: 6},
		{Fact: vocab.GatewayConnectTimeout, Seen: 3}, // once its accept queue is full
		{Fact: vocab.GatewayBodyTimeout, Seen: 10},
		{Fact: vocab.ProbeNoAnswer, Seen: 8},
		{Fact: vocab.ProbeOK, Seen: -25},
		{Fact: vocab.ProbeLate, Seen: -25},
		{Fact: vocab.ProbeErrorStatus, Seen: -15},
		{Fact: vocab.ListenerStopped, Seen: 26}, // state T or D in /proc
		{Fact: vocab.ListenerBusy, Seen: 3},     // a blocked event loop
		{Fact: vocab.ListenerUnread, Seen: 2},   // it does not even read the requests
		{Fact: vocab.ListenerAllRead, Seen: -1},
		{Fact: vocab.ListenerServing, Seen: -8}, // some of its workers are at work
		{Fact: vocab.ListenerQueueFull, Seen: 6},
		{Fact: vocab.EndpointServesNone, Seen: 4},
		{Fact: vocab.EndpointServesOthers, Seen: -18},
		{Fact: vocab.RouteAlwaysSlow, Seen: -10},
		{Fact: vocab.RouteGotSlower, Seen: 14},
		{Fact: vocab.AppWorkersExhausted, Seen: -16},
		{Fact: vocab.AppQueueFull, Seen: -4},
		{Fact: vocab.ProbeStatusPage, Seen: -16},
		{Fact: vocab.AppWorkerKilled, Seen: -12},
		{Fact: vocab.AppCannotFork, Seen: -8},
		{Fact: vocab.AppSlowLogged, Seen: -6},
		{Fact: vocab.AppSlowElsewhere, Seen: -6}, // it works
		{Fact: vocab.ProbeSpeaksPlain, Seen: -15},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -15},
		{Fact: vocab.ProbeSpeaksHTTP, Seen: -15},
		{Fact: vocab.ProbeSpeaksFastCGI, Seen: -15},
		{Fact: vocab.ProbeSpeaksUWSGI, Seen: -15},
		{Fact: vocab.TargetIsSelf, Seen: -15},
		{Fact: vocab.EndpointFilesShort, Seen: -18},    // it answers nothing because it may open nothing
		{Fact: vocab.EndpointMemoryStalled, Seen: -12}, // it works, as far as memory lets it
		{Fact: vocab.EndpointIOStalled, Seen: -12},     // it works, as far as the disk lets it
		{Fact: vocab.EndpointThrottled, Seen: -14},     // it works, as far as it is let
		{Fact: vocab.EndpointTasksShort, Seen: -10},    // it waits for a process that may not be started
		{Fact: vocab.ContainerPaused, Seen: 28},        // docker pause
		{Fact: vocab.AppDependencyFailed, Seen: -10},   // it waits for another
		{Fact: vocab.PathSlow, Seen: -20},              // it is on the way
		{Fact: vocab.PathBlackHole, Seen: -25},         // it answers, in small packets
		{Fact: vocab.PathDataLost, Seen: -8},           // its kernel acknowledges whatever it does
		{Fact: vocab.GatewayResending, Seen: -14},      // its kernel acknowledges whatever it does
		{Fact: vocab.ProbeIdleLost, Seen: -20},         // it answers, on a new connection
		{Fact: vocab.TrafficGrew, Seen: -8},            // it is as it was
	},
	Hides:   []vocab.Cause{vocab.NoHealthyUpstream, vocab.PartialOutage},
	Summary: "The application at {endpoint} accepts connections and answers nothing any more[: its process is {value:listener_stopped}|: its process uses {value:listener_busy}].",
	Fixes: []Fix{
		{Text: "[Its process is {value:listener_stopped}. A signal (state T): find out who sent it, and let it go on. A frozen control group: thaw it (docker unpause, systemctl thaw). A sleep in the kernel (state D): no signal reaches it, mend the disk or file system that it waits for.]", Command: "kill -CONT {pid}"},
		{Text: "Take a stack dump of the process before you restart it (py-spy dump, jstack, kill -ABRT, gdb): it shows where it waits. Then restart it.", Command: "cat /proc/{pid}/stack /proc/{pid}/wchan"},
		{Text: "Give every outgoing call of the application a timeout, and let a watchdog restart it when it stops answering."},
	},
	Next: "Does it answer any other path? Is the process stopped, waiting on a lock, or busy? ps -o stat,wchan,pcpu -p PID",
}
