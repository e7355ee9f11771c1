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
	},
	Summary: "Packets to {endpoint} are lost or late.",
	Fixes: []Fix{
		{Text: "Find the hop that loses them."},
	},
	Next: "A bounded series of connects shows loss and delay.",
}
