package nginx

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// TestDefaultsOfRelease: what is not set is as the release that runs has it.
func TestDefaultsOfRelease(t *testing.T) {
	text := archive{"/etc/nginx/nginx.conf": `events {} http { upstream a { server 127.0.0.1:1; } server { listen 80; location / { proxy_pass https://a; } } }`}
	for _, c := range []struct {
		version             string
		idle, requests      float64
		protocols, upstream string
	}{
		{"", 0, 1000, "TLSv1 TLSv1.1 TLSv1.2", "1.0"},
		{"1.18.0", 0, 100, "TLSv1 TLSv1.1 TLSv1.2", "1.0"},
		{"1.22.1", 0, 1000, "TLSv1 TLSv1.1 TLSv1.2", "1.0"},
		{"1.26.3", 0, 1000, "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", "1.0"},
		{"1.30.6", 32, 1000, "TLSv1.2 TLSv1.3", "1.1"},
	} {
		conf := Config(hidden{text}, dialect.Launch{Product: "nginx", Version: c.version})
		d := conf.Resolve(topo.Request{Port: 80, Host: "a.test", Path: "/"})
		pool := conf.Instance.Pools[0].Settings
		if pool[vocab.KeepaliveCount].Number != c.idle || pool[vocab.KeepaliveRequests].Number != c.requests {
			t.Errorf("%s: %+v", c.version, pool)
		}
		if got := d.Settings[vocab.TLSProtocols].Value; got != c.protocols || d.Upstream.Version != c.upstream {
			t.Errorf("%s: %q, HTTP/%s", c.version, got, d.Upstream.Version)
		}
	}
}
