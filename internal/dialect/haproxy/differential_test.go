package haproxy

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
)

// head makes a body a whole configuration.
const head = "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nlisten x\n bind 127.0.0.1:18080\n"

// bodies are lines of a proxy that HAProxy takes or refuses, and which we are
// to judge as it does.
var bodies = []string{
	"server a 1.1.1.1:80", "server a 1.1.1.1:80 check inter 2s fall 2 rise 1 weight 5 maxconn 10 backup", "server a 1.1.1.1:80 ssl verify none sni str(x)", "server a /x/y.sock",
	"server a 1.1.1.1:80 disabled\n server b [::1]:80\n server c ::1:80", "default-server check\n server a 1.1.1.1:80", "balance leastconn\n option httpchk GET /x\n server a 1.1.1.1:80 check",
	"server a 1.1.1.1:80 checck", "server a 1.1.1.1:80 sss", "server a", "server a 1.1.1.1:99999", "server a 1.1.1.1:abc", "server a 1.1.1.1:1\n server a 1.1.1.1:2",
	"server a 1.1.1.1:80 ssl", "server a 1.1.1.1:80 ssl verify required ca-file /etc/passwd-not", "server a 1.1.1.1:80 resolvers nope",
	"timeout srver 5", "timeout queue 5x", "timeout queue", "timeout queue 5 6", "timeout queue 5s", "timeout queue 100us", "timeout http-request 10s",
	"mode htp", "mode tcp", "foo bar", "optoin httplog", "option httplog", "retries 3", "maxconn 10", "description hi", "http-reuse never", "http-reuse foo",
	"acl a path_beg /x\n http-request deny if a", "http-request deny if a", "http-request denyy", "http-request return status 503 if { path /x }", "http-request deny if { path /x",
	"http-request set-header X-A b unless { path_beg -i /a /b } || { method POST }", "http-request set-var(txn.a) path", "http-request track-sc0 src", "http-request deny if METH_GET !HTTP_1.1 or FALSE",
	"use_backend nob if TRUE", "default_backend nob", "redirect scheme https if !{ ssl_fc }", "http-request deny if \"a", "errorfile 503 /etc/haproxy-not/x.http",
	"monitor-uri /up", "stats enable\n stats uri /stats", "log global", "option forwardfor\n option redispatch\n no option http-keep-alive", "bind 127.0.0.1:18081 ssl crt /etc/haproxy-not/x.pem",
	"bind 1.2.3.4", "bind foo", "bind 127.0.0.1:18081 accept-proxy v4v6", "bind 127.0.0.1:18081 accept-prxy", "bind /tmp/x.sock mode 600", "cookie S insert indirect nocache\n server a 1.1.1.1:80 cookie a",
	"server-template s 3 1.1.1.1:80", "stick-table type ip size 1k expire 10s store conn_cur", "http-response set-header A b", "tcp-request inspect-delay 5s", "http-check expect status 200",
	"frontend y\n bind 127.0.0.1:18082\n default_backend x", "backend x", "frontend x\n bind 127.0.0.1:18082", "backend y\nbackend y", "frontend y\n bind 127.0.0.1:18082\n default_backend z",
	"global\n tune.bufsize 32768\n maxconn 10", "global\n fooo", "resolvers dns\n nameserver a 127.0.0.1:53", ".if 0\n foo\n.endif", ".if 1\n foo\n.else\n server a 1.1.1.1:80\n.endif",
	"defaults d\n mode tcp\nbackend y from d\n server a 1.1.1.1:80", "backend y from nod", "setenv A b",
}

// newer are what 3.0 knows and 2.6 does not: guids, stores of certificates, logs
// that are balanced, values of the PROXY header.
var newer = []string{
	"guid x1\n server a 1.1.1.1:80 guid x2", "server a 1.1.1.1:80 send-proxy-v2 set-proxy-v2-tlv-fmt(0xE1) %[src] check", "server a 1.1.1.1:80 hash-key addr shard 1 pool-conn-name str(x)",
	"bind 127.0.0.1:18081 guid-prefix x", "http-request set-fc-tos 0x10", "crt-store web\n crt-base /etc/haproxy-not", "server a 1.1.1.1:80 log-bufsize 65536",
	"backend l\n mode log\n balance sticky\n server a udp@127.0.0.1:514", "global\n harden.reject-privileged-ports.tcp on\n http-fail-codes 500-599 -501\n prealloc-fd\n ssl-security-level 1",
	"global\n key-base /etc", "global\n kee-base /etc", "server a 1.1.1.1:80 gid x", "zzz-none 1", "server a 1.1.1.1:80 zzz-none",
}

// TestDifferential compares what we hold to be fatal with what haproxy -c
// refuses.
func TestDifferential(t *testing.T) {
	for version, program := range suite.Releases(t, "haproxy") {
		t.Run(version, func(t *testing.T) {
			list := bodies
			if release(version) >= 300 {
				list = append(slices.Clone(bodies), newer...)
			}
			differential(t, program, version, list)
		})
	}
}

func differential(t *testing.T, program, version string, bodies []string) {
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	missed := 0
	for _, body := range bodies {
		text := head + " " + body + "\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		said, err := exec.Command(program, "-c", "-f", path).CombinedOutput()
		refuses := err != nil
		c := Config(suite.Disk{}, dialect.Launch{Config: path, Version: version})
		fatal := ""
		for _, p := range c.Instance.Problems {
			if p.Fatal {
				fatal = p.Text
			}
		}
		switch {
		case fatal != "" && !refuses:
			t.Errorf("%q: HAProxy takes it, we say %q", body, fatal)
		case fatal == "" && refuses:
			missed++
			t.Logf("%q: HAProxy refuses it, and we do not see why: %.300s", body, said)
		}
	}
	if missed > 3 {
		t.Errorf("of %d configurations %d are refused for reasons that we do not see", len(bodies), missed)
	}
}

// TestWords holds the tables to what a HAProxy says that it knows.
func TestWords(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(empty, []byte(head), 0o644); err != nil {
		t.Fatal(err)
	}
	for version, program := range suite.Releases(t, "haproxy") {
		said, err := exec.Command(program, "-dKcfg", "-q", "-c", "-f", empty).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", version, err, said)
		}
		section, count := "", 0
		for line := range strings.Lines(string(said)) {
			words := strings.Fields(line)
			if !strings.HasPrefix(line, "\t") && len(words) > 0 {
				section = words[0]
				continue
			}
			if len(words) == 0 || !printed(section, words) {
				continue
			}
			count++
			if !listed(section, words) {
				t.Errorf("%s: %q of %s is not in the tables", version, strings.TrimSpace(line), section)
			}
		}
		if count < 200 {
			t.Errorf("%s says only %d words: %.300s", version, count, said)
		}
	}
}

// printed reports whether a line of -dKcfg is of a kind that we have a table for.
func printed(section string, words []string) bool {
	return section == "global" && !strings.Contains(words[0], ".") || section == "listen"
}

func listed(section string, words []string) bool {
	last := strings.TrimSuffix(words[len(words)-1], "*")
	if strings.HasPrefix(last, "+") {
		last = words[len(words)-2]
	}
	switch {
	case section == "global":
		return slices.Contains(globalWords, words[0])
	case words[0] == "bind" && len(words) > 2:
		_, ok := bindWords[last]
		return ok
	case words[0] == "server" && len(words) > 2:
		_, ok := serverWords[last]
		return ok
	case words[0] == "http-request" && len(words) > 1:
		return slices.Contains(requestActions, last)
	}
	return slices.Contains(proxyWords, words[0])
}
