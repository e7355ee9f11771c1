// Package envoy knows Envoy: its processes, its bootstrap and what the admin
// interface tells of listeners, routes, clusters and hosts, how that treats a
// request; its access log, with response flags and details, and the bodies of the
// answers that Envoy makes itself.
//
// No Envoy could be had to run the tests against: what is read here is written
// after the definitions of its API and after output that others recorded in public
// (Istio's and Envoy Gateway's own tests, issues of envoyproxy/envoy), and the tests
// replay such output.
package envoy

import "github.com/goodgatehq/goodgate/internal/dialect"

// Dialect is Envoy, also as the sidecar of Istio and others.
var Dialect = dialect.Dialect{
	Name:       "envoy",
	Doc:        "Envoy and what is built on it: processes, bootstrap, admin interface, access log with response flags and details, and the bodies of its own answers.",
	Recognise:  recognise,
	Config:     Config,
	Logs:       append(Logs, quoted),
	Format:     format,
	Knobs:      knobs(),
	Spell:      spell,
	ConfigTest: configTest,
	Reload:     reload,
	Words:      append(words(), detailWords...),
}
