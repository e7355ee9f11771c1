package evidence

import (
	"bytes"
	"strings"
	"testing"
)

// planted is what no output may hold.
const planted = "Hunter2Zebra99"

func redactor() *Redactor {
	r := NewRedactor([]byte("a key of the test"))
	r.Keep("10.0.0.5:3000", "127.0.0.53", "m4rkm4rkm4rkm4rk0123456789abcdef")
	return r
}

func TestLineHidesPlantedSecrets(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + planted
	for _, line := range []string{
		`2026/11/20 06:28:23 [error] 564#564: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: example.com, request: "GET /a?token=` + planted + `&b=2 HTTP/1.1", upstream: "http://10.0.0.5:3000/a?token=` + planted + `&b=2", host: "example.com", referrer: "https://example.com/?pw=` + planted + `"`,
		`2026/11/20 06:28:23 [error] 564#564: *1 client sent invalid header line: "Authorization: Bearer ` + planted + `", client: 203.0.113.7`,
		`2026/11/20 06:28:23 [error] 1#1: *1 FastCGI sent in stderr: "PHP message: PDOException in /a.php:3` + "\n" + `#0 /a.php(3): PDO->__construct('mysql:host=db', 'app', '` + planted + `')" while reading`,
		`203.0.113.7 - alice [20/Nov/2026:06:28:23 +0000] "GET /x?a=` + planted + ` HTTP/1.1" 502 157 "-" "curl/7.88.1"`,
		`203.0.113.7 - - [20/Nov/2026:06:28:23 +0000] "GET /x?a=O'` + planted + `&c="` + planted + ` HTTP/1.1" 502 157 "-" "curl"`,
		`203.0.113.7 - - [20/Nov/2026:06:28:23 +0000] "GET /x?a=b ` + planted + ` HTTP/1.1" 400 157 "-" "curl"`,
		`{"level":"error","request":{"remote_ip":"203.0.113.7","uri":"/api?key=` + planted + `","headers":{"Cookie":["sid=` + planted + `"],"Authorization":["Bearer ` + planted + `"]}},"status":502}`,
		`app: DB_PASSWORD=` + planted + ` boot`,
		`app: {"password": "` + planted + `", "user": "bob"}`,
		`app: {\"password\":\"` + planted + `\"}`,
		`app: {'api_key': '` + planted + `'}`,
		`app: 'secret' => '` + planted + `',`,
		`app: cannot connect to postgres://app:` + planted + `@10.0.0.9:5432/db: refused`,
		`app: cannot connect to postgres://app:x/` + planted + `@10.0.0.9:5432/db: refused`,
		`app: redis://:` + planted + `@10.0.0.9`,
		`app: Server=db;Password=` + planted + `;Database=x`,
		`app: jwt ` + jwt,
		`app: Authorization: Basic ` + planted,
		`app: Cookie: a=` + planted + `; b=` + planted,
		`app: Set-Cookie: a=` + planted + `; Path=/`,
		`app: x-api-key: ` + planted,
		`app: -----BEGIN RSA PRIVATE KEY-----\n` + planted + `\n-----END RSA PRIVATE KEY-----`,
		`app: -----BEGIN PRIVATE KEY----- ` + planted,
		`app: mail to bob.` + planted + `@example.com failed`,
		`app: POST /reset/` + planted + ` failed`,
		`app: GET /hooks/T00000000/B00000000/` + planted + `XyZ0123456789`,
		`Started GET "/x?auth=` + planted + `" for 203.0.113.7 at 2026-11-20`,
	} {
		got := redactor().Line(line)
		for _, secret := range []string{planted, "203.0.113.7", "alice"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s is left in\n%s\nfrom\n%s", secret, got, line)
			}
		}
		if again := redactor().Line(got); again != got {
			t.Errorf("not idempotent:\n%s\n%s", got, again)
		}
	}
}

func TestLineKeepsEvidence(t *testing.T) {
	for _, line := range []string{
		`2026/11/20 06:28:23 [error] 564#564: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: example.com, request: "GET /refused HTTP/1.1", upstream: "http://10.9.8.7:21001/refused", host: "127.0.0.1:21100"`,
		`2026/11/20 06:28:23 [crit] 1#1: *1 connect() to unix:/run/app-3f2a9c0b1d2e4f5a6b7c8d9e.sock failed (2: No such file or directory) while connecting to upstream, client: 127.0.0.1, upstream: "http://unix:/run/app-3f2a9c0b1d2e4f5a6b7c8d9e.sock:/x", host: "a"`,
		`2026/11/20 06:28:23 [error] 1#1: *1 no live upstreams while connecting to upstream, client: 127.0.0.1, server: a, request: "GET /?goodgate=m4rkm4rkm4rkm4rk0123456789abcdef HTTP/1.1", upstream: "http://backend/"`,
		`2026/11/20 06:28:23 [error] 1#1: *1 user "x": password mismatch, client: 127.0.0.1`,
		`2026/11/20 06:28:23 [emerg] 1#1: host not found in upstream "api.internal" in /etc/nginx/conf.d/app.conf:12`,
		`Nov 20 06:28:23 host systemd[1]: app@2.service: Main process exited, code=killed, status=9/KILL`,
		`Memory cgroup out of memory: Killed process 4711 (node) total-vm:1kB, anon-rss:2kB, oom_score_adj:0`,
		`oom-kill:task_memcg=/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope,task=node,pid=1`,
		`open /var/lib/docker/overlay2/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/merged/etc/nginx/nginx.conf: no such file`,
		`[20-Nov-2026 10:15:30] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it`,
		`SyntaxError: Unexpected token < in JSON at position 0`,
		`Error: listen EADDRINUSE: address already in use 127.0.0.1:3000`,
		`10.0.0.5:3000 answered`,
	} {
		if got := redactor().Line(line); got != line {
			t.Errorf("changed\n%s\ninto\n%s", line, got)
		}
	}
}

func TestClientsBecomeStablePseudonyms(t *testing.T) {
	r := redactor()
	for _, tc := range []struct{ line, want string }{
		{`203.0.113.7 - - [20/Nov/2026:06:28:23 +0000] "GET / HTTP/1.1" 502 157 "-" "-" "203.0.113.7, 10.0.0.5"`, "CLIENT - - [20/Nov/2026:06:28:23 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"-\" \"CLIENT, 10.0.0.5\""},
		{`<134>Nov 20 06:28:24 haproxy[565]: 203.0.113.7:48856 [20/Nov/2026:06:28:24.629] http-in rst/s1 0/0/0/-1/19 502 209 - - SH-- 13/13/0/0/0 0/0 "GET /rst HTTP/1.1"`, `<134>Nov 20 06:28:24 haproxy[565]: CLIENT:48856 [20/Nov/2026:06:28:24.629] http-in rst/s1 0/0/0/-1/19 502 209 - - SH-- 13/13/0/0/0 0/0 "GET /rst HTTP/1.1"`},
		{`[Fri Nov 20 06:28:24.693267 2026] [proxy_http:error] [pid 571:tid 589] [client 203.0.113.7:49340] AH01114: HTTP: failed`, `[Fri Nov 20 06:28:24.693267 2026] [proxy_http:error] [pid 571:tid 589] [client CLIENT:49340] AH01114: HTTP: failed`},
		{`http 2026-08-21T10:15:30.186641Z app/lb/50 203.0.113.7:2817 10.0.0.1:80 0.001 -1 -1 502 - 34 366 "GET http://e:80/ HTTP/1.1" "curl"`, `http 2026-08-21T10:15:30.186641Z app/lb/50 CLIENT:2817 10.0.0.1:80 0.001 -1 -1 502 - 34 366 "GET http://e:80/ HTTP/1.1" "curl"`},
		{`{"ClientAddr":"203.0.113.7:5","ServiceAddr":"10.0.3.17:8080"}`, `{"ClientAddr":"CLIENT:5","ServiceAddr":"10.0.3.17:8080"}`},
		{`203.0.113.7 - - [20/Nov/2026:08:40:42 +0000] "GET / HTTP/1.1" 500 141 "-" "-" rt=0.001 uct="0.000" ua="10.9.8.7:7279" us="500"`, `CLIENT - - [20/Nov/2026:08:40:42 +0000] "GET / HTTP/1.1" 500 141 "-" "-" rt=0.001 uct="0.000" ua="10.9.8.7:7279" us="500"`},
		{`host.example.com - - [20/Nov/2026:08:40:42 +0000] "GET / HTTP/1.1" 500 141`, r.Client("host.example.com") + ` - - [20/Nov/2026:08:40:42 +0000] "GET / HTTP/1.1" 500 141`},
		{`INFO:     203.0.113.7:4444 - "GET / HTTP/1.1" 500`, `INFO:     CLIENT:4444 - "GET / HTTP/1.1" 500`},
	} {
		want := strings.ReplaceAll(tc.want, "CLIENT", r.Client("203.0.113.7"))
		if got := r.Line(tc.line); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	if a, b := r.Client("203.0.113.7"), r.Client("203.0.113.8"); a == b {
		t.Errorf("two clients share the pseudonym %s", a)
	}
	if a, b := r.Client("203.0.113.7"), NewRedactor(nil).Client("203.0.113.7"); a == b {
		t.Errorf("another key gives the same pseudonym %s", a)
	}
	for _, stays := range []string{"127.0.0.1", "[::1]:80", "10.0.0.5", "10.0.0.5:99", "unix:", "-", ""} {
		if got := r.Client(stays); got != stays {
			t.Errorf("Client(%q) = %q", stays, got)
		}
	}
	for _, goes := range []string{"203.0.113.7", "2001:db8::7", "[2001:db8::7]:443", "host.example.com", "::ffff:203.0.113.7"} {
		got := r.Client(goes)
		if got == goes || r.Client(got) != got {
			t.Errorf("Client(%q) = %q, then %q", goes, got, r.Client(got))
		}
	}
}

func TestURLAndPath(t *testing.T) {
	r := redactor()
	for _, tc := range []struct{ in, want string }{
		{"https://bob:pw@example.com/a?b=c&d", "https://***@example.com/a?b=***&d"},
		{"http://example.com/", "http://example.com/"},
		{"/users/42/profile-settings", "/users/42/profile-settings"},
		{"/a/550e8400-e29b-41d4-a716-446655440000/b", "/a/***/b"},
		{"/a/3f2a9c0b1d2e4f5a/b", "/a/***/b"},
		{"/static/app.3f2a9c0b1d2e4f5a.js", "/static/app.***.js"},
		{"/download/quarterly-report-2026-final-version.pdf", "/download/quarterly-report-2026-final-version.pdf"},
		{"/api/GetUserProfileByIdentifier", "/api/GetUserProfileByIdentifier"},
		{"/x;jsessionid=ABC123/y?z=", "/x;jsessionid=***/y?z="},
		{"/cb#access_token=abc", "/cb#access_token=***"},
		{"http://unix:/run/app.sock:/x?a=b", "http://unix:/run/app.sock:/x?a=***"},
		{"/var/lib/docker/overlay2/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/merged/etc/nginx/nginx.conf", "/var/lib/docker/overlay2/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/merged/etc/nginx/nginx.conf"},
		{"/?goodgate=m4rkm4rkm4rkm4rk0123456789abcdef", "/?goodgate=m4rkm4rkm4rkm4rk0123456789abcdef"},
	} {
		if got := r.URL(tc.in); got != tc.want {
			t.Errorf("URL(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
	if got, want := r.Text("see https://bob:p.w@example.com/a for bob@example.com"), "see https://***@example.com/a for ***"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
	if got := r.Path("/reset/ab12cd?x=y"); got != "/reset/***?x=***" {
		t.Errorf("Path = %q", got)
	}
}

func TestHeader(t *testing.T) {
	r := redactor()
	for _, tc := range []struct{ name, in, want string }{
		{"Authorization", "Basic abc=", "Basic ***"},
		{"Proxy-Authorization", "abc", "***"},
		{"Cookie", "sid=abc; theme=dark", "sid=***; theme=***"},
		{"Set-Cookie", "sid=abc; Path=/; HttpOnly", "sid=***; Path=/; HttpOnly"},
		{"X-Api-Key", "abc", "***"},
		{"HTTP_X_AUTH_TOKEN", "abc", "***"},
		{"Location", "https://a/b?c=d", "https://a/b?c=***"},
		{"Host", "example.com", "example.com"},
		{"Content-Type", "text/html; charset=utf-8", "text/html; charset=utf-8"},
		{"QUERY_STRING", "a=b&c=d", "a=***&c=***"},
		{"X-Request-Id", "m4rkm4rkm4rkm4rk0123456789abcdef", "m4rkm4rkm4rkm4rk0123456789abcdef"},
		{"X-Forwarded-For", "203.0.113.7, 10.0.0.5", r.Client("203.0.113.7") + ", 10.0.0.5"},
	} {
		got := r.Header(tc.name, tc.in)
		if got != tc.want {
			t.Errorf("Header(%q, %q) = %q, want %q", tc.name, tc.in, got, tc.want)
		}
		if again := r.Header(tc.name, got); again != got {
			t.Errorf("Header(%q) is not idempotent: %q, %q", tc.name, got, again)
		}
	}
}

func TestArgs(t *testing.T) {
	r := redactor()
	for _, tc := range []struct{ in, want string }{
		{"node server.js --port 3000", "node server.js --port 3000"},
		{"app --password=" + planted, "app --password=***"},
		{"app --db-password " + planted + " --port 3000", "app --db-password *** --port 3000"},
		{"app --token --port 3000", "app --token --port 3000"},
		{"mysql -u root -p" + planted, "mysql -u root -p***"},
		{"worker -p" + planted, "worker -p***"},
		{"nginx -p /srv/x -c conf/nginx.conf", "nginx -p /srv/x -c conf/nginx.conf"},
		{"docker run -p8080:80 -e API_KEY=" + planted, "docker run -p8080:80 -e API_KEY=***"},
		{"env SECRET_KEY_BASE=" + planted + " puma", "env SECRET_KEY_BASE=*** puma"},
		{"curl -u bob:" + planted + " http://a/", "curl -u *** http://a/"},
		{"app --db=postgres://u:" + planted + "@db/x", "app --db=postgres://***@db/x"},
		{"goodgate diagnose http://a/reset/8f14e45fceea167a5a36?password=" + planted, "goodgate diagnose http://a/reset/***?password=***"},
		{"app 8f14e45fceea167a5a36", "app ***"},
		{"redis-server *:6379", "redis-server *:6379"},
		{"gunicorn: master [app:app]", "gunicorn: master [app:app]"},
		{"/usr/bin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf", "/usr/bin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf"},
	} {
		got := r.Args(strings.Split(tc.in, " "))
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("Args(%q) = %q, want %q", tc.in, s, tc.want)
		}
		if again := r.Args(got); strings.Join(again, " ") != strings.Join(got, " ") {
			t.Errorf("Args is not idempotent: %q, %q", got, again)
		}
	}
}

const plantedConf = `user www-data; # password of the db is not here
http {
  server_tokens off;
  log_format main '$remote_addr "$http_authorization" cookie: $http_cookie token=$arg_token ua=$http_user_agent';
  map $http_x_api_key $who { default ""; "SECRET" team; SECRET other; }
  upstream app { server 10.0.0.5:3000; keepalive 8; }
  server {
    listen 443 ssl; server_name ~^(www\.)?example\.com$;
    ssl_certificate /etc/ssl/a.pem; ssl_certificate_key /etc/ssl/a.key; ssl_password_file /etc/ssl/pw;
    auth_basic "SECRET realm"; auth_basic_user_file /etc/nginx/.htpasswd;
    set $api_token "SECRET";
    location / {
      proxy_pass http://app;
      proxy_set_header Authorization "Basic SECRET";
      proxy_set_header X-Api-Key SECRET;
      proxy_set_header Cookie "a=SECRET; b=$cookie_b";
      proxy_set_header Host $host;
      proxy_pass_header Set-Cookie; proxy_hide_header X-Api-Key; proxy_ignore_headers Set-Cookie Expires;
      proxy_cookie_path / /app/;
      if ($http_x_token != "SECRET") { return 403; }
      if ($arg_token = SECRET) { return 204; }
      secure_link_md5 "$secure_link_expires$uri SECRET";
      rewrite ^/old/(.*)$ /new?page=$1&kind=old last;
    }
    location ~ \.php$ { auth_basic off; fastcgi_pass unix:/run/php.sock; fastcgi_param DB_PASSWORD "SECRET"; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; }
    location /hook/3f2a9c0b1d2e4f5a6b7c { proxy_pass http://bob:SECRET@10.0.0.9:80/x?key=SECRET&a=$arg_a; }
  }
}
`

func TestConfigHidesPlantedSecrets(t *testing.T) {
	r := redactor()
	others := []string{
		"frontend x\n  stats auth admin:SECRET\nuserlist u\n  user bob insecure-password SECRET\n  user eve password $6$abc$SECRETSECRET\n",
		"RequestHeader set Authorization \"Basic SECRET\"\nSetEnv DB_PASSWORD SECRET\n",
		"database:\n  password: SECRET\n  url: mysql://u:SECRET@db/x\n",
		"{\"basic_auth\": {\"password\": \"SECRET\"}}\n",
		"DB_PASSWORD=SECRET\nAPP_KEY=base64:SECRET\n",
		"key: |\n  -----BEGIN EC PRIVATE KEY-----\n  SECRET\n  SECRET\n  -----END EC PRIVATE KEY-----\n",
		"env[DB_PASSWORD] = SECRET\nphp_admin_value[mysqli.default_pw] = SECRET\n",
	}
	for _, conf := range append(others, plantedConf) {
		in := []byte(strings.ReplaceAll(conf, "SECRET", planted))
		got := r.Config(in)
		if bytes.Contains(got, []byte(planted)) {
			t.Errorf("a secret is left in\n%s", got)
		}
		sameShape(t, in, got)
		if again := r.Config(got); !bytes.Equal(again, got) {
			t.Errorf("not idempotent:\n%s\n%s", got, again)
		}
	}
}

func TestConfigKeepsTheRest(t *testing.T) {
	mask := strings.Repeat("x", len(planted))
	want := strings.NewReplacer("a=SECRET; b=", "xx"+mask+"x xx", "SECRET realm", mask+" xxxxx", "SECRET", mask, "bob:SECRET@", "xxx:"+mask+"@").Replace(plantedConf)
	got := string(redactor().Config([]byte(strings.ReplaceAll(plantedConf, "SECRET", planted))))
	if got != want {
		for i, l := range strings.Split(got, "\n") {
			if w := strings.Split(want, "\n")[i]; l != w {
				t.Errorf("got\n%s\nwant\n%s", l, w)
			}
		}
	}
}

func sameShape(t *testing.T, in, out []byte) {
	t.Helper()
	if len(in) != len(out) {
		t.Fatalf("%d bytes became %d", len(in), len(out))
	}
	for i, c := range in {
		if (c == '\n' || c == '\r') != (out[i] == '\n' || out[i] == '\r') {
			t.Fatalf("the end of a line moved at byte %d", i)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(plantedConf))
	f.Add([]byte("auth_basic \"a\\\" b; {\npassword=${a"))
	f.Add([]byte("map $cookie_x $y {\n\"a\nb\" c; ://:@?=$"))
	f.Fuzz(func(t *testing.T, conf []byte) {
		r := redactor()
		got := r.Config(conf)
		sameShape(t, conf, got)
		if again := r.Config(got); !bytes.Equal(again, got) {
			t.Fatalf("not idempotent:\n%q\n%q", got, again)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{`a?b=c&d=e`, `password: "a\"b", x`, `http://a:b@c/d?e=f#g=h`, `203.0.113.7 - bob [20/Nov/2026:06:28:23 +0000] "GET /?a=b c HTTP/1.1" 502 1`,
		`Cookie: ["a","b`, `-----BEGIN PRIVATE KEY-----`, `#0 x: f('a', 'b')`, `{"client":"::1, 1.2.3.4"}`, `client: ::1, client: 1.2.3.4`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := redactor()
		for name, hide := range map[string]func(string) string{"Text": r.Text, "Line": r.Line, "URL": r.URL, "Path": r.Path, "Client": r.Client,
			"Header": func(s string) string { return r.Header("Cookie", s) }, "Args": func(s string) string { return r.Args([]string{"x", s})[1] }} {
			got := hide(s)
			if again := hide(got); again != got {
				t.Fatalf("%s is not idempotent:\n%q\n%q", name, got, again)
			}
		}
	})
}

func TestAnOptionIsNoScheme(t *testing.T) {
	const row = "cache_peer 127.0.0.1 parent 18595 0 no-query originserver no-digest name=tickets_1\n"
	if got := string(NewRedactor(nil).Config([]byte(row))); got != row {
		t.Errorf("%q becomes %q", row, got)
	}
	const header = "Authorization: Digest name=tickets_1x9\n"
	if got := string(NewRedactor(nil).Config([]byte(header))); got == header {
		t.Errorf("%q is left as it is", header)
	}
}
