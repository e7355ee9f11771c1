package doctor

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// configItems says what a configuration that was given beside the lines shows.
func (e *explaining) configItems(have int) []evidence.Item {
	var items []evidence.Item
	add := func(fact vocab.Fact, subject, value, where string) {
		items = append(items, evidence.Item{ID: "e" + strconv.Itoa(have+len(items)+1), Fact: fact, Subject: subject, Value: value, Origin: evidence.Origin{Kind: evidence.Config, Where: where}})
	}
	e.hinted(add)
	conf := e.readConfig()
	if conf == nil {
		return items
	}
	for _, s := range conf.Instance.Sites {
		for _, f := range s.Forwards {
			named := slices.ContainsFunc(f.Endpoints, func(p topo.Endpoint) bool { return p.IsName() && p.Host != "localhost" })
			switch {
			case (named || f.RunTime) && f.Resolver == nil:
				add(vocab.ResolverAbsent, e.route, f.Target, f.Place.String())
			case named && f.Resolver.AtStart && isAddress(e.endpoint):
				add(vocab.ResolvedAtStart, e.route, f.Target, f.Place.String())
			}
		}
	}
	for _, p := range conf.Instance.Pools {
		if p.Settings[vocab.KeepaliveCount].Number > 0 {
			add(vocab.KeepaliveUsed, e.route, "keepalive "+p.Settings[vocab.KeepaliveCount].Value, p.Place.String())
		}
	}
	return items
}

func isAddress(endpoint string) bool {
	_, err := netip.ParseAddrPort(endpoint)
	return err == nil
}

// readConfig reads the configuration that was given, by the first dialect that
// finds something in it. Snippets are tried inside the blocks that usually stand
// around them.
func (e *explaining) readConfig() *dialect.Conf {
	if e.opts.ConfigText == nil {
		return nil
	}
	for _, d := range e.opts.Dialects {
		if d.Config == nil || e.opts.Product != "" && d.Name != e.opts.Product {
			continue
		}
		for _, wrap := range snippets {
			text := wrap[0] + string(e.opts.ConfigText) + wrap[1]
			c := d.Config(oneFile(text), dialect.Launch{Product: d.Name, Config: snippetPath, Prefix: "/"})
			if len(c.Instance.Sites) > 0 || len(c.Instance.Pools) > 0 {
				return c
			}
		}
	}
	return nil
}

// snippets are the surroundings in which a piece of an nginx configuration may
// have stood.
var snippets = [][2]string{
	{"", ""},
	{"events {}\nhttp {\n", "\n}\n"},
	{"events {}\nhttp { server {\n", "\n}}\n"},
	{"events {}\nhttp { server { location / {\n", "\n}}}\n"},
}

const snippetPath = "/snippet.conf"

// oneFile is a source that has one file.
type oneFile string

// ReadFile returns the file, whatever its path ends in.
func (f oneFile) ReadFile(path string) ([]byte, error) {
	if path == snippetPath {
		return []byte(f), nil
	}
	return nil, errors.New("it was not given")
}

// Glob finds nothing.
func (f oneFile) Glob(string) ([]string, error) { return nil, nil }
