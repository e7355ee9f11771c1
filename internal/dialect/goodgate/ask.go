package goodgate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// status is what the admin address says at /status, as far as it tells of failures.
type status struct {
	Schema    string `json:"schema"`
	Upstreams []struct {
		Name      string     `json:"name"`
		Waiting   int        `json:"waiting"`
		Endpoints []endState `json:"endpoints"`
	} `json:"upstreams"`
}

// endState is one server of it.
type endState struct {
	Address   string `json:"address"`
	Server    string `json:"server"` // as configured
	Condition string `json:"condition"`
	Why       string `json:"why"`
	Active    int    `json:"active"`
	Most      int    `json:"max_requests"`
}

// questions ask the running gateway, where it has an admin address.
func (c *conf) questions(l dialect.Launch) []dialect.Question {
	network, address := c.address()
	if network == "" {
		return nil
	}
	return []dialect.Question{{
		Source: "goodgate's admin address: /status", Network: network, Address: address,
		Send:  get("/status"),
		Allow: "goodgate gateway status --admin " + c.Admin,
		Read:  c.told,
	}}
}

// told reads the reply to /status.
func (c *conf) told(reply []byte) (told []dialect.Told) {
	_, body, ok := bytes.Cut(reply, []byte("\r\n\r\n"))
	var s status
	if !ok || json.Unmarshal(body, &s) != nil || s.Schema != "goodgate/gateway-status/v1" {
		return nil
	}
	for _, p := range s.Upstreams {
		out, drained, full := 0, 0, 0
		for _, e := range p.Endpoints {
			told = append(told, e.told(p.Name, c.nameOf(p.Name, e), c.Admin)...)
			switch {
			case strings.Contains(e.Condition, "draining"):
				out, drained = out+1, drained+1
			case e.Condition != "up":
				out++
			case e.Most > 0 && e.Active >= e.Most:
				full++
			}
		}
		all := len(p.Endpoints)
		one := func(fact vocab.Fact, format string, args ...any) {
			text := fmt.Sprintf(format, args...)
			told = append(told, dialect.Told{Fact: fact, Pool: p.Name, Value: text, Quote: text})
		}
		switch {
		case all == 0:
		case drained == all:
			one(vocab.PoolInMaintenance, "%s drained", every(all, p.Name))
		case out == all:
			one(vocab.PoolNoServer, "%s out", every(all, p.Name))
		case full > 0 && full+out == all:
			one(vocab.PoolQueued, "%d servers of %s have max_requests under way, %d requests wait", full, p.Name, p.Waiting)
		}
	}
	return told
}

// every begins a sentence about all servers of a pool.
func every(n int, pool string) string {
	if n == 1 {
		return "the only server of " + pool + " is"
	}
	return fmt.Sprintf("all %d servers of %s are", n, pool)
}

// told is what is said of one server, which the configuration calls name,
// by the gateway at admin.
func (e endState) told(pool, name, admin string) (told []dialect.Told) {
	why := e.Why
	add := func(fact vocab.Fact) {
		told = append(told, dialect.Told{Fact: fact, Pool: pool, Server: name, Address: e.Address, Value: why, Quote: e.Address + " " + e.Condition + ": " + e.Why})
	}
	switch {
	case strings.Contains(e.Condition, "draining"):
		why = "goodgate gateway undrain " + e.Address + " --admin " + admin + " puts it back"
		add(vocab.ServerInMaintenance)
	case strings.Contains(e.Condition, "failing") && connected([]byte(e.Why)) != "":
		add(vocab.CheckUnconnected)
	case strings.Contains(e.Condition, "failing"):
		add(vocab.CheckRejects)
		if strings.Contains(e.Why, "the check was answered 5") {
			add(vocab.CheckAnswersError)
		}
	default:
		told = append(told, dialect.Told{Pool: pool, Server: name, Address: e.Address})
	}
	return told
}

// nameOf is the name of the configured server that an address belongs to.
func (c *conf) nameOf(pool string, e endState) string {
	for _, end := range c.endpoints(pool, c.Upstreams[pool]) {
		if end.String() == e.Address || end.String() == e.Server {
			return nameServer(end)
		}
	}
	return ""
}

// nameServer is what a server is called in its pool: as the configuration has it.
func nameServer(e topo.Endpoint) string { return e.String() }
