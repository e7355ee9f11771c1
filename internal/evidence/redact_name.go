package evidence

import "strings"

// secretWords are what a name holds whose value is secret. Names are compared
// in lower case with "_" for "-", "." and " ".
var secretWords = []string{
	"password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "api_key", "apikey", "access_key", "accesskey", "auth_key",
	"authkey", "private_key", "privatekey", "encryption_key", "signing_key", "master_key", "app_key", "account_key", "shared_key",
	"license_key", "credential", "session_id", "sessionid", "sessid", "authorization", "signature", "hmac", "jwt", "bearer", "csrf", "xsrf",
	"cookie", "requirepass", "masterauth", "connection_string",
}

// secretEnds are what such a name ends with.
var secretEnds = []string{"_pass", "_pw", "_otp", "_auth", "_salt"}

// publicEnds are what a name ends with that only sounds secret: it names a file,
// a limit, a name.
var publicEnds = []string{
	"_file", "_path", "_dir", "_name", "_names", "_timeout", "_ttl", "_expires", "_expiry", "_age", "_len", "_length", "_size", "_count", "_limit",
	"_type", "_method", "_url", "_uri", "_domain", "_zone", "_algorithm", "_mode", "_flags", "_tokens", "_by", "_at", "_in", "_failed", "_error",
	"_errors", "_mismatch", "_required", "_enabled", "_request",
}

// publicNames are directives whose names end like secrets.
var publicNames = map[string]bool{
	"proxy_pass": true, "fastcgi_pass": true, "uwsgi_pass": true, "scgi_pass": true, "grpc_pass": true, "memcached_pass": true, "tunnel_pass": true,
	"server_tokens": true, "tokens": true, "max_tokens": true, "password_encryption": true, "proxy_cookie_path": true,
	"proxy_cookie_domain": true, "proxy_cookie_flags": true, "userid_cookie": true, "proxy_auth": true, "requires_auth": true, "tcp_auth": true,
}

// secretName reports whether the value that belongs to name must be hidden.
func secretName(name string) bool {
	if len(name) < 3 || len(name) > 128 {
		return false
	}
	n := plainName(name)
	if n == "pass" || n == "otp" || n == "dsn" || n == "pwd" {
		return true
	}
	if publicNames[n] {
		return false
	}
	for _, end := range publicEnds {
		if strings.HasSuffix(n, end) {
			return false
		}
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(n, end) {
			return true
		}
	}
	for _, w := range secretWords {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// plainName spells a name as the lists above do: "dbPassword" and "DB-Password"
// are "dbpassword" and "db_password".
func plainName(name string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case c == '-' || c == '.' || c == ' ':
			return '_'
		}
		return c
	}, name), "_$")
}

// clientName reports whether a header or field holds the client's address.
func clientName(name string) bool {
	switch plainName(name) {
	case "x_forwarded_for", "http_x_forwarded_for", "x_real_ip", "http_x_real_ip", "x_client_ip", "client_ip", "http_client_ip", "true_client_ip",
		"cf_connecting_ip", "fastly_client_ip", "x_cluster_client_ip", "remote_addr", "remote_ip", "remote_host", "remoteaddr", "remoteip",
		"clientaddr", "clienthost", "client_addr", "client_address", "client", "clientip", "x_envoy_external_address", "ip", "forwarded_for",
		"peer_ip", "downstream_remote_address", "downstream_direct_remote_address", "proxy_protocol_addr", "realip_remote_addr":
		return true
	}
	return false
}

// harmless reports whether a value says nothing though its name is secret.
func harmless(value string) bool {
	switch strings.ToLower(value) {
	case "", Hidden, "yes", "no", "true", "false", "null", "nil", "none", "on", "off", "-", "undefined", "[]", "{}", "=", "==", "=>", ":":
		return true
	}
	return false
}
