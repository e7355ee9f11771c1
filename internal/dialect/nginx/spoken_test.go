package nginx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// read writes text to a file and reads it as a configuration.
func read(t *testing.T, text string) *dialect.Conf {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Config(disk{}, dialect.Launch{Product: "nginx", Version: "1.22.1", Exe: "/usr/sbin/nginx", Config: path, Prefix: dir})
}

func TestSpokenRewritesPath(t *testing.T) {
	conf := read(t, `events {}
http {
    upstream app { server 127.0.0.1:3000 weight=3; server unix:/run/x.sock backup; keepalive 8; }
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        listen 80;
        location /api/ {
            proxy_pass http://app/v1/;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 5s; # short
        }
    }
}
`)
	d := conf.Resolve(topo.Request{Port: 80, Host: "example.com", Path: "/api/a b", Query: "x=1"})
	if d.Outcome != topo.Forwards || d.Upstream.URI != "/v1/a%20b?x=1" {
		t.Fatalf("outcome %s, URI %q", d.Outcome, d.Upstream.URI)
	}
	want := []topo.Header{{Name: "Host", Value: "app"}, {Name: "Connection", Value: "close"}}
	if len(d.Upstream.Header) != 2 || d.Upstream.Header[0] != want[0] || d.Upstream.Header[1] != want[1] {
		t.Errorf("headers %v, want %v", d.Upstream.Header, want)
	}
	if s := d.Settings[vocab.ReadTimeout]; s.Number != 5 || s.Default || s.Place.Line != 10 {
		t.Errorf("read timeout %+v", s)
	}
	if s := d.Settings[vocab.KeepaliveCount]; s.Number != 8 || s.Place.Line != 3 {
		t.Errorf("keepalive %+v", s)
	}
}
