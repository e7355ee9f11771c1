package apache

import (
	"net"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// questions asks mod_status, where a request for its page comes to it: many a
// ProxyPass / takes it away.
func (c *config) questions() []dialect.Question {
	for _, h := range c.sites() {
		for _, s := range append(h.n.all("<location"), c.top.all("<location")...) {
			if n := s.last("sethandler"); n == nil || n.arg(0) != "server-status" {
				continue
			}
			if q, ok := c.statusPage(h, s.arg(0)); ok {
				return []dialect.Question{q}
			}
		}
	}
	return nil
}

// statusPage is the question for the page at a path of a host.
func (c *config) statusPage(h *host, path string) (dialect.Question, bool) {
	for _, l := range c.listens {
		d := c.resolve(topo.Request{Listener: l.address(), Port: l.port, Host: h.name, Method: "GET", Path: path})
		last := topo.Step{}
		if len(d.Steps) > 0 {
			last = d.Steps[len(d.Steps)-1]
		}
		if l.tls || d.Outcome != topo.Answers || d.Status != 200 || !strings.Contains(last.Text, "server-status") {
			continue
		}
		address := "127.0.0.1"
		if !l.wide() {
			address = l.ip.String()
		}
		name := h.name
		if name == "" {
			name = address
		}
		return dialect.Question{
			Source: "mod_status: " + path, Network: "tcp", Address: net.JoinHostPort(address, strconv.Itoa(l.port)),
			Send:  "GET " + path + "?auto HTTP/1.0\r\nHost: " + name + "\r\nUser-Agent: goodgate\r\n\r\n",
			Allow: "let 127.0.0.1 ask: Require local in the <Location> of server-status",
			Read:  readStatus,
		}, true
	}
	return dialect.Question{}, false
}

// readStatus reads the page of mod_status for machines (?auto), with what
// mod_proxy_balancer adds to it where ProxyStatus is on.
func readStatus(reply []byte) []dialect.Told {
	var out []dialect.Told
	pool, worker := "", ""
	workers, away := 0, 0
	end := func() {
		if workers > 0 && workers == away {
			out = append(out, dialect.Told{Fact: vocab.PoolNoServer, Pool: pool, Value: "mod_status calls every member of " + pool + " away"})
		}
		workers, away = 0, 0
	}
	for row := range strings.Lines(string(reply)) {
		key, value, ok := strings.Cut(strings.TrimSpace(row), ": ")
		switch {
		case !ok:
		case key == "IdleWorkers" && value == "0":
			out = append(out, dialect.Told{Fact: vocab.LimitReached, Value: "no worker is idle", Quote: strings.TrimSpace(row)})
		case strings.HasPrefix(key, "ProxyBalancer[") && strings.Contains(key, "]Worker[") && strings.HasSuffix(key, "]Name"):
			worker = ""
			if t, ok := parseTarget(value); ok {
				worker = t.host + ":" + strconv.Itoa(t.port)
			}
		case strings.HasPrefix(key, "ProxyBalancer[") && strings.HasSuffix(key, "]Name"):
			end()
			pool = strings.ToLower(strings.TrimPrefix(value, "balancer://"))
		case strings.HasPrefix(key, "ProxyBalancer[") && strings.HasSuffix(key, "]Status"):
			workers++
			fact := stateOf(value)
			if fact == "" {
				continue
			}
			away++
			out = append(out, dialect.Told{Fact: fact, Pool: pool, Server: worker, Value: "mod_status calls it " + strings.TrimSpace(value), Quote: strings.TrimSpace(row)})
		}
	}
	end()
	return out
}

// stateOf says what the flags of a worker mean (ap_proxy_parse_wstatus): out
// after an error, or taken out by a person. Empty: in rotation.
func stateOf(flags string) vocab.Fact {
	for w := range strings.FieldsSeq(flags) {
		switch w {
		case "Err", "HcFl":
			return vocab.GatewayServerDisabled
		case "Dis", "Stop", "Drn":
			return vocab.ServerInMaintenance
		}
	}
	return ""
}
