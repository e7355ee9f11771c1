package caddy

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// questions are what to ask at the admin API beside the configuration: what it
// holds of every upstream (adminUpstreams in reverseproxy/admin.go).
func (c *config) questions() []dialect.Question {
	network, address, host := c.admin()
	if address == "" {
		return nil
	}
	pools := c.instance().Pools
	if len(pools) == 0 {
		return nil
	}
	return []dialect.Question{{
		Source: "admin API " + address + ": GET /reverse_proxy/upstreams", Network: network, Address: address, Send: get(host, "/reverse_proxy/upstreams"),
		Allow: "make the admin API reachable: admin " + defaultAdmin + " in the global options",
		Read:  func(reply []byte) []dialect.Told { return readUpstreams(reply, pools) },
	}}
}

// upstreamState is what the API says of one upstream.
type upstreamState struct {
	Address  string `json:"address"`
	Requests int    `json:"num_requests"`
	Fails    int    `json:"fails"`
	Healthy  *bool  `json:"healthy"` // 2.5 and older
}

const maxStates = 20_000

// readUpstreams says which pools have no upstream left: those that failed as often
// as they may while it is remembered, or have all the requests that they may have
// (Upstream.Available in hosts.go).
func readUpstreams(reply []byte, pools []topo.Pool) []dialect.Told {
	body, ok := answer200(reply)
	if !ok {
		return nil
	}
	var list []upstreamState
	if json.Unmarshal(body, &list) != nil {
		return nil
	}
	var told []dialect.Told
	for _, p := range pools {
		failed, full, known := 0, 0, 0
		quote := ""
		for _, s := range list[:min(len(list), maxStates)] {
			i := slices.IndexFunc(p.Endpoints, func(e topo.Endpoint) bool { return e.Name == s.Address || e.String() == s.Address })
			if i < 0 {
				continue
			}
			known++
			e := p.Endpoints[i]
			switch {
			case e.MaxFails > 0 && s.Fails >= e.MaxFails, s.Healthy != nil && !*s.Healthy:
				failed++
			case e.MaxConns > 0 && s.Requests >= e.MaxConns:
				full++
			}
			quote = fmt.Sprintf(`{"address":%q,"num_requests":%d,"fails":%d}`, s.Address, s.Requests, s.Fails)
		}
		switch {
		case known == 0 || known < len(p.Endpoints) || failed+full < known:
		case full > 0:
			told = append(told, dialect.Told{Fact: vocab.PoolQueued, Pool: p.Name, Quote: quote, Value: fmt.Sprintf("%d of %d upstreams have all the requests that they may have", full, known)})
		default:
			told = append(told, dialect.Told{Fact: vocab.PoolNoServer, Pool: p.Name, Quote: quote, Value: fmt.Sprintf("the running Caddy counts too many failures of all %d upstreams", known)})
		}
	}
	return told
}
