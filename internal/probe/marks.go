package probe

import (
	"strings"
)

// mark is a text that only one product writes. White space in the text is squeezed,
// as in the page that it is looked for in.
type mark struct {
	product string
	words   []string // all must be there, in this order
	open    string   // the detail stands after open, up to shut
	shut    string
	edge    bool
}

// marks are looked for in this order: a page of Fastly is also one of Varnish.
var marks = []mark{
	// Apache modules/http/http_protocol.c, modules/proxy/proxy_util.c.
	{product: "apache", words: []string{"The proxy server could not handle the request<p>Reason: <strong>"}, open: "Reason: <strong>", shut: "</strong>"},
	{product: "apache", words: []string{"The proxy server received an invalid response from an upstream server."}},
	{product: "apache", words: []string{"<title>50", " Proxy Error</title>"}},
	{product: "apache", words: []string{"The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later."}},
	{product: "apache", words: []string{"The gateway did not receive a timely response from the upstream server or application."}},
	{product: "apache", words: []string{"The server encountered an internal error or misconfiguration and was unable to complete your request."}},
	{product: "apache", words: []string{"<address>Apache"}},
	// HAProxy src/http.c.
	{product: "haproxy", words: []string{"<html><body><h1>500 Internal Server Error</h1> An internal server error occurred. </body></html>"}},
	{product: "haproxy", words: []string{"<html><body><h1>502 Bad Gateway</h1> The server returned an invalid or incomplete response. </body></html>"}},
	{product: "haproxy", words: []string{"<html><body><h1>503 Service Unavailable</h1> No server is available to handle this request. </body></html>"}},
	{product: "haproxy", words: []string{"<html><body><h1>504 Gateway Time-out</h1> The server didn't respond in time. </body></html>"}},
	// Envoy source/common/router/router.cc.
	{product: "envoy", words: []string{"^upstream connect error or disconnect/reset before headers."}, open: "reset reason: ", shut: ""},
	{product: "envoy", words: []string{"^no healthy upstream$"}},
	{product: "envoy", words: []string{"^upstream request timeout$"}},
	{product: "envoy", words: []string{"^upstream max stream duration reached$"}},
	{product: "traefik", words: []string{"^no available server$"}}, // pkg/server/service/loadbalancer
	// Varnish bin/varnishd/builtin.vcl; Fastly's pages, which also spell it "Mediation".
	{product: "varnish", words: []string{"<h1>Error ", "<h3>Guru Meditation:</h3> <p>XID: "}, open: "<h1>Error ", shut: "</h1>"},
	{product: "fastly", words: []string{"<h1>Error 5", "<h3>Error 5", "<p>Varnish cache server</p>"}, open: "<h1>Error ", shut: "</h1>", edge: true},
	{product: "fastly", words: []string{"Guru Mediation:"}, edge: true},
	{product: "fastly", words: []string{"<h3>Error 54"}, edge: true},
	// Squid src/errorpage.cc and errors/templates.
	{product: "squid", words: []string{"<body id=ERR_"}, open: "<body id=", shut: ">"},
	{product: "squid", words: []string{"<title>ERROR: The requested URL could not be retrieved</title>"}},
	// Traffic Server configs/body_factory/default.
	{product: "ats", words: []string{"<TITLE>Could Not Connect</TITLE>", "Description: Could not connect to the requested server host."}},
	{product: "ats", words: []string{"<TITLE>Inactivity Timeout</TITLE>", "Description: Too much time has passed without sending any data for document."}},
	{product: "ats", words: []string{"<TITLE>Error</TITLE>", "Description: Could not process this request."}},
	{product: "ats", words: []string{"<TITLE>Server Connection Closed</TITLE>"}},
	// lighttpd src/response.c, and releases before it.
	{product: "lighttpd", words: []string{`<!DOCTYPE html> <html lang="en"> <head> <meta charset="UTF-8" /> <title>50`, "</title> </head> <body> <h1>50"}},
	{product: "lighttpd", words: []string{`^<?xml version="1.0" encoding="iso-8859-1"?> <!DOCTYPE html PUBLIC`, "<head> <title>50", "</title> </head> <body> <h1>50"}},
	{product: "lighttpd", words: []string{"<title>503 - Service Not Available</title>"}},
	// Application servers.
	{product: "puma", words: []string{"^Puma caught this error: "}, open: "Puma caught this error: "}, // lib/puma/server.rb
	{product: "gunicorn", words: []string{"<h1><p>", "</p></h1>", "</body> </html>"}},                 // gunicorn/util.py, write_error
	{product: "uwsgi", words: []string{"^uWSGI Error "}},
	{product: "php-fpm", words: []string{"^File not found.$"}}, // sapi/fpm/fpm/fpm_main.c, Primary script unknown
	// Edges.
	{product: "cloudflare", words: []string{"^error code: 5"}, open: "error code: ", edge: true},
	{product: "cloudflare", words: []string{"^error code: 1"}, open: "error code: ", edge: true},
	{product: "cloudflare", words: []string{"cf-error-details"}, edge: true},
	{product: "cloudflare", words: []string{"cf-wrapper"}, edge: true},
	{product: "cloudflare", words: []string{"Cloudflare Ray ID"}, edge: true},
	{product: "cloudflare", words: []string{"cdn-cgi/styles"}, edge: true},
	{product: "cloudfront", words: []string{"Generated by cloudfront (CloudFront)"}, open: "<H2>", shut: "</H2>", edge: true},
	{product: "akamai", words: []string{"Reference&#32;&#35;"}, edge: true},
	{product: "gcp-lb", words: []string{" Server Error</title>", "The server encountered a temporary error and could not complete your request."}, edge: true},
	{product: "iis-arr", words: []string{"502 - Web server received an invalid response while acting as a gateway or proxy server."}},
	{product: "iis-arr", words: []string{"HTTP Error 50"}, open: "HTTP Error ", shut: "<"},
	{product: "azure-frontdoor", words: []string{"Our services aren't available right now"}, edge: true},
	{product: "azure-frontdoor", words: []string{"Our services aren&#39;t available right now"}, edge: true},
	{product: "azure-frontdoor", words: []string{"Our services aren’t available right now"}, edge: true},
	{product: "heroku", words: []string{"//www.herokucdn.com/error-pages/"}, open: "/error-pages/", shut: ".html", edge: true},
	{product: "vercel", words: []string{"FUNCTION_INVOCATION_TIMEOUT"}, edge: true},
	{product: "vercel", words: []string{"FUNCTION_INVOCATION_FAILED"}, edge: true},
	{product: "vercel", words: []string{"ROUTER_EXTERNAL_TARGET_"}, edge: true},
	{product: "vercel", words: []string{"DEPLOYMENT_NOT_FOUND"}, edge: true},
	{product: "vercel", words: []string{"NO_RESPONSE_FROM_FUNCTION"}, edge: true},
	{product: "vercel", words: []string{"INFINITE_LOOP_DETECTED"}, edge: true},
	{product: "netlify", words: []string{"This function has crashed"}, edge: true},
	{product: "netlify", words: []string{"TimeoutError: Task timed out after"}, edge: true},
	// Kong and the Kubernetes API server.
	{product: "kong", words: []string{`"message":`, `"An invalid response was received from the upstream server"`}},
	{product: "kong", words: []string{`"message":`, `"failure to get a peer from the ring-balancer"`}},
	{product: "kong", words: []string{`"message":`, `"The upstream server is timing out"`}},
	{product: "kong", words: []string{`"message":`, `"name resolution failed"`}},
	{product: "k8s-apiserver-proxy", words: []string{"error trying to reach service: "}, open: "error trying to reach service: "},
}

// in reports whether the page has every word in order. A word that begins with ^
// stands at the beginning of the page, one that ends with $ at its end.
func (m mark) in(page string) bool {
	for i, w := range m.words {
		if rest, ok := strings.CutPrefix(w, "^"); ok {
			whole, ok := strings.CutSuffix(rest, "$")
			if ok && page != whole || !strings.HasPrefix(page, strings.TrimRight(whole, " ")) {
				return false
			}
			continue
		}
		at := strings.Index(page, w)
		if at < 0 {
			return false
		}
		if i < len(m.words)-1 {
			page = page[at+len(w):]
		}
	}
	return true
}

// detail is what the page says more.
func (m mark) detail(page string) string {
	switch {
	case m.open == "" && len(m.words) == 1 && isCode(m.words[0]):
		return m.words[0]
	case m.open == "":
		return ""
	case m.shut == "":
		_, rest, _ := strings.Cut(page, m.open)
		return rest
	}
	return between(page, m.open, m.shut)
}

// isCode reports whether a mark is an error code such as FUNCTION_INVOCATION_TIMEOUT.
func isCode(s string) bool {
	return strings.Contains(s, "_") && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

// pageMade looks for a page that only one product writes.
func pageMade(page string) (Made, bool) {
	if page == "" {
		return Made{}, false
	}
	if m, ok := nginxFamily(page); ok {
		return m, true
	}
	if isAkamai(page) {
		return Made{Product: "akamai", Edge: "akamai", Grade: GradeBody}, true
	}
	for _, k := range marks {
		if !k.in(page) {
			continue
		}
		m := Made{Product: k.product, Grade: GradeBody, Detail: strings.TrimSpace(k.detail(page))}
		if k.edge {
			m.Edge = k.product
		}
		if k.product == "apache" {
			_, m.Version = versioned(between(page+" ", "<address>", " "))
		}
		return m, true
	}
	return Made{}, false
}

// isAkamai looks for "Reference #18.c5200117.1764616637.332afd23": four numbers in
// hexadecimal.
func isAkamai(page string) bool {
	_, rest, ok := strings.Cut(page, "Reference #")
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef.", r) })
	if end >= 0 {
		rest = rest[:end]
	}
	return ok && strings.Count(strings.Trim(rest, "."), ".") == 3
}

// nginxFamily reads the page that nginx, its derivatives and balancers built on it
// write: a title, and the product's name under a line
// (nginx src/http/ngx_http_special_response.c). AWS leaves the name out.
func nginxFamily(page string) (Made, bool) {
	if strings.Contains(page, "Powered by Tengine") {
		return Made{Product: "tengine", Grade: GradeBody}, true
	}
	name := between(page, "<hr><center>", "</center>")
	if name == "" {
		if strings.HasPrefix(page, "<html> <head><title>50") && strings.Contains(page, "<center><h1>50") && strings.HasSuffix(page, "</h1></center> </body> </html>") {
			return Made{Product: "aws-alb", Edge: "aws-alb", Grade: GradeBody}, true
		}
		return Made{}, false
	}
	product, version := versioned(name)
	m := Made{Product: strings.ToLower(product), Version: version, Grade: GradeBody}
	switch {
	case m.Product == "nginx" && version == "":
		m.Also = []string{"ingress-nginx"} // server_tokens are off there by default
	case m.Product == "microsoft-azure-application-gateway":
		m.Product, m.Edge = "azure-appgw", "azure-appgw"
	case strings.HasPrefix(m.Product, "cloudflare"):
		m.Product, m.Version, m.Edge = "cloudflare", "", "cloudflare"
	}
	return m, true
}

// wordsMade knows a few words that are a whole body, and that several products
// write.
func wordsMade(status int, page string) (Made, bool) {
	m := Made{Product: "traefik", Grade: GradeWords}
	switch page {
	case "Bad Gateway", "Gateway Timeout":
		m.Also = []string{"application"}
	case "Internal Server Error":
		m.Also = []string{"uwsgi", "application"}
	case "Service Unavailable":
		m.Also = []string{"iis-http.sys", "application"}
	case "404 page not found":
		m.Also = []string{"application"} // Go net/http
	default:
		return Made{}, false
	}
	return m, true
}
