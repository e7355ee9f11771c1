package nginx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// large is a configuration of many sites, as a hoster has it.
func large(sites int) []byte {
	var b strings.Builder
	b.WriteString("events {}\nhttp {\n access_log off;\n")
	for i := range sites {
		fmt.Fprintf(&b, " upstream u%d { server 10.0.0.1:%d; }\n server {\n  listen 80;\n  server_name s%d.example *.s%d.example;\n  location / { proxy_pass http://u%d; proxy_read_timeout 5s; }\n  location ~ \\.php$ { fastcgi_pass unix:/run/%d.sock; }\n }\n", i, 1+i%60000, i, i, i, i)
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func TestLarge(t *testing.T) {
	const sites = 5000
	conf := Config(single{"/n.conf", large(sites)}, dialect.Launch{Config: "/n.conf"})
	if len(conf.Instance.Problems) > 0 || len(conf.Instance.Sites) != sites || len(conf.Instance.Pools) != sites {
		t.Fatalf("problems %v, %d sites", conf.Instance.Problems, len(conf.Instance.Sites))
	}
	d := conf.Resolve(topo.Request{Port: 80, Host: "x.s4321.example", Path: "/"})
	if d.Forward == nil || d.Forward.Pool != "u4321" {
		t.Errorf("%+v", d.Forward)
	}
}

func TestManyProblems(t *testing.T) {
	text := "events {} http {" + strings.Repeat("prox_pass x; listenn 80; unknown_thing; ", 20000) + strings.Repeat("}", 10)
	conf := Config(single{"/n.conf", []byte(text)}, dialect.Launch{Config: "/n.conf"})
	if n := len(conf.Instance.Problems); n == 0 || n > maxProblems {
		t.Errorf("%d problems", n)
	}
}

func BenchmarkConfig(b *testing.B) {
	data := large(1000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Config(single{"/n.conf", data}, dialect.Launch{Config: "/n.conf"})
	}
}

func BenchmarkResolve(b *testing.B) {
	conf := Config(single{"/n.conf", large(1000)}, dialect.Launch{Config: "/n.conf"})
	for b.Loop() {
		conf.Resolve(topo.Request{Port: 80, Host: "x.s321.example", Path: "/a"})
	}
}
