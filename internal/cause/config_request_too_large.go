package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var requestTooLarge = Cause{
	ID: vocab.RequestTooLarge,
	Expects: []Expectation{
		{Fact: vocab.GatewayBodyTooLarge, Seen: 32},
		{Fact: vocab.AppRequestTooLarge, Seen: 34},
		{Fact: vocab.GatewayClosedSending, Seen: 10},
	},
	Hides:   []vocab.Cause{vocab.EarlyClose, vocab.UpstreamCrashed, vocab.EmptyResponse},
	Summary: "The request to {route} is over a limit[: {value:gateway_body_too_large}|: {value:app_request_too_large}].",
	Fixes: []Fix{
		{Text: "Raise the limit that the message names (client_max_body_size in nginx, buffer-size in uwsgi), or send less."},
	},
	Next: "How large is the request, and whose limit is it?",
}
