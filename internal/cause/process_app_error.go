package cause

import "github.com/goodgatehq/goodgate/internal/vocab"

var appError = Cause{
	ID: vocab.AppError,
	Expects: []Expectation{
		{Fact: vocab.AnswerUpstreamError, Seen: 18},
		{Fact: vocab.ProbeErrorStatus, Seen: 22}, // the same status without the gateway between
		{Fact: vocab.GatewayStatusPassed, Seen: 18},
		{Fact: vocab.AppErrorLogged, Seen: 10},
		{Fact: vocab.GatewayAppOutput, Seen: 16},  // PHP's own words through FastCGI
		{Fact: vocab.GatewayClosedEarly, Seen: 3}, // an unhandled exception ends some servers' connections
		{Fact: vocab.GatewayFramingConflict, Seen: -4},
		{Fact: vocab.ProbeOK, Seen: -6},
		{Fact: vocab.StaticAnswer, Seen: -30},
		{Fact: vocab.GatewayLimited, Seen: -30},
		{Fact: vocab.ProbeRetryAfter, Seen: -40},
		{Fact: vocab.AppDependencyFailed, Seen: -25},
		{Fact: vocab.AnswerGatewayError, Seen: -12},
		{Fact: vocab.GatewayRefused, Seen: -10},
		{Fact: vocab.GatewayReadTimeout, Seen: -6},
		{Fact: vocab.AppWorkerKilled, Seen: -10},
		{Fact: vocab.ProbeSpeaksPlain, Seen: -15},
		{Fact: vocab.ProbeSpeaksTLS, Seen: -15},
		{Fact: vocab.ProbeWantsProxyHeader, Seen: -15},
		{Fact: vocab.TargetIsSelf, Seen: -40},       // the error is one of the gateway's own, however often it was passed on
		{Fact: vocab.DependencyAway, Seen: -15},     // then the one behind it is the reason
		{Fact: vocab.ListenerIsGateway, Seen: -40},  // that one may have made it, or passed it on
		{Fact: vocab.ProbeGatewayPage, Seen: -40},   // that one made it
		{Fact: vocab.AppCannotFork, Seen: -25},      // then what it may not start made it
		{Fact: vocab.EndpointTasksShort, Seen: -10}, // then that may have made it
		{Fact: vocab.AppNoSpace, Seen: -25},         // then the disk made it
		{Fact: vocab.EndpointDiskShort, Seen: -10},  // then the disk may have made it
		{Fact: vocab.AppNoFiles, Seen: -20},         // then a limit made it
	},
	// That it answered the error is seen; whether it made it, or something behind it,
	// only its own words say.
	OneOf:   []vocab.Fact{vocab.AppErrorLogged, vocab.GatewayAppOutput},
	Hides:   []vocab.Cause{vocab.PartialOutage},
	Summary: "The application at {endpoint} made the error itself[: it answered {value:probe_error_status}|: {value:answer_upstream_error}]; the gateway passed it on.",
	Fixes: []Fix{
		{Text: "Read the application's own log at that second; the gateway is innocent."},
	},
	Next: "Ask the upstream directly, and read its log for the same second.",
}
