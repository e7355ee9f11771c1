package caddy

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/pattern"
)

// shorthands are what placeholders may be called in a Caddyfile (shorthands.go).
var shorthands = []string{
	"{host}", "{http.request.host}", "{hostport}", "{http.request.hostport}", "{port}", "{http.request.port}", "{orig_method}", "{http.request.orig_method}", "{orig_uri}", "{http.request.orig_uri}",
	"{orig_path}", "{http.request.orig_uri.path}", "{orig_dir}", "{http.request.orig_uri.path.dir}", "{orig_file}", "{http.request.orig_uri.path.file}", "{orig_query}", "{http.request.orig_uri.query}",
	"{orig_?query}", "{http.request.orig_uri.prefixed_query}", "{method}", "{http.request.method}", "{uri}", "{http.request.uri}", "{path}", "{http.request.uri.path}", "{dir}", "{http.request.uri.path.dir}",
	"{file}", "{http.request.uri.path.file}", "{query}", "{http.request.uri.query}", "{?query}", "{http.request.uri.prefixed_query}", "{remote}", "{http.request.remote}", "{remote_host}", "{http.request.remote.host}",
	"{remote_port}", "{http.request.remote.port}", "{scheme}", "{http.request.scheme}", "{uuid}", "{http.request.uuid}", "{tls_cipher}", "{http.request.tls.cipher_suite}", "{tls_version}", "{http.request.tls.version}",
	"{tls_client_fingerprint}", "{http.request.tls.client.fingerprint}", "{tls_client_issuer}", "{http.request.tls.client.issuer}", "{tls_client_serial}", "{http.request.tls.client.serial}",
	"{tls_client_subject}", "{http.request.tls.client.subject}", "{tls_client_certificate_pem}", "{http.request.tls.client.certificate_pem}",
	"{tls_client_certificate_der_base64}", "{http.request.tls.client.certificate_der_base64}", "{upstream_hostport}", "{http.reverse_proxy.upstream.hostport}", "{client_ip}", "{http.vars.client_ip}",
}

// named are those with a name of the writer's own.
var (
	named      = pattern.New(`\{(header|cookie|labels|path|file|query|re|vars|rp|resp|err|file_match)\.([\w.-]*)\}`)
	namedStand = map[string]string{
		"header": "http.request.header", "cookie": "http.request.cookie", "labels": "http.request.host.labels", "path": "http.request.uri.path", "file": "http.request.uri.path.file",
		"query": "http.request.uri.query", "re": "http.regexp", "vars": "http.vars", "rp": "http.reverse_proxy", "resp": "http.intercept", "err": "http.error", "file_match": "http.matchers.file",
	}
)

// spellOut writes the placeholders of a block by their whole names.
func spellOut(rows []*row, simple *strings.Replacer) {
	for _, r := range rows {
		for i := range r.words {
			w := &r.words[i]
			if !strings.Contains(w.text, "{") || w.opens() {
				continue
			}
			w.text = simple.Replace(w.text)
			w.text = named().ReplaceAllStringFunc(w.text, func(m string) string {
				parts := named().FindStringSubmatch(m)
				return "{" + namedStand[parts[1]] + "." + parts[2] + "}"
			})
		}
		spellOut(r.block, simple)
	}
}
