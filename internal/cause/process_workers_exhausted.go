package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var workersExhausted = Cause{
	ID: vocab.WorkersExhausted,
	Expects: []Expectation{
		{Fact: vocab.AppWorkersExhausted, Seen: 27, Absent: -3}, // its own record
		{Fact: vocab.ProbeStatusPage, Seen: 27},
		{Fact: vocab.GatewayQueueFull, Seen: 8},
		{Fact: vocab.ListenerQueueFull, Seen: 6},
		{Fact: vocab.AppQueueFull, Seen: 10},
		{Fact: vocab.GatewayReadTimeout, Seen: 8},
		{Fact: vocab.GatewayConnectTimeout, Seen: 4},
		{Fact: vocab.ProbeNoAnswer, Seen: 4},
		{Fact: vocab.ListenerUnread, Seen: 5},
		{Fact: vocab.ListenerServing, Seen: 14},
		{Fact: vocab.RouteGotSlower, Seen: 8},    // it waits for a worker
		{Fact: vocab.AppSlowElsewhere, Seen: 12}, // that is what they are at
		{Fact: vocab.ListenerStopped, Seen: -25},
		{Fact: vocab.ProbeOK, Seen: -4},
		{Fact: vocab.AppWorkerKilled, Seen: -4},
		{Fact: vocab.PathSlow, Seen: -20},         // it is on the way
		{Fact: vocab.PathBlackHole, Seen: -25},    // it answers, in small packets
		{Fact: vocab.PathDataLost, Seen: -8},      // its kernel acknowledges whatever it does
		{Fact: vocab.GatewayResending, Seen: -14}, // its kernel acknowledges whatever it does
		{Fact: vocab.ProbeIdleLost, Seen: -20},    // it answers, on a new connection
		{Fact: vocab.TrafficGrew, Seen: -8},       // it is as it was
	},
	// Workers that are at something else do not show that none is free: requests that
	// nobody takes do.
	OneOf: []vocab.Fact{vocab.AppWorkersExhausted, vocab.ProbeStatusPage, vocab.GatewayQueueFull, vocab.ListenerQueueFull, vocab.AppQueueFull, vocab.ListenerServing,
		vocab.ListenerUnread},
	Hides:   []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort},
	Summary: "The application server at {endpoint} has no free worker[: {value:app_workers_exhausted}].",
	Fixes: []Fix{
		{Text: "Raise the number of workers as far as memory allows (php-fpm pm.max_children, gunicorn --workers or --threads), and find what keeps them busy."},
	},
	Next: "The server's status page or log shows how many workers are busy, and with what.",
}
