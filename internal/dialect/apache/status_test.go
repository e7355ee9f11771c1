package apache

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestQuestions(t *testing.T) {
	text := "LoadModule status_module m\nListen 8080\n<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>\n"
	site := "<VirtualHost *:8080>\nServerName a.test\nProxyPass / http://127.0.0.1:3000/\n</VirtualHost>\n"
	open := "<VirtualHost *:8080>\nServerName b.test\nProxyPass /server-status !\nProxyPass / http://127.0.0.1:3000/\n</VirtualHost>\n"
	ask := func(text string) []dialect.Question {
		return Config(archive{"/etc/apache2/apache2.conf": text, "/etc/apache2/m": ""}, dialect.Launch{Exe: "/usr/sbin/apache2"}).Questions
	}
	if q := ask(text + site); len(q) != 0 {
		t.Errorf("the page is passed on to the application: %+v", q)
	}
	q := ask(text + site + open)
	if len(q) != 1 || q[0].Address != "127.0.0.1:8080" || q[0].Send != "GET /server-status?auto HTTP/1.0\r\nHost: b.test\r\nUser-Agent: goodgate\r\n\r\n" {
		t.Fatalf("%+v", q)
	}
	// As 2.4.71 answers.
	told := q[0].Read([]byte("HTTP/1.1 200 OK\r\n\r\nBusyWorkers: 1\nIdleWorkers: 0\nProxyBalancer[0]Name: balancer://pool\nProxyBalancer[0]Worker[0]Name: http://127.0.0.1:18182\nProxyBalancer[0]Worker[0]Status: Init Err \n" +
		"ProxyBalancer[0]Worker[1]Name: http://127.0.0.1:18183\nProxyBalancer[0]Worker[1]Status: Init Dis \nProxyBalancer[1]Name: balancer://b\nProxyBalancer[1]Worker[0]Name: http://127.0.0.1:1\nProxyBalancer[1]Worker[0]Status: Init Ok \n"))
	want := []dialect.Told{
		{Fact: vocab.LimitReached}, {Fact: vocab.GatewayServerDisabled, Pool: "pool", Server: "127.0.0.1:18182"},
		{Fact: vocab.ServerInMaintenance, Pool: "pool", Server: "127.0.0.1:18183"}, {Fact: vocab.PoolNoServer, Pool: "pool"},
	}
	if len(told) != len(want) {
		t.Fatalf("%+v", told)
	}
	for i, w := range want {
		if told[i].Fact != w.Fact || told[i].Pool != w.Pool || told[i].Server != w.Server {
			t.Errorf("%+v, want %+v", told[i], w)
		}
	}
}
