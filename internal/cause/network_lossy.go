package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var lossy = Cause{
	ID:   vocab.Lossy,
	Tier: -10,
	Expects: []Expectation{
		{Fact: vocab.GatewayConnectTimeout, Seen: 5},
		{Fact: vocab.GatewayReadTimeout, Seen: 3},
		{Fact: vocab.GatewayPeerVanished, Seen: 14}, // tcp_retries2: about 15 minutes without an acknowledgement
		{Fact: vocab.GatewayTLSTimeout, Seen: 4},
		{Fact: vocab.GatewayBodyTimeout, Seen: 3},
		{Fact: vocab.InterfaceErrors, Seen: 14}, // damaged packets are lost packets
		{Fact: vocab.PathLoss, Seen: 16},        // a queue that overflows now and then shows it as well
		{Fact: vocab.PathDataLost, Seen: 14},    // only the way loses what belongs to an open connection
		{Fact: vocab.PathSlow, Seen: 30},        // measured against the gateway's own limit
		{Fact: vocab.PathBlackHole, Seen: 34},   // the same request, lost in large packets and answered in small ones
		{Fact: vocab.PathWhole, Seen: -16},      // a loss of 15 % would show in one of sixteen packets, 93 times of 100
		{Fact: vocab.ProbeConnectTimeout, Seen: -4},
		{Fact: vocab.ListenerQueueFull, Seen: -15},
		{Fact: vocab.GatewayResending, Seen: 8},
		{Fact: vocab.ProbeIdleLost, Seen: -10},
	},
	Summary: "Packets between the gateway and {endpoint} are lost or late[: {value:path_black_hole}|: {value:path_slow}|: {value:path_loss}].",
	Fixes: []Fix{
		{Text: "Find the hop that loses them[: large packets vanish, so let ICMP \"fragmentation needed\" pass, or lower the MTU or the MSS of the route ({value:path_black_hole})].", Command: "mtr -T -P PORT ADDRESS; tracepath ADDRESS"},
	},
	Next: "goodgate diagnose --deep makes a longer series of connects. mtr -T -P PORT ADDRESS shows the hop.",
}
