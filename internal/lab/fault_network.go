package lab

import (
	"fmt"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

func networkFaults() []Fault {
	f := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, status int, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: status, Needs: []string{"nginx", "netns"}, Start: start}
	}
	filter := func(rule string, limit string) start {
		return func(b *Bench) (Scene, error) {
			b.Machine(nil)
			name := b.Name()
			config := good(b.local())
			config.Idle = 0 // no connection is left from before the rule
			app := b.Backend(name, config)
			n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, limit)).Run().Served(2)
			b.run("nft", "add table inet filter")
			b.run("nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.run("nft", fmt.Sprintf("add rule inet filter input tcp dport %d %s", port(app.Addr), rule))
			return n.Scene("nft: tcp dport " + fmt.Sprint(port(app.Addr)) + " " + rule)
		}
	}
	return []Fault{
		f("filtered-drop", "a firewall on this host drops what goes to the upstream's port", vocab.Filtered, vocab.ConnectionTimeout, 504, filter("drop", "proxy_connect_timeout 1s;")).needs("nft"),
		f("filtered-reject", "a firewall on this host rejects with \"administratively prohibited\"", vocab.Filtered, vocab.DestinationIPUnroutable, 502, filter("reject with icmpx type admin-prohibited", "")).needs("nft"),
		f("filtered-remote", "a firewall on the upstream's host drops", vocab.Filtered, vocab.ConnectionTimeout, 504, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			other := b.namespace("other", nil)
			b.wire(other)
			name, p := b.Name(), b.Port()
			address := fmt.Sprintf("10.66.0.2:%d", p)
			config := good(fmt.Sprintf("0.0.0.0:%d", p))
			config.Idle = 0
			b.backendAs(command{name: name, dir: "srv/" + name, in: other}, config)
			n := b.Gateway(b.Site(name).Via(b, "http", address, "proxy_connect_timeout 1s;")).Run().Served(2)
			b.runIn(other, "nft", "add table inet filter")
			b.runIn(other, "nft", "add chain inet filter input { type filter hook input priority 0; policy accept; }")
			b.runIn(other, "nft", fmt.Sprintf("add rule inet filter input tcp dport %d drop", p))
			return n.Scene("the other host drops what comes to its port")
		}).needs("nft"),
		f("filtered-router", "a router on the way to the upstream's host drops", vocab.Filtered, vocab.ConnectionTimeout, 504, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			router, server := b.namespace("router", nil), b.namespace("server", nil)
			b.wire(router)
			b.route(router, server)
			name, p := b.Name(), b.Port()
			config := good(fmt.Sprintf("0.0.0.0:%d", p))
			config.Idle = 0
			b.backendAs(command{name: name, dir: "srv/" + name, in: server}, config)
			n := b.Gateway(b.Site(name).Via(b, "http", fmt.Sprintf("10.67.0.2:%d", p), "proxy_connect_timeout 1s;")).Run().Served(2)
			b.runIn(router, "nft", "add table ip filter")
			b.runIn(router, "nft", "add chain ip filter forward { type filter hook forward priority 0; policy accept; }")
			b.runIn(router, "nft", fmt.Sprintf("add rule ip filter forward tcp dport %d drop", p))
			s, err := n.Scene("the router drops what goes to the port")
			s.Args = append(s.Args, "--deep") // it also tells where packets end
			return s, err
		}).needs("nft"),
		noRoute(nginx()).says("there is no route to the upstream's network").onNginx(),
		f("unreachable-no-ipv6", "the upstream has an IPv6 address and this host has no route for it", vocab.Unreachable, vocab.DestinationIPUnroutable, 502, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			return b.Gateway(b.Site(b.Name()).Via(b, "http", fmt.Sprintf("[2001:db8::5]:%d", b.Port()))).Run().Scene()
		}),
		f("unreachable-no-neighbour", "the upstream's host does not answer ARP", vocab.Unreachable, vocab.DestinationIPUnroutable, 502, func(b *Bench) (Scene, error) {
			b.Machine(nil)
			b.wire(b.namespace("other", nil))
			// Three questions, 200 ms apart instead of a second: the answer is
			// the same, sooner (ip-sysctl, neigh/*/retrans_time_ms).
			b.run("sh", "-c", "echo 200 > /proc/sys/net/ipv4/neigh/eth0/retrans_time_ms")
			return b.Gateway(b.Site(b.Name()).Via(b, "http", fmt.Sprintf("10.66.0.77:%d", b.Port()))).Run().Scene()
		}),
	}
}

func balancerFaults() []Fault {
	member := func(name, doc string, cause vocab.Cause, symptom vocab.Symptom, also vocab.Cause, intermittent bool, start start) Fault {
		return Fault{Name: name, Doc: doc, Cause: cause, Symptom: symptom, Status: 502, Also: []vocab.Cause{also}, Intermittent: intermittent, Needs: []string{"nginx"}, Start: start}
	}
	return []Fault{
		member("pool-all-dead", "both members of the upstream have been stopped", vocab.UpstreamDown, vocab.DestinationUnavailable, vocab.NoHealthyUpstream, false, func(b *Bench) (Scene, error) {
			name := b.Name()
			one, two := b.Backend(name+"-1", good(b.local())), b.Backend(name+"-2", good(b.local()))
			s := b.Site(name).Pool(b, "http", []string{one.Addr + " max_fails=1 fail_timeout=30s", two.Addr + " max_fails=1 fail_timeout=30s"}, "")
			n := b.Gateway(s)
			n.workers = 1 // each worker counts failures for itself
			n.Run().Served(3)
			one.End()
			two.End()
			n.Get(2)
			return n.Scene("both were stopped; nginx asks neither for 30 s")
		}).orSymptom(vocab.ConnectionRefused), // what it saw before it gave up on both
		member("pool-one-dead", "one of three members is dead, and nothing is tried twice", vocab.UpstreamDown, vocab.ConnectionRefused, vocab.PartialOutage, true, func(b *Bench) (Scene, error) {
			n, _ := b.trio("")
			n.Get(6)
			return n.Scene("every third request meets the dead one")
		}),
		member("pool-one-garbage", "one of three members sends garbage, and nothing is tried twice", vocab.InvalidResponse, vocab.HTTPProtocolError, vocab.PartialOutage, true, func(b *Bench) (Scene, error) {
			n, _ := b.trio("bad-header")
			n.Get(6)
			return n.Scene("every third request meets the broken one")
		}),
	}
}

// trio is a site with three members, one of which is dead, or does something
// wrong.
func (b *Bench) trio(wrong string) (*Gateway, string) {
	name := b.Name()
	bad := b.local()
	if wrong != "" {
		b.Backend(name+"-3", does(bad, wrong))
	}
	members := []string{b.Backend(name+"-1", good(b.local())).Addr, b.Backend(name+"-2", good(b.local())).Addr, bad}
	b.Rand.Shuffle(3, func(i, j int) { members[i], members[j] = members[j], members[i] })
	for i := range members {
		members[i] += " max_fails=0"
	}
	n := b.Gateway(b.Site(name).Pool(b, "http", members, "", "proxy_next_upstream off;"))
	n.workers = 1 // so that its turns are predictable
	return n.Run(), bad
}
