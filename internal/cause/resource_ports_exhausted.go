package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var portsExhausted = Cause{
	ID: vocab.PortsExhausted,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLocalPort, Seen: 32},
		{Fact: vocab.GatewayConnectFailed, Seen: 3},     // HAProxy writes SC-- for it too
		{Fact: vocab.PortsShort, Seen: 22, Absent: -18}, // with ports to spare it is an address to bind to that is wrong
		{Fact: vocab.ProbeNoLocalPort, Seen: 16},        // ours met the same refusal
	},
	Summary: "The gateway has no free local port towards {endpoint}[: {value:ports_short}].",
	Fixes: []Fix{
		{Text: "Reuse connections to the upstream (keepalive), widen ip_local_port_range, or give the upstream a second address.", Knob: vocab.KeepaliveCount, Value: "64"},
	},
	Next: "ss -Htan state time-wait dst ADDRESS | wc -l counts the connections that still hold a port.",
}
