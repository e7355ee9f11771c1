package nginx

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/topo"
)

func TestListenAddress(t *testing.T) {
	for _, c := range []struct {
		in          string
		host        string
		first, last int
		ok          bool
	}{
		{"80", "0.0.0.0", 80, 80, true}, {"*:80", "0.0.0.0", 80, 80, true}, {"127.0.0.1", "127.0.0.1", 80, 80, true},
		{"127.0.0.1:8080", "127.0.0.1", 8080, 8080, true}, {"[::]:443", "::", 443, 443, true}, {"[0:0::1]", "::1", 80, 80, true},
		{"localhost:81", "localhost", 81, 81, true}, {"localhost", "localhost", 80, 80, true}, {"8000-8002", "0.0.0.0", 8000, 8002, true},
		{"127.0.0.1:8000-8002", "127.0.0.1", 8000, 8002, true}, {"unix:/run/x.sock", "unix:/run/x.sock", 0, 0, true},
		{"127.0.0.1:", "", 0, 0, false}, {"[::1", "", 0, 0, false}, {"0", "0.0.0.0", 0, 0, false}, {"70000", "0.0.0.0", 0, 0, false}, {"unix:", "unix:", 0, 0, false},
	} {
		host, first, last, ok := listenAddress(c.in)
		if host != c.host || first != c.first || last != c.last || ok != c.ok {
			t.Errorf("%s: %s %d-%d %v", c.in, host, first, last, ok)
		}
	}
}

// TestSocketsAgreeWithNginx asks nginx on several addresses of one port.
func TestSocketsAgreeWithNginx(t *testing.T) {
	nginx := here(t)
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("there is no IPv6 loopback: ", err)
	} else {
		l.Close()
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	free := freeAddresses(t, 2)
	port, other := free[0][strings.LastIndexByte(free[0], ':')+1:], free[1][strings.LastIndexByte(free[1], ':')+1:]
	launch := write(t, nginx, dir, `pid nginx.pid; error_log error.log; user root; events {} http { access_log off;
    server { listen `+port+`; listen 127.0.0.1:`+other+`; server_name a.test; return 200 "one"; }
    server { listen 127.0.0.1:`+port+`; server_name b.test; return 200 "two"; }
    server { listen `+port+` default_server; listen [::]:`+port+`; server_name c.test a.test; return 200 "three"; }
    server { listen 127.0.0.1:`+port+`; listen *:`+other+`; server_name "" d.test; return 200 "four"; }
    server { listen unix:`+dir+`/s.sock; return 200 "five"; }
}`)
	serve(t, nginx, dir, free[0])
	conf := Config(disk{}, launch)
	for _, address := range []string{"127.0.0.1:" + port, "127.0.0.2:" + port, "[::1]:" + port, "127.0.0.1:" + other, "127.0.0.3:" + other} {
		for _, host := range []string{"a.test", "b.test", "c.test", "d.test", "A.TEST.", "none"} {
			_, want := ask(t, address, "GET", "/", host)
			d := conf.Resolve(topo.Request{Listener: address, Host: host, Path: "/"})
			if got := d.Steps[len(d.Steps)-1].Text; !strings.Contains(got, `"`+want+`"`) {
				t.Errorf("%s at %s: %s, nginx says %s", host, address, got, want)
			}
		}
	}
	d := conf.Resolve(topo.Request{Listener: "unix:" + dir + "/s.sock", Host: "x", Path: "/"})
	if got := d.Steps[len(d.Steps)-1].Text; got != `return 200 "five";` {
		t.Errorf("unix socket: %s", got)
	}
}
