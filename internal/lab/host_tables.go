package lab

import (
	"fmt"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

// tableFaults are those of the kernel's tables.
func tableFaults() []Fault {
	// track builds a site whose connections to the upstream are tracked, and those
	// of its clients are not: they would meet the fault before the gateway does.
	track := func(b *Bench) (*Gateway, int) {
		b.Machine(nil)
		name := b.Name()
		config := good(b.local())
		config.Idle = 0 // no connection is left from before
		app := b.Backend(name, config)
		n := b.Gateway(b.Site(name).Via(b, "http", app.Addr, "proxy_connect_timeout 1s;"))
		b.Track(nil, port(n.target.listen))
		return n.Run().Served(2), port(app.Addr)
	}
	return []Fault{
		{
			Name: "conntrack-full", Doc: "the connection tracking table is full: the kernel drops what is new", Cause: vocab.ConntrackFull, Symptom: vocab.ConnectionTimeout, Status: 504, Needs: []string{"nginx", "netns", "nft", "conntrack"},
			Start: func(b *Bench) (Scene, error) {
				n, _ := track(b)
				b.FillTable(b.netns)
				return n.Scene("other connections fill the table of this network namespace")
			},
		},
		{
			Name: "filtered-beside-conntrack", Doc: "a firewall drops what goes to the upstream's port, while the table of another network namespace is full", Cause: vocab.Filtered, Symptom: vocab.ConnectionTimeout, Status: 504, Needs: []string{"nginx", "netns", "nft", "conntrack"},
			Start: func(b *Bench) (Scene, error) {
				n, upstream := track(b)
				other := b.namespace("other", nil)
				if b.err != nil {
					return Scene{}, b.err
				}
				b.Track(other, 1)
				b.FillTable(other.fd)
				// One packet that finds no room: the kernel says so in its log.
				b.runIn(other, "sh", "-c", "ip route add default dev lo; echo > /dev/udp/192.0.2.1/9 || true")
				b.run("nft", fmt.Sprintf("add rule inet lab in tcp dport %d drop", upstream))
				b.run("nft", fmt.Sprintf("insert rule inet lab in tcp dport %d drop", upstream))
				return n.Scene("nft: tcp dport drop; the full table is another's")
			},
		},
	}
}

// tableHealthy is the same noise around a site that is well.
func tableHealthy(b *Bench) (Scene, error) {
	b.Machine(nil)
	name := b.Name()
	app := b.Backend(name, good(b.local()))
	n := b.Gateway(b.Site(name).Via(b, "http", app.Addr)).Run().Served(2)
	other := b.namespace("other", nil)
	if b.err != nil {
		return Scene{}, b.err
	}
	b.Track(other, 1)
	b.FillTable(other.fd)
	return n.Served(3).Quiet("the full table is another network namespace's")
}
