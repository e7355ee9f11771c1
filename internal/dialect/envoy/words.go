package envoy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// quoted is what people quote of logs in formats of their own, where flags and
// details are members of an object or pairs, and of Envoy's own log.
var quoted, detailWords = phrase.New(phrase.Options{Name: "envoy words", Kind: "error", Words: 28, Source: flagsDoc}, rows())

func rows() []phrase.Row {
	list := []phrase.Row{
		{ID: "details-terminated", Codes: []string{"upstream_reset_before_response_started{connection_termination}", "upstream_reset_after_response_started{connection_termination}"}},
		{ID: "details-protocol", Codes: []string{"upstream_reset_before_response_started{protocol_error}"}},
		{ID: "details-overflow", Codes: []string{"upstream_reset_before_response_started{overflow}", "upstream_rq_pending_overflow", "upstream_cx_overflow", "x-envoy-overloaded"}},
		{ID: "details-timeout", Codes: []string{"upstream_reset_before_response_started{connection_timeout}", "upstream_cx_connect_timeout"}},
		{ID: "details-remote", Codes: []string{"upstream_reset_before_response_started{remote_reset}", "upstream_rq_rx_reset"}},
		{ID: "details-failed", Codes: []string{"upstream_reset_before_response_started{connection_failure}", "upstream_cx_connect_fail"}, Says: []string{"upstream_reset_before_response_started{remote_connection_failure", "upstream_reset_before_response_started{connection_failure"}},
		{ID: "no-host", Says: []string{"no healthy host for HTTP connection pool", "no healthy host for TCP connection pool", "no healthy host"}, Codes: []string{"upstream_cx_none_healthy"}},
	}
	for i, key := range []dialect.Key{keyTerminated, keyProtocol, keyOverflow, keyTimeout, keyReset, keyFailed, keyUH} {
		list[i] = of(list[i], key)
	}
	list = append(list, phrase.Row{ID: "route-missing", Says: []string{"no cluster match for URL", "Unknown cluster", "unknown cluster"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.NoRoute, vocab.InvalidConfig}, Means: "No route, or no cluster, for the request."},
		phrase.Row{ID: "config-rejected", Says: []string{"gRPC config for…rejected", "Proto constraint validation failed", "Unable to parse JSON as proto", "error initializing configuration"}, Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Fact: vocab.GatewayConfigRejected, Causes: []vocab.Cause{vocab.InvalidConfig, vocab.NotApplied}, Means: "Envoy refused a configuration."})
	for _, f := range &byFlag {
		list = append(list, of(phrase.Row{ID: "flag-" + f.flag, More: func() []string { return fields(f.flag) }}, f.key))
	}
	return list
}

// fields are the ways in which people's formats write a flag.
func fields(flag string) []string {
	var list []string
	for _, key := range []string{`"response_flags":"`, `"response_flags": "`, `"responseFlags":"`, `response_flags="`, `response_flags: "`, `response_flags=`, `response_flags: `} {
		for _, end := range []string{`"`, ",", " ", "}", "$"} {
			list = append(list, key+flag+end)
		}
	}
	return list
}

// of fills a row from the condition of a key.
func of(row phrase.Row, key dialect.Key) phrase.Row {
	c := table.Conds()[key]
	row.Symptom, row.Status, row.Phase, row.Fact, row.Causes, row.News = c.Symptom, c.Status, c.Phase, c.Fact, c.Causes, !c.Fails
	row.Means, row.Check = strings.TrimSpace(c.Distinguish), c.Distinguish
	return row
}
