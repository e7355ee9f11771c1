package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var noHealthyUpstream = Cause{
	ID: vocab.NoHealthyUpstream,
	Expects: []Expectation{
		{Fact: vocab.GatewayNoLiveUpstream, Seen: 22},
		{Fact: vocab.MembersAllFail, Seen: 8},
		{Fact: vocab.GatewayServerDisabled, Seen: 4},
		{Fact: vocab.PoolNoServer, Seen: 22},
		{Fact: vocab.CheckPasses, Seen: -12},
	},
	Summary: "Every server of {pool} is out of rotation.",
	Fixes: []Fix{
		{Text: "Mend the servers: each one's own cause stands above or beside this."},
	},
	Next: "Why is each member out? Look at its own failures before this moment.",
}
