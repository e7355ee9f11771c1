// Package netlify knows Netlify's pages and the words of its functions and proxied rewrites.
package netlify

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Netlify. It runs elsewhere: only its words are here.
var Dialect = phrase.Member("netlify", "Netlify: what its edge says of functions and rewrites.", phrase.Options{Name: "netlify", Kind: "error", Words: 29, Source: "Netlify documentation and public reports"}, rows)

type causes = []vocab.Cause

const (
	header = dialect.PhaseHeader
	local  = dialect.PhaseLocal
)

var rows = []phrase.Row{
	{ID: "function-crashed", Says: []string{"This function has crashed", "error decoding lambda response", "Function.Error", "\"errorType\":\"Runtime."}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed, vocab.AppError, vocab.InvalidResponse}, Means: "The function crashed, or did not return what it must.", Check: "The function's log; it must return statusCode and body as a string."},
	{ID: "function-timeout", Says: []string{"TimeoutError: Task timed out after"}, Symptom: vocab.HTTPResponseTimeout, Status: 502, Phase: header, Fact: vocab.AppWorkerKilled, Causes: causes{vocab.WorkerKilled, vocab.UpstreamSlow, vocab.TimeoutTooShort}, Means: "The function ran into its limit (10 s by default) and was ended."},
	{ID: "proxy", Says: []string{"error while proxying"}, Symptom: vocab.ConnectionTerminated, Status: 502, Phase: header, Fact: vocab.GatewayConnectFailed, Causes: causes{vocab.UpstreamDown, vocab.TLSUntrusted, vocab.NoSuchName, vocab.UpstreamSlow}, Means: "A rewrite to another server failed."},
	{ID: "inactivity", Says: []string{"Inactivity Timeout…Too much time has passed"}, Symptom: vocab.HTTPResponseTimeout, Status: 504, Phase: header, Fact: vocab.GatewayReadTimeout, Causes: causes{vocab.UpstreamSlow, vocab.TimeoutTooShort}, Means: "A rewrite to another server took longer than 26 seconds."},
	{ID: "not-found", Says: []string{"Not Found - Request ID: "}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: local, Causes: causes{vocab.NoRoute}, Means: "No site of Netlify has this name."},
}
