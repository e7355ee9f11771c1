package envoy

import (
	"sort"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/tree"
	"github.com/goodgatehq/goodgate/internal/topo"
)

func (c *config) instance() topo.Instance {
	inst := topo.Instance{Product: "envoy", Version: c.launch.Version, Config: c.file, Files: c.files, Problems: c.problems, Settings: topo.Settings{}}
	if inst.Version == "" {
		inst.Version = c.version
	}
	names := make([]string, 0, len(c.clusters))
	for n := range c.clusters {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		x := c.clusters[n]
		p := topo.Pool{Name: n, Method: strings.ToLower(x.node.Str("lb_policy")), Endpoints: x.endpoints(), Settings: topo.Settings{}, Checks: x.checks(), Place: x.at()}
		clusterSettings(p.Settings, x)
		inst.Pools = append(inst.Pools, p)
	}
	for _, l := range c.listeners {
		both := l.both()
		inst.Listeners = append(inst.Listeners, both...)
		for i := range l.chains {
			x := &l.chains[i]
			if x.http == nil {
				continue
			}
			inst.Logs = append(inst.Logs, logs(x.http, l)...)
			for _, vh := range c.table(x.http).List("virtual_hosts") {
				inst.Sites = append(inst.Sites, c.site(vh, x, both))
			}
		}
	}
	return inst
}

// both are what a listener listens for: TLS and plain bytes are told apart by its
// filter chains.
func (l *listener) both() (out []topo.Listener) {
	for _, secure := range []bool{false, true} {
		var any, http bool
		for _, x := range l.chains {
			any = any || x.tls == secure
			http = http || x.tls == secure && x.http != nil
		}
		if any {
			a := l.address
			a.TLS, a.HTTP2, a.Stream = secure, secure, !http
			out = append(out, a)
		}
	}
	return out
}

func (c *config) site(vh *tree.Node, x *chain, listeners []topo.Listener) topo.Site {
	s := topo.Site{Place: vh.At}
	s.Names, s.Default = siteNames(vh)
	for _, l := range listeners {
		if l.TLS == x.tls {
			s.Listeners = append(s.Listeners, l)
		}
	}
	for _, r := range vh.List("routes") {
		if cl, ok := c.clusters[r.Str("route", "cluster")]; ok && len(s.Forwards) < 200 {
			s.Forwards = append(s.Forwards, cl.forward())
		}
	}
	return s
}

// logs are the access logs of a connection manager.
func logs(http *tree.Node, l *listener) (out []topo.Log) {
	for _, n := range http.List("access_log") {
		t := settled(n)
		log := topo.Log{Kind: "access", Path: t.Str("path"), Filtered: n.Has("filter"), Place: n.At}
		switch kind(n) {
		case "StdoutAccessLog":
			log.Path = "/dev/stdout"
		case "StderrAccessLog":
			log.Path = "/dev/stderr"
		}
		if log.Path == "" {
			continue // a service takes it
		}
		log.Format, log.FormatName = logFormat(t)
		out = append(out, log)
	}
	return out
}

// logFormat is the format of a log as a text: of JSON a member on each line, as
// "name\tformat" behind "json".
func logFormat(t *tree.Node) (format, name string) {
	for _, p := range [][]string{{"log_format", "text_format_source", "inline_string"}, {"log_format", "text_format"}, {"format"}} {
		if f := t.Str(p...); f != "" {
			return f, "text"
		}
	}
	for _, p := range [][]string{{"log_format", "json_format"}, {"json_format"}, {"typed_json_format"}} {
		j := t.Get(p...)
		if j == nil {
			continue
		}
		var b strings.Builder
		b.WriteString("json")
		j.Each(func(key string, v *tree.Node) { b.WriteString("\n" + key + "\t" + v.Str()) })
		return b.String(), "json"
	}
	return "", "text"
}
