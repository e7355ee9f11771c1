package doctor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// condition is one line of the catalogs beside the dialects: a line that a product
// writes, read from its source, and what it may mean.
type condition struct {
	ID      string        `json:"id"`
	Proxy   string        `json:"proxy"`
	Example string        `json:"example"`
	Symptom vocab.Symptom `json:"symptom"`
	Status  int           `json:"status"`
	Causes  []vocab.Cause `json:"candidate_causes"`
}

// otherwise is where the vocabulary has another word than the catalog: the symptom
// that is right, the causes where they differ too, and why.
var otherwise = map[string]struct {
	symptom vocab.Symptom
	causes  []vocab.Cause
	why     string
}{
	"aws-alb-003":    {"", nil, passedOn},
	"aws-alb-007":    {"", nil, passedOn},
	"apache-067":     {"", nil, passedOn},
	"apache-068":     {"", nil, passedOn},
	"cloudfront-008": {"", nil, passedOn},
	"gcp-lb-006":     {"", nil, passedOn},
	"nginx-099":      {"", nil, passedOn},
	"nginx-100":      {"", nil, passedOn},
	"envoy-049":      {"", []vocab.Cause{}, "the status is 200: nothing failed"},
	"caddy-007":      {vocab.ProxyInternalError, nil, localDenial},
	"caddy-015":      {vocab.ProxyInternalError, nil, localDenial},
	"traefik-007":    {vocab.ProxyInternalError, nil, localDenial},
	"traefik-015":    {vocab.ProxyInternalError, nil, localDenial},
	"audit-001":      {vocab.ProxyInternalError, nil, localDenial},
	"audit-002":      {vocab.ProxyInternalError, nil, localDenial},
	"audit-003":      {vocab.ProxyInternalError, nil, localDenial},
	"caddy-016":      {vocab.ConnectionRefused, nil, fullQueue},
	"traefik-016":    {vocab.ConnectionRefused, nil, fullQueue},
	"haproxy-009":    {vocab.HTTPResponseTimeout, nil, "a limit on the whole header is http_response_timeout"},
	"haproxy-022":    {"", []vocab.Cause{vocab.Aborted}, "who went away is the client: client/aborted is its own word"},
	"haproxy-037":    {"", []vocab.Cause{vocab.Aborted}, "who went away is the client: client/aborted is its own word"},
	"envoy-004":      {vocab.DestinationNotFound, []vocab.Cause{vocab.NoRoute}, "a request that no route matches is config/no-route"},
	"envoy-052":      {vocab.DestinationNotFound, []vocab.Cause{vocab.NoRoute}, "a request that no route matches is config/no-route"},
	"envoy-022":      {vocab.HTTPRequestDenied, []vocab.Cause{vocab.RateLimited}, "a limit that a person set is config/rate-limited"},
	"nginx-021":      {vocab.DestinationIPUnroutable, []vocab.Cause{vocab.Unreachable}, "no address family is network/unreachable"},
	"nginx-035":      {vocab.ProxyConfigurationError, []vocab.Cause{vocab.NoResolver}, "a name at run time and no resolver is config/no-resolver"},
}

const (
	passedOn    = "no symptom for a status that the application made itself"
	localDenial = "EACCES before the peer is reached is proxy_internal_error"
	fullQueue   = "EAGAIN on a unix socket is connection_refused"
)

// conditions reads every catalog.
func conditions(t *testing.T) []condition {
	t.Helper()
	var all []condition
	for _, pattern := range []string{"../dialect/*/testdata/catalog*.jsonl", "../dialect/*/*/testdata/catalog*.jsonl"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for row := range strings.Lines(string(b)) {
				var c condition
				if err := json.Unmarshal([]byte(row), &c); err != nil {
					t.Fatalf("cannot read %s: %v", file, err)
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// TestConditionsOfEveryProduct explains the line of every condition by itself.
func TestConditionsOfEveryProduct(t *testing.T) {
	all := conditions(t)
	seen := map[string]bool{}
	n := 0
	for _, c := range all {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		n++
		e := explain(t, doctor.ExplainOptions{Input: strings.NewReader(c.Example + "\n")})
		got := vocab.Symptom("")
		if e.Symptom != nil {
			got = *e.Symptom
		}
		if o, ok := otherwise[c.ID]; ok {
			c.Symptom = o.symptom
			if o.causes != nil {
				c.Causes = o.causes
			}
		}
		if got != c.Symptom {
			t.Errorf("%s: symptom %q, want %q: %s", c.ID, got, c.Symptom, c.Example)
		}
		if len(c.Causes) > 0 && !slices.ContainsFunc(listed(e)[:min(3, len(e.Causes))], func(id vocab.Cause) bool { return slices.Contains(c.Causes, id) }) {
			t.Errorf("%s: %v, want one of %v: %s", c.ID, listed(e), c.Causes, c.Example)
		}
	}
	if n < 740 {
		t.Errorf("%d conditions were read", n)
	}
	for id := range otherwise {
		if !seen[id] {
			t.Errorf("%s is no condition", id)
		}
	}
}
