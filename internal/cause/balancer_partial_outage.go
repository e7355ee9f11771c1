package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var partialOutage = Cause{
	ID: vocab.PartialOutage,
	Expects: []Expectation{
		{Fact: vocab.MembersDiffer, Seen: 20},
		{Fact: vocab.GatewayServerDisabled, Seen: 6},
		{Fact: vocab.MembersAllFail, Seen: -15},
	},
	Summary: "Some servers of {pool} fail and others do not[: {value:members_differ}]: errors come and go.",
	Fixes: []Fix{
		{Text: "Take the failing servers out of rotation until they are mended, and let the gateway try the next one.", Knob: vocab.NextUpstream, Value: "error timeout"},
	},
	Next: "Which members fail, and with what?",
}
