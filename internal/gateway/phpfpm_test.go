package gateway_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/config"
)

// phpfpm returns the program, or skips.
func phpfpm(t *testing.T) string {
	t.Helper()
	if all, _ := filepath.Glob("/usr/sbin/php-fpm*"); len(all) > 0 {
		return all[0]
	}
	if path, err := exec.LookPath("php-fpm"); err == nil {
		return path
	}
	const why = "php-fpm is not installed: scripts/install-peers php-fpm"
	if os.Getenv("GOODGATE_TEST_ALL") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

// TestPHPFPM speaks with the real one: bodies both ways, its own statuses, and a
// script that dies.
func TestPHPFPM(t *testing.T) {
	program := phpfpm(t)
	dir := t.TempDir()
	sock := filepath.Join(dir, "fpm.sock")
	script := `<?php
if ($_SERVER['REQUEST_URI'] === '/teapot') { http_response_code(418); exit; }
if ($_SERVER['REQUEST_URI'] === '/die') { exec('kill -9 ' . getmypid()); }
header('X-Path-Info: ' . ($_SERVER['PATH_INFO'] ?? ''));
echo $_SERVER['REQUEST_METHOD'], ' ', $_SERVER['HTTP_HOST'], ' ', strlen(file_get_contents('php://input')), ' ', str_repeat('x', (int)($_GET['n'] ?? 0));
`
	conf := fmt.Sprintf("[global]\nerror_log=%s/err\ndaemonize=no\n[www]\nlisten=%s\nlisten.mode=0666\nuser=root\ngroup=root\npm=static\npm.max_children=2\n", dir, sock)
	for name, text := range map[string]string{"index.php": script, "fpm.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-n", "-F", "-R", "-y", filepath.Join(dir, "fpm.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() }()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", sock); err == nil {
			c.Close()
			break
		}
		if time.Since(begun) > 10*time.Second {
			log, _ := os.ReadFile(filepath.Join(dir, "err"))
			t.Fatalf("php-fpm does not listen: %s", log)
		}
	}
	s := newSite(t, upstreamOf(func(u *config.Upstream) {
		u.Protocol, u.Root, u.Index = "fastcgi", dir, "index.php"
		u.Servers = []config.Server{{URL: "unix:" + sock}}
	}))
	host := s.addr
	big := strings.Repeat("b", 300<<10)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", 200, "GET " + host + " 0 "},
		{"POST", "/x", "form", 200, "POST " + host + " 4 "},
		{"PUT", "/x", big, 200, fmt.Sprintf("PUT %s %d ", host, len(big))},
		{"GET", "/?n=200000", "", 200, "GET " + host + " 0 " + strings.Repeat("x", 200000)},
		{"GET", "/teapot", "", 418, ""},
		{"POST", "/die", "x", 502, ""},
	} {
		code, body, h := s.ask(c.method, c.path, c.body)
		if code != c.status || c.status == 200 && body != c.want {
			t.Errorf("%s %s: %d %.80q, %v", c.method, c.path, code, body, h)
		}
		if code == 502 && !strings.Contains(h.Get("Proxy-Status"), "connection_terminated") && !strings.Contains(h.Get("Proxy-Status"), "http_response_incomplete") {
			t.Errorf("%s: %q", c.path, h.Get("Proxy-Status"))
		}
	}
}
