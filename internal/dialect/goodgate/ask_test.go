package goodgate

import (
	"fmt"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

const asked = `listen: [{address: ':1'}]
admin: run/admin.sock-is-no-address
upstreams: {app: {servers: [{url: 'http://127.0.0.1:3000'}, {url: app.internal:3000}]}}
sites: [{name: s, routes: [{to: app}]}]
`

// reply is what the admin address answers, with these servers of the pool.
func reply(servers string) []byte {
	return []byte("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + `{"schema":"goodgate/gateway-status/v1","upstreams":[{"name":"app","waiting":2,"endpoints":[` + servers + `]}]}`)
}

func TestTold(t *testing.T) {
	c := &conf{}
	c.read([]byte(asked))
	const a, b = `{"address":"127.0.0.1:3000","server":"127.0.0.1:3000","condition":"%s","why":"%s","active":1,"max_requests":1}`, `{"address":"10.0.0.7:3000","server":"app.internal:3000","condition":"%s","why":"%s"}`
	for _, one := range []struct {
		name, servers, want string
	}{
		{"well", fmt.Sprintf(a+","+b, "up", "", "up", ""), "  127.0.0.1:3000@127.0.0.1:3000   app.internal:3000@10.0.0.7:3000 "},
		{"full", fmt.Sprintf(a+","+b, "up", "", "away", "dial: connection refused"), " 127.0.0.1:3000@127.0.0.1:3000   app.internal:3000@10.0.0.7:3000  pool_queued @ "},
		{"drained", fmt.Sprintf(a, "draining", "a person took it out"), "server_in_maintenance 127.0.0.1:3000@127.0.0.1:3000  pool_in_maintenance @ "},
		{"checks", fmt.Sprintf(a+","+b, "failing", "the check was answered 404", "failing,away", "the check cannot connect: dial: connection refused"),
			"check_rejects 127.0.0.1:3000@127.0.0.1:3000  check_unconnected app.internal:3000@10.0.0.7:3000  pool_no_server @ "},
		{"sick", fmt.Sprintf(a, "failing", "the check was answered 503"), "check_rejects 127.0.0.1:3000@127.0.0.1:3000  check_answers_error 127.0.0.1:3000@127.0.0.1:3000  pool_no_server @ "},
		{"nothing", "", ""},
	} {
		got := ""
		for _, told := range c.told(reply(one.servers)) {
			got += fmt.Sprintf("%s %s@%s  ", told.Fact, told.Server, told.Address)
			if told.Pool != "app" {
				t.Errorf("%s: %+v", one.name, told)
			}
		}
		if squeeze(got) != squeeze(one.want) {
			t.Errorf("%s: %q, want %q", one.name, got, one.want)
		}
	}
	for _, bad := range []string{"", "HTTP/1.0 404 Not Found\r\n\r\nno", "HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n[1"} {
		if told := c.told([]byte(bad)); len(told) != 0 {
			t.Errorf("%q tells %v", bad, told)
		}
	}
}

// TestDrainedSaysHow: who reads that a person took a server out reads how to put it
// back.
func TestDrainedSaysHow(t *testing.T) {
	c := &conf{}
	c.read([]byte(asked))
	c.Admin = "unix:/run/a.sock"
	told := c.told(reply(`{"address":"127.0.0.1:3000","server":"127.0.0.1:3000","condition":"draining","why":"a person took it out"}`))
	if len(told) != 2 || told[0].Value != "goodgate gateway undrain 127.0.0.1:3000 --admin unix:/run/a.sock puts it back" || told[1].Value != "the only server of app is drained" {
		t.Errorf("%+v", told)
	}
}

func squeeze(s string) (out string) {
	for _, r := range s {
		if r != ' ' {
			out += string(r)
		}
	}
	return out
}

func TestQuestions(t *testing.T) {
	for admin, want := range map[string]string{"unix:run/a.sock": "unix /srv/run/a.sock", "127.0.0.1:9180": "tcp 127.0.0.1:9180", "": "", "nonsense": "", "unix:@abstract": "unix @abstract"} {
		c := readConfig(files{}, dialect.Launch{Prefix: "/srv", Globals: "--listen=:1\n--to=a\n--admin=" + admin})
		got := ""
		for _, q := range c.Questions {
			got = q.Network + " " + q.Address
		}
		if got != want {
			t.Errorf("%q: %q, want %q", admin, got, want)
		}
	}
}

func FuzzTold(f *testing.F) {
	f.Add(reply(`{"address":"127.0.0.1:3000","condition":"draining"}`))
	c := &conf{}
	c.read([]byte(asked))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, told := range c.told(b) {
			if _, ok := told.Fact.Info(); told.Fact != "" && !ok {
				t.Fatalf("%q is no fact", told.Fact)
			}
		}
	})
}
