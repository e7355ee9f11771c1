package access

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Keys of the access logs: for each kind of status one per maker, in the order
// unknown, made, passed.
const (
	keyClientGone dialect.Key = iota + 2
	keyNotHTTP
	key500
	key502 = key500 + 3
	key503 = key502 + 3
	key504 = key503 + 3
	key5xx = key504 + 3
	keys   = key5xx + 3
)

// failure returns the key of a status and its maker.
func failure(status int, m maker) dialect.Key {
	k := key5xx
	switch status {
	case 500:
		k = key500
	case 502:
		k = key502
	case 503:
		k = key503
	case 504:
		k = key504
	}
	return k + dialect.Key(m)
}

const source = "nginx src/http/modules/ngx_http_log_module.c"

var conds = func() []dialect.Condition {
	c := make([]dialect.Condition, keys)
	c[keyClientGone] = dialect.Condition{
		ID: "access-499", Phase: dialect.PhaseLocal, Fact: vocab.GatewayClientGone,
		Causes:      []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow},
		Distinguish: "The client, or a balancer or CDN in front, gave up first: is the time of the request near a round number, such as that one's limit?",
		Source:      source,
	}
	c[keyNotHTTP] = dialect.Condition{
		ID: "access-009", Symptom: vocab.HTTPProtocolError, Phase: dialect.PhaseHeader, Fact: vocab.GatewayNotHTTP, Fails: true,
		Causes:      []vocab.Cause{vocab.ProtocolMismatch},
		Distinguish: "The upstream's answer has no status line, so nginx took it for HTTP/0.9 and passed the bytes on: an upstream that speaks TLS, for one.",
		Source:      source,
	}
	for _, s := range statuses {
		c[s.key+dialect.Key(unknown)] = status(s, "", vocab.GatewayStatusUnknown, s.any,
			"The log cannot tell who made it. Compare with the error log at the same time, or with a body of the size of nginx's own page; write $upstream_status and $upstream_header_time into the log_format.")
		c[s.key+dialect.Key(made)] = status(s, "-made", vocab.GatewayStatusMade, s.made,
			"nginx made it by itself; its error log says why at the same time.")
		c[s.key+dialect.Key(passed)] = status(s, "-passed", vocab.GatewayStatusPassed, []vocab.Cause{vocab.AppError, vocab.DependencyDown},
			"The upstream answered so: its own log says why.")
	}
	return c
}()

type kind struct {
	key       dialect.Key
	id        string
	code      int
	any, made []vocab.Cause
}

var statuses = []kind{
	{key500, "access-500", 500,
		[]vocab.Cause{vocab.AppError, vocab.InvalidConfig, vocab.FDExhausted},
		[]vocab.Cause{vocab.InvalidConfig, vocab.FDExhausted, vocab.ConnectionsExhausted, vocab.AuthSubrequest}},
	{key502, "access-502", 502,
		[]vocab.Cause{vocab.UpstreamDown, vocab.UpstreamSlow, vocab.AppError},
		[]vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.NoHealthyUpstream}},
	{key503, "access-503", 503,
		[]vocab.Cause{vocab.UpstreamDown, vocab.UpstreamSlow, vocab.AppError, vocab.RateLimited, vocab.Maintenance},
		[]vocab.Cause{vocab.RateLimited, vocab.Maintenance}},
	{key504, "access-504", 504,
		[]vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.UpstreamDown, vocab.AppError},
		[]vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.WorkersExhausted, vocab.TimeoutTooShort, vocab.Filtered}},
	{key5xx, "access-5xx", 0,
		[]vocab.Cause{vocab.AppError},
		[]vocab.Cause{vocab.InvalidConfig}},
}

func status(k kind, suffix string, fact vocab.Fact, causes []vocab.Cause, distinguish string) dialect.Condition {
	return dialect.Condition{
		ID: k.id + suffix, Status: k.code, Phase: dialect.PhaseLocal, Fact: fact, Fails: true,
		Causes: causes, Distinguish: distinguish, Source: source,
	}
}
