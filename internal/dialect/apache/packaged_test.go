package apache

import (
	"os"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// TestPackaged reads the configuration that Debian's package brings.
func TestPackaged(t *testing.T) {
	program(t)
	if _, err := os.Stat("/etc/apache2/apache2.conf"); err != nil {
		t.Skip("no packaged configuration: scripts/install-peers apache2")
	}
	c := Config(disk{}, dialect.Launch{Exe: "/usr/sbin/apache2", Version: "2.4.62"})
	for _, p := range c.Instance.Problems {
		t.Errorf("%s: %s", p.Place, p.Text)
	}
	if len(c.Instance.Listeners) == 0 {
		t.Fatalf("no listeners in %v", c.Instance.Files)
	}
	d := c.Resolve(topo.Request{Listener: c.Instance.Listeners[0].Address, Port: 80, Host: "x.test", Path: "/"})
	if d.Outcome != topo.Serves || len(d.Logs) < 2 || d.Logs[0].Path != "/var/log/apache2/error.log" {
		t.Errorf("%+v", d)
	}
}
