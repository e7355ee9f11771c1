package traefik

import (
	"slices"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// split returns the entries of each of the three logs.
func split(entries []suite.Entry) (access, json, own []suite.Entry) {
	for _, e := range entries {
		switch e.ID {
		case "traefik-043":
			access = append(access, e)
		case "traefik-044":
			json = append(json, e)
		default:
			own = append(own, e)
		}
	}
	return access, json, own
}

func examples(t testing.TB) []suite.Example {
	access, json, own := split(suite.Read(t, "testdata/catalog.jsonl"))
	return slices.Concat(suite.Examples(Logs[0].Name, access), suite.Examples(Logs[1].Name, json), suite.Examples(Logs[2].Name, own))
}

func TestSuite(t *testing.T) {
	access, json, own := split(suite.Read(t, "testdata/catalog.jsonl"))
	suite.Run(t, Logs, examples(t))
	status := map[string]suite.Correction{
		"traefik-043": {Why: "one condition per status", Status: suite.Is(502)},
		"traefik-044": {Why: "one condition per status", Status: suite.Is(502)},
	}
	suite.Catalog(t, Logs[0], suite.Oracle{Entries: access, Corrections: only(status, "traefik-043")})
	suite.Catalog(t, Logs[1], suite.Oracle{Entries: json, Corrections: only(status, "traefik-044")})
	suite.Catalog(t, Logs[2], suite.Oracle{Entries: own, Corrections: corrections})
}

func only(m map[string]suite.Correction, id string) map[string]suite.Correction {
	return map[string]suite.Correction{id: m[id]}
}

// corrections is where the vocabulary differs from the catalog.
var corrections = map[string]suite.Correction{
	"traefik-007": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"traefik-015": {Why: "EACCES, raised locally, is proxy_internal_error", Symptom: suite.Is(vocab.ProxyInternalError)},
	"traefik-016": {Why: "EAGAIN on a unix socket is connection_refused", Symptom: suite.Is(vocab.ConnectionRefused)},
	"traefik-039": {Why: "the vocabulary has client/aborted, and edge/cdn-origin is a scope", Causes: []vocab.Cause{vocab.Aborted, vocab.UpstreamSlow}},
}

func FuzzLine(f *testing.F) { suite.Fuzz(f, Logs, examples(f)) }

// TestForms reads the same failure in the forms of several versions.
func TestForms(t *testing.T) {
	for _, text := range []string{
		`{"level":"debug","error":"dial tcp 10.0.3.17:8080: connect: connection refused","time":"2026-08-21T10:15:30Z","message":"502 Bad Gateway"}`,
		`2026-08-21T10:15:30Z DBG github.com/traefik/traefik/v3/pkg/server/service/proxy.go:100 > 502 Bad Gateway error="dial tcp 10.0.3.17:8080: connect: connection refused"`,
		`time="2026-08-21T10:15:30Z" level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.3.17:8080: connect: connection refused"`,
		`traefik_1  | time="2026-08-21T10:15:30Z" level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.3.17:8080: connect: connection refused"`,
		`'502 Bad Gateway' caused by: dial tcp 10.0.3.17:8080: connect: connection refused`,
	} {
		var r dialect.Record
		if c := Logs[2].Conds[Logs[2].Line([]byte(text), &r)]; c.ID != "connect-refused" || string(r.Endpoint) != "10.0.3.17:8080" {
			t.Errorf("%q at %q: %s", c.ID, r.Endpoint, text)
		}
	}
}

// TestAuth: a line about forwardAuth names its middleware and no upstream, and says how
// its service was not reached.
func TestAuth(t *testing.T) {
	for text, want := range map[string]vocab.Symptom{
		`{"level":"error","middlewareName":"login@file","error":"Get \"http://auth:9000/\": dial tcp 10.0.0.9:9000: connect: connection refused","time":"2026-08-21T10:15:30Z","message":"Error calling http://auth:9000/"}`:                                                           vocab.ConnectionRefused,
		`2026-11-20T14:58:55Z ERR github.com/traefik/traefik/v3/pkg/middlewares/auth/forward.go:230 > Error calling http://10.0.0.9:9000/verify error="Get \"http://10.0.0.9:9000/verify\": dial tcp 10.0.0.9:9000: i/o timeout" middlewareName=login@file middlewareType=ForwardAuth`: vocab.ConnectionTimeout,
		`time="2026-02-08T13:17:25Z" level=debug msg="Error calling http://auth:9000/. Cause: Get \"http://auth:9000/\": dial tcp: lookup auth on 127.0.0.11:53: no such host" middlewareName=login@file middlewareType=ForwardedAuthType`:                                             vocab.DNSError,
	} {
		var r dialect.Record
		c := Logs[2].Conds[Logs[2].Line([]byte(text), &r)]
		if c.Symptom != want || c.Fact != vocab.GatewayAuthStatus || string(r.Name) != "login@file" || r.Endpoint != nil || r.Upstream != nil {
			t.Errorf("%s %s, name %q, endpoint %q: %s", c.ID, c.Symptom, r.Name, r.Endpoint, text)
		}
	}
}
