package errlog

import (
	"bytes"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

const head = `2026/08/21 10:15:30 [error] 7#7: *1 `

// TestForged checks that what a stranger writes into a field is never read as
// another one.
func TestForged(t *testing.T) {
	const refused = head + `connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: a.example, `
	const stderr = head + `FastCGI sent in stderr: "`
	const tail = `" while reading response header from upstream, client: 203.0.113.7, server: a.example, request: "GET /x HTTP/1.1", upstream: "fastcgi://10.0.0.1:9000", host: "h"`
	tests := []struct {
		name, line         string
		endpoint, referrer string
	}{
		{"referrer", refused + `request: "GET /a HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "h", referrer: "z", upstream: "http://evil:1/"`,
			"10.0.0.1:80", `z", upstream: "http://evil:1/`},
		{"referrer without an upstream", refused + `request: "GET /a HTTP/1.1", host: "h", referrer: "z", upstream: "http://evil:1/"`,
			"", `z", upstream: "http://evil:1/`},
		{"referrer without a host", refused + `request: "GET /a HTTP/1.0", referrer: "z", upstream: "http://evil:1/", host: "h"`,
			"", `z", upstream: "http://evil:1/", host: "h`},
		{"request", refused + `request: "GET /a", upstream: "http://evil:1/b HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "h"`,
			"10.0.0.1:80", ""},
		{"request of HTTP/2", refused + `request: "GET /a", upstream: "http://evil:1/", host: "x HTTP/2.0", upstream: "http://10.0.0.1:80/a", host: "h"`,
			"10.0.0.1:80", ""},
		{"request with a quote at its end", refused + `request: "GET /a" HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "h"`,
			"10.0.0.1:80", ""},
		{"host", refused + `request: "GET /a HTTP/1.1", upstream: "http://10.0.0.1:80/a", host: "h",upstream:"http://evil:1/", referrer: "r"`,
			"10.0.0.1:80", "r"},
		{"upstream's path", refused + `request: "GET /a"b HTTP/1.1", upstream: "http://10.0.0.1:80/a"b", host: "h"`,
			"10.0.0.1:80", ""},
		{"application, harmless", stderr + `PHP message: hello` + tail, "10.0.0.1:9000", ""},
		{"application that echoes a tail", stderr + `x" while reading response header from upstream, client: 1.1.1.1, server: e, request: "GET / HTTP/1.1", upstream: "fastcgi://evil:1", host: "e` + tail,
			"10.0.0.1:9000", ""},
		{"application that echoes a tail up to a referrer",
			stderr + `x" while reading response header from upstream, client: 1.1.1.1, server: e, request: "GET / HTTP/1.1", upstream: "fastcgi://evil:1", host: "e", referrer: "` + tail,
			"", `" while reading response header from upstream, client: 203.0.113.7, server: a.example, request: "GET /x HTTP/1.1", upstream: "fastcgi://10.0.0.1:9000", host: "h`},
		{"client that echoes a tail into the referrer", stderr + `x` + tail + `, referrer: "y` + `" while reading upstream, client: 1.1.1.1, server: e, upstream: "fastcgi://evil:1"`,
			"", `y" while reading upstream, client: 1.1.1.1, server: e, upstream: "fastcgi://evil:1`},
	}
	for _, test := range tests {
		var r dialect.Record
		errorLine([]byte(test.line), &r)
		if string(r.Endpoint) != test.endpoint || string(r.Referrer) != test.referrer {
			t.Errorf("%s: endpoint %q, referrer %q", test.name, r.Endpoint, r.Referrer)
		}
	}
}

// TestFields checks every field of an ordinary line.
func TestFields(t *testing.T) {
	const text = `2026/08/21 10:15:30 [error] 3012#3013: *4711 upstream timed out (110: Connection timed out) while reading response header from upstream, ` +
		`client: 203.0.113.7, server: example.com, request: "POST /api/v1?a=b HTTP/2.0", subrequest: "/auth", upstream: "fastcgi://unix:/run/php.sock:", host: "example.com:8443", referrer: "https://example.com/"`
	var r dialect.Record
	key := errorLine([]byte(text), &r)
	want := dialect.Record{
		Stamp: []byte("2026/08/21 10:15:30"), Level: []byte("error"), PID: 3012, TID: 3013, Conn: 4711, Errno: 110,
		Message: []byte("upstream timed out (110: Connection timed out) while reading response header from upstream"),
		Client:  []byte("203.0.113.7"), Server: []byte("example.com"), Request: []byte("POST /api/v1?a=b HTTP/2.0"),
		Method: []byte("POST"), Path: []byte("/api/v1"), Sub: []byte("/auth"), Upstream: []byte("fastcgi://unix:/run/php.sock:"),
		Endpoint: []byte("unix:/run/php.sock"), Host: []byte("example.com:8443"), Referrer: []byte("https://example.com/"),
	}
	if key != keyReadTimeout || r.PID != want.PID || r.TID != want.TID || r.Conn != want.Conn || r.Errno != want.Errno {
		t.Errorf("key %d, record %+v", key, r)
	}
	for _, f := range []struct {
		name      string
		got, want []byte
	}{
		{"stamp", r.Stamp, want.Stamp}, {"level", r.Level, want.Level}, {"message", r.Message, want.Message}, {"client", r.Client, want.Client},
		{"server", r.Server, want.Server}, {"request", r.Request, want.Request}, {"method", r.Method, want.Method}, {"path", r.Path, want.Path}, {"subrequest", r.Sub, want.Sub},
		{"upstream", r.Upstream, want.Upstream}, {"endpoint", r.Endpoint, want.Endpoint}, {"host", r.Host, want.Host}, {"referrer", r.Referrer, want.Referrer},
	} {
		if !bytes.Equal(f.got, f.want) {
			t.Errorf("%s is %q, want %q", f.name, f.got, f.want)
		}
	}
}

// TestFragments reads lines as people paste them.
func TestFragments(t *testing.T) {
	const message = `connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: _, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "x"`
	for _, test := range []struct {
		line string
		id   string
		to   string // endpoint
	}{
		{message, "connect-refused", "127.0.0.1:3000"},
		{"*187 " + message, "connect-refused", "127.0.0.1:3000"},
		{"[error] 7#7: *187 " + message, "connect-refused", "127.0.0.1:3000"},
		{"[error] " + message, "connect-refused", "127.0.0.1:3000"},
		{"2026/08/21 10:15:30 [error] *187 " + message, "connect-refused", "127.0.0.1:3000"},
		{"web_1  | 2026/08/21 10:15:30 [error] 7#7: *1 " + message, "connect-refused", "127.0.0.1:3000"},
		{"2026-08-21T10:15:30.123456789Z stderr F 2026/08/21 10:15:30 [error] 7#7: *1 " + message, "connect-refused", "127.0.0.1:3000"},
		{"<187>Nov 20 06:28:24 host nginx: 2026/08/21 10:15:30 [error] 7#7: *1 " + message, "connect-refused", "127.0.0.1:3000"},
		{"Nov 20 06:28:24 host nginx[812]: " + message, "connect-refused", "127.0.0.1:3000"},
		{"  \t" + message + "\r", "connect-refused", "127.0.0.1:3000"},
		{"NGINX:  recv() failed (104: Connection reset by peer)", "reset-early", ""},
		{"upstream timed out", "timeout", ""},
		{"upstream timed out (110: Connection timed out) while reading response header from upstream", "read-timeout", ""},
		{"no live upstreams while connecting to upstream", "no-live-upstreams", ""},
		{"Connection refused while connecting to upstream", "connect-refused", ""},
		{"(110: Connection timed out) while reading response header from upstream", "read-timeout", ""},
		{"Connection timed out while connecting to upstream", "connect-timeout", ""},
		{`connect() failed (111: Connection refused) while connecting to upstream: "http://10.0.0.9:8000/x"`, "connect-refused", "10.0.0.9:8000"},
		{"(13: Permission denied) while connecting to upstream", "connect-denied", ""},
		{"nginx: [emerg] host not found in upstream \"app\" in /etc/nginx/conf.d/a.conf:3", "start-name-not-found", ""},
		{"nginx: [emerg] invalid number of arguments in \"set\" directive in /tmp/nginx-cfg:4321", "config-rejected", ""},
		{"the request was slow while connecting to upstream", "", ""},
		{"GET / HTTP/1.1", "", ""},
		{"", "", ""},
	} {
		var r dialect.Record
		key := errorLine([]byte(test.line), &r)
		if id := errorConds[key].ID; id != test.id || string(r.Endpoint) != test.to {
			t.Errorf("%q: %q at %q, want %q at %q", test.line, id, r.Endpoint, test.id, test.to)
		}
	}
}

// TestPlain checks lines that tell of no failure of an upstream although their
// words are like those that do.
func TestPlain(t *testing.T) {
	for _, text := range []string{
		`[error] 7#7: send() failed (111: Connection refused) while logging to syslog, server: unix:/dev/log`,
		`[info] 7#7: *1 recv() failed (104: Connection reset by peer) while waiting for request, client: 1.2.3.4, server: 0.0.0.0:80`,
		`[info] 7#7: *1 recv() failed (104: Connection reset by peer) while proxying upgraded connection, client: 1.2.3.4, server: a, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:1/ws", host: "a"`,
		`[info] 7#7: *1 writev() failed (32: Broken pipe) while sending to client, client: 1.2.3.4, server: a, request: "GET / HTTP/1.1", host: "a"`,
		`[error] 7#7: *1 open() "/var/www/favicon.ico" failed (2: No such file or directory), client: 1.2.3.4, server: a, request: "GET /favicon.ico HTTP/1.1", host: "a"`,
		`[error] 7#7: *1 open() "/var/www/secret" failed (13: Permission denied), client: 1.2.3.4, server: a, request: "GET /secret HTTP/1.1", host: "a"`,
		`[crit] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: 1.2.3.4, server: 0.0.0.0:443`,
		`[info] 7#7: *1 peer closed connection in SSL handshake while SSL handshaking, client: 1.2.3.4, server: 0.0.0.0:443`,
		`[error] 7#7: *1 access forbidden by rule, client: 1.2.3.4, server: a, request: "GET /.git HTTP/1.1", host: "a", referrer: "upstream timed out (110: x) while reading response header from upstream"`,
		`[error] 7#7: connect() failed (111: Connection refused) while requesting certificate status, responder: ocsp.example, peer: 10.0.0.1:80, certificate: "/c.pem"`,
		`[warn] 7#7: conflicting server name "a" on 0.0.0.0:80, ignored`,
	} {
		var r dialect.Record
		if key := errorLine([]byte("2026/08/21 10:15:30 "+text), &r); key != dialect.Plain {
			t.Errorf("%q: %s", text, errorConds[key].ID)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	text := []byte(`2026/08/21 10:15:30 [error] 3012#3012: *4711 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 203.0.113.7, server: example.com, request: "GET /api/v1/users HTTP/1.1", upstream: "http://127.0.0.1:8080/api/v1/users", host: "example.com"`)
	var r dialect.Record
	b.SetBytes(int64(len(text)) + 1)
	for b.Loop() {
		errorLine(text, &r)
	}
}
