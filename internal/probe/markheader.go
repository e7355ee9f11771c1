package probe

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// headerMark is a header field that says who made an answer, or who passed it on.
type headerMark struct {
	name    string // lower case
	value   string // lower case; what the value begins with
	product string
	edge    bool
}

// ownHeaders are fields that their product sets only on answers of its own making.
var ownHeaders = []headerMark{
	{"x-squid-error", "err_", "squid", false}, // src/errorpage.cc
	{"x-vercel-error", "", "vercel", true},
	{"ngrok-error-code", "err_ngrok_", "ngrok", true},
	{"server", "awselb/", "aws-alb", true},
	{"server", "akamaighost", "akamai", true},
	{"server", "varnish", "varnish", false}, // bin/varnishd/builtin.vcl, synthetic answers
	{"server", "microsoft-azure-application-gateway", "azure-appgw", true},
	{"server", "microsoft-httpapi", "iis-http.sys", false},
	{"x-envoy-overloaded", "true", "envoy", false},
}

// throughHeaders are fields that a proxy sets on every answer that passes it.
var throughHeaders = []headerMark{
	{"cf-ray", "", "cloudflare", true},
	{"server", "cloudflare", "cloudflare", true},
	{"x-cache", "error from cloudfront", "cloudfront", true},
	{"x-amz-cf-id", "", "cloudfront", true},
	{"x-served-by", "cache-", "fastly", true},
	{"via", "1.1 google", "gcp-lb", true},
	{"x-azure-ref", "", "azure-frontdoor", true},
	{"server", "cowboy", "heroku", true},
	{"server", "heroku", "heroku", true},
	{"via", "1.1 vegur", "heroku", true},
	{"fly-request-id", "", "fly", true},
	{"server", "fly/", "fly", true},
	{"x-vercel-id", "", "vercel", true},
	{"server", "vercel", "vercel", true},
	{"x-nf-request-id", "", "netlify", true},
	{"server", "netlify", "netlify", true},
	{"akamai-grn", "", "akamai", true},
	{"x-railway-request-id", "", "railway", true},
	{"server", "railway", "railway", true},
	{"rndr-id", "", "render", true},
	{"server", "bunnycdn", "bunny", true},
	{"x-iinfo", "", "imperva", true},
	{"x-cdn", "imperva", "imperva", true},
	{"x-cdn", "incapsula", "imperva", true},
	{"x-sucuri-id", "", "sucuri", true},
	{"x-varnish", "", "varnish", false},
	{"x-envoy-upstream-service-time", "", "envoy", false},
}

func (k headerMark) is(h topo.Header) bool {
	return strings.EqualFold(h.Name, k.name) && strings.HasPrefix(strings.ToLower(h.Value), k.value)
}

// ownHeader looks for a field of a product's own answers.
func ownHeader(header []topo.Header) (Made, bool) {
	for _, k := range ownHeaders {
		for _, h := range header {
			if !k.is(h) {
				continue
			}
			m := Made{Product: k.product, Grade: GradeOwnHeader}
			if k.name == "server" {
				_, m.Version = versioned(h.Value)
			} else {
				m.Detail = h.Value
			}
			if k.edge {
				m.Edge = k.product
			}
			return m, true
		}
	}
	return Made{}, false
}

// through collects who passed the answer on.
func through(header []topo.Header) (m Made) {
	add := func(product string) {
		for _, p := range m.Through {
			if p == product {
				return
			}
		}
		m.Through = append(m.Through, product)
	}
	for _, k := range throughHeaders {
		for _, h := range header {
			if !k.is(h) {
				continue
			}
			add(k.product)
			if k.edge && m.Edge == "" {
				m.Edge = k.product
			}
		}
	}
	for _, h := range header {
		if strings.EqualFold(h.Name, "Via") && strings.Contains(h.Value, " Caddy") {
			add("caddy") // modules/caddyhttp/reverseproxy, since 2.9
		}
	}
	return m
}

// origins are servers whose Server field no proxy writes: it is the application's
// own server that answered.
var origins = map[string]bool{
	"gunicorn": true, "uvicorn": true, "hypercorn": true, "daphne": true, "werkzeug": true, "waitress": true,
	"tornadoserver": true, "kestrel": true, "jetty": true, "puma": true, "webrick": true, "microsoft-iis": true,
}

// serverMade reads the Server field.
func serverMade(header []topo.Header, empty bool) (m Made) {
	value := field(header, "Server")
	if value == "" {
		return m
	}
	product, version := versioned(value)
	if i := strings.IndexByte(product, '('); i > 0 {
		product = product[:i] // Jetty(9.4.51)
	}
	m = Made{Product: strings.ToLower(product), Version: version, Grade: GradeHeader}
	switch m.Product {
	case "istio-envoy":
		m.Product = "envoy"
	case "cowboy":
		m.Product, m.Also = "heroku", []string{"application"} // Erlang's server, which Heroku's router is built with
	case "caddy":
		if empty && !strings.Contains(field(header, "Via"), "Caddy") {
			m.Grade = GradeOwnHeader // an error of its own has no body
		}
	}
	if m.Product == "envoy" && field(header, "X-Envoy-Upstream-Service-Time") == "" {
		m.Grade = GradeOwnHeader // what it passes on says how long the upstream took
	}
	return m
}
