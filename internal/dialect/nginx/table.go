package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
	"github.com/goodgatehq/goodgate/internal/dialect/regex"
)

// table computes a variable: a map, geo or split_clients block.
type table struct {
	kind     string // "map", "geo", "split_clients", or another module's block
	source   string
	d        *syntax.Directive
	hosts    bool // names are matched as host names are
	volatile bool
	exact    map[string]string
	names    []serverName // with hostnames: wildcards
	results  []string     // of names
	patterns []pattern
	byDef    string
}

type pattern struct {
	re     *regex.Regexp
	err    error
	result string
}

// tablesOf reads the variable blocks of http or stream by the variable that they
// make.
func tablesOf(s *scope) map[string]*table {
	all := map[string]*table{}
	for _, it := range s.items {
		switch it.Name() {
		case "map", "split_clients":
			if it.Brace && len(it.Words) == 3 {
				all[variableName(it.Arg(2))] = readTable(it)
			}
		case "geo", "geoip2":
			if it.Brace && len(it.Words) > 1 {
				all[variableName(it.Arg(len(it.Words)-1))] = readTable(it)
			}
		}
	}
	return all
}

func variableName(s string) string { return strings.ToLower(strings.TrimPrefix(s, "$")) }

func readTable(it *item) *table {
	t := &table{kind: it.Name(), source: it.Arg(1), d: it.Directive, exact: map[string]string{}}
	syntax.Expand(it.Block, func(d *syntax.Directive) bool {
		switch {
		case len(d.Words) == 1 && d.Name() == "hostnames":
			t.hosts = true
		case len(d.Words) == 1 && d.Name() == "volatile":
			t.volatile = true
		}
		return true
	})
	syntax.Expand(it.Block, func(d *syntax.Directive) bool {
		if len(d.Words) == 2 {
			t.row(d)
		}
		return true
	})
	return t
}

// row reads one line of a map as ngx_http_map does.
func (t *table) row(d *syntax.Directive) {
	key, result := d.Name(), d.Arg(1)
	switch {
	case key == "include":
	case key == "default":
		t.byDef = result
	case strings.HasPrefix(key, "~"):
		p, fold := strings.CutPrefix(key[1:], "*")
		re, err := regex.Compile(p, fold)
		t.patterns = append(t.patterns, pattern{re, err, result})
	default:
		// "\default" is the word itself.
		key = strings.TrimPrefix(strings.ToLower(key), `\`)
		if t.hosts && (strings.HasPrefix(key, "*.") || strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".*")) {
			t.names = append(t.names, nameOf(nil, key))
			t.results = append(t.results, result)
			return
		}
		if _, twice := t.exact[key]; !twice {
			t.exact[key] = result
		}
	}
}

// look computes the variable of t for the request.
func (r *run) look(t *table) value {
	if t.kind != "map" {
		// By the client's address or a hash: the default is as good as any.
		out := r.expand(t.byDef)
		return guess(out.text, "a "+t.kind+" block ("+t.d.Place().String()+")")
	}
	in := r.expand(t.source)
	key := in.text
	result, ok := t.exact[strings.ToLower(key)]
	if !ok && t.hosts {
		best := 0
		host := strings.ToLower(strings.TrimSuffix(key, "."))
		if result, ok = t.exact[host]; !ok {
			for i := range t.names {
				if fit := t.names[i].fits(host); fit > best {
					best, result, ok = fit, t.results[i], true
				}
			}
		}
	}
	var unread error
	for i := range t.patterns {
		if ok {
			break
		}
		p := &t.patterns[i]
		if p.err != nil {
			unread = p.err
			continue
		}
		m, err := p.re.Match(key)
		if err != nil {
			unread = err
		}
		if m != nil {
			r.captures(p.re, m)
			result, ok = p.result, true
		}
	}
	if !ok {
		result = t.byDef
	}
	out := r.expand(result)
	if !in.sure {
		return guess(out.text, in.why)
	}
	if unread != nil {
		return guess(out.text, "a pattern that goodgate cannot match ("+t.d.Place().String()+")")
	}
	return out
}
