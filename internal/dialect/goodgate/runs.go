package goodgate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// address is where the running gateway is asked; empty where it has no admin address.
func (c *conf) address() (network, address string) {
	if path, ok := strings.CutPrefix(c.Admin, "unix:"); ok {
		if !filepath.IsAbs(path) && !strings.HasPrefix(path, "@") {
			path = c.absolute(path)
		}
		return "unix", path
	}
	if _, _, err := net.SplitHostPort(c.Admin); err != nil {
		return "", ""
	}
	return "tcp", c.Admin
}

func get(path string) string { return "GET " + path + " HTTP/1.0\r\nHost: goodgate\r\n\r\n" }

// running asks the gateway for the configuration that is in force, every default
// filled in. A reload leaves its process as it is, so that the times of files and
// processes do not tell whether the file was loaded. Nil: it cannot be asked, or does
// not answer as one that can.
func (c *conf) running(src dialect.Source) *conf {
	network, address := c.address()
	if network == "" {
		return nil
	}
	reply, err := dialect.Ask(src, dialect.Question{
		Source: "goodgate's admin address: /config", Network: network, Address: address, Send: get("/config"),
		Allow: "goodgate gateway status --admin " + c.Admin,
	})
	if err != nil {
		return nil
	}
	head, body, ok := bytes.Cut(reply, []byte("\r\n\r\n"))
	status, _, _ := bytes.Cut(head, []byte("\r\n"))
	if !ok || !bytes.Contains(status, []byte(" 200 ")) || !bytes.Contains(bytes.ToLower(head), []byte("content-type: application/yaml")) {
		return nil
	}
	r := &conf{path: c.path, prefix: c.prefix}
	if r.read(body); len(r.problems) > 0 || len(r.Listen) == 0 {
		return nil
	}
	r.text = nil // it stands in no file
	r.lists(src)
	r.files, r.problems = c.files, nil
	return r
}

// signature is what a configuration does, whether its defaults are written out or
// not.
func (c *conf) signature(l dialect.Launch) string {
	inst := c.instance(l)
	var b strings.Builder
	for _, l := range inst.Listeners {
		fmt.Fprintln(&b, "listen", l.Network, l.Address, l.TLS)
	}
	for _, p := range inst.Pools {
		protocol := c.Upstreams[p.Name].Protocol
		if protocol == "" {
			protocol = "http"
		}
		fmt.Fprintln(&b, "pool", p.Name, protocol)
		for _, e := range p.Endpoints {
			fmt.Fprintln(&b, "server", e.String(), e.Weight, e.Backup)
		}
		for _, k := range slices.Sorted(maps.Keys(p.Settings)) {
			s := p.Settings[k]
			fmt.Fprintln(&b, k, s.Number)
			if s.Number == 0 {
				fmt.Fprintln(&b, s.Value)
			}
		}
	}
	sites, _ := json.Marshal(c.Sites)
	b.Write(sites)
	return b.String()
}

// conf is the configuration as the doctor wants it: what runs, where that is told,
// with the places of the file where both say the same.
func (c *conf) conf(src dialect.Source, l dialect.Launch) *dialect.Conf {
	out := &dialect.Conf{Instance: c.instance(l), Resolve: c.resolve, Questions: c.questions(l), Watches: true, InPlace: true}
	if l.Config == "" {
		return out
	}
	told := c.running(src)
	if told == nil {
		return out
	}
	out.Told, out.Disk = true, c.resolve
	if told.signature(l) == c.signature(l) {
		return out
	}
	problems := append([]topo.Problem(nil), out.Instance.Problems...)
	out.Instance, out.Resolve, out.Questions = told.instance(l), told.resolve, told.questions(l)
	out.Instance.Problems = problems
	return out
}
