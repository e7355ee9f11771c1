package goodgate

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// instance is what the configuration says of the gateway as a whole.
func (c *conf) instance(l dialect.Launch) topo.Instance {
	inst := topo.Instance{Product: "goodgate", Version: l.Version, Config: l.Config, Problems: c.problems, Listeners: c.listeners(), Logs: c.logs(), Settings: topo.Settings{}}
	if l.Config != "" {
		inst.Files = append([]string{l.Config}, c.files...)
	}
	names := make([]string, 0, len(c.Upstreams))
	for name := range c.Upstreams {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		u := c.Upstreams[name]
		inst.Pools = append(inst.Pools, topo.Pool{Name: name, Method: u.Policy, Endpoints: c.endpoints(name, u), Settings: c.settings(name, u), Place: c.place(pathOf(name))})
	}
	for i, s := range c.Sites {
		made := topo.Site{Label: s.Name, Names: siteNames(s), Listeners: inst.Listeners, Default: len(s.Hosts) == 0, Place: c.place(fmt.Sprintf("$.sites[%d]", i))}
		for j := range s.Routes {
			made.Forwards = append(made.Forwards, c.forward(i, j))
		}
		inst.Sites = append(inst.Sites, made)
	}
	return inst
}

func siteNames(s site) (names []topo.SiteName) {
	for _, h := range s.Hosts {
		kind := "exact"
		if strings.HasPrefix(h, "*") {
			kind = "wildcard"
		}
		names = append(names, topo.SiteName{Name: strings.ToLower(h), Kind: kind})
	}
	return names
}

func (c *conf) listeners() (list []topo.Listener) {
	for i, l := range c.Listen {
		made := topo.Listener{Network: "tcp", Address: l.Address, TLS: l.Cert != "", HTTP2: l.Cert != "", Place: c.place(fmt.Sprintf("$.listen[%d].address", i))}
		if path, ok := strings.CutPrefix(l.Address, "unix:"); ok {
			made.Network, made.Address = "unix", path
		} else if strings.HasPrefix(l.Address, ":") {
			made.Address = "[::]" + l.Address // both families (package net)
		}
		list = append(list, made)
	}
	return list
}

func (c *conf) logs() []topo.Log {
	path := c.AccessLog.File
	if path == "" || path == "-" {
		return nil
	}
	// Lines are gathered for 20 ms, those of failures not at all.
	return []topo.Log{{Kind: "access", Path: c.absolute(path), FormatName: c.AccessLog.Format, Place: c.place("$.access_log.file")}}
}

func (c *conf) endpoints(name string, u upstream) (list []topo.Endpoint) {
	for i, s := range u.Servers {
		if isService(s.URL) {
			continue
		}
		e, _ := endpoint(s.URL)
		e.Weight, e.Backup, e.Resolve = max(int(s.Weight), 1), s.Backup, true
		e.Name, e.Line = nameServer(e), "url: "+s.URL
		e.Place = c.place(fmt.Sprintf("%s.servers[%d].url", pathOf(name), i))
		list = append(list, e)
	}
	for _, s := range u.listed {
		if isService(s.url) {
			continue
		}
		e, _ := endpoint(s.url)
		e.Weight, e.Resolve, e.Name, e.Line, e.Place = 1, true, nameServer(e), s.url, s.place
		list = append(list, e)
	}
	return list
}

// limits are the times that have a knob, and their defaults in seconds.
var limits = []struct {
	knob vocab.Knob
	key  string
	def  float64
}{{vocab.ConnectTimeout, "connect", 2}, {vocab.SendTimeout, "send", 30}, {vocab.ReadTimeout, "first_byte", 60}}

func (c *conf) settings(name string, u upstream) topo.Settings {
	s := topo.Settings{}
	set := func(k vocab.Knob, key, text string, def float64) {
		one := topo.Setting{Knob: k, Directive: key, Value: text, Number: seconds(text, def), Default: text == ""}
		if text == "" {
			one.Value = strconv.FormatFloat(def, 'f', -1, 64) + "s"
		} else {
			one.Place = c.place(pathOf(name) + "." + key)
		}
		s[k] = one
	}
	for _, l := range limits {
		set(l.knob, "timeouts."+l.key, u.Timeouts[l.key], l.def)
	}
	set(vocab.KeepaliveTimeout, "idle_time", u.IdleTime, 60)
	set(vocab.QueueTimeout, "wait", u.Wait, 10)
	idle := topo.Setting{Knob: vocab.KeepaliveCount, Directive: "max_idle", Value: "256", Number: 256, Default: true}
	if u.MaxIdle > 0 {
		idle.Value, idle.Number, idle.Default, idle.Place = strconv.Itoa(u.MaxIdle), float64(u.MaxIdle), false, c.place(pathOf(name)+".max_idle")
	}
	s[vocab.KeepaliveCount] = idle
	if u.Protocol == "https" {
		c.tlsSettings(s, name, u)
	}
	s[vocab.HeaderBuffer] = topo.Setting{Knob: vocab.HeaderBuffer, Directive: "the limit of an answer's head", Value: "64 KiB", Number: 64 << 10, Default: true, Fixed: true}
	return s
}

// tlsSettings says how servers are spoken to with TLS. A certificate is judged, and
// a name sent, unless the configuration says otherwise; an address is no name
// (RFC 6066 section 3).
func (c *conf) tlsSettings(s topo.Settings, pool string, u upstream) {
	set := func(k vocab.Knob, key, value string, n float64, given bool) {
		one := topo.Setting{Knob: k, Directive: "tls." + key, Value: value, Number: n, Default: !given}
		if given {
			one.Place = c.place(pathOf(pool) + ".tls." + key)
		}
		s[k] = one
	}
	verify := 1.0
	if u.TLS.Insecure {
		verify = 0
	}
	set(vocab.TLSVerify, "insecure", strconv.FormatBool(u.TLS.Insecure), verify, u.TLS.Insecure)
	set(vocab.TLSTrusted, "ca", c.absolute(u.TLS.CA), 0, u.TLS.CA != "")
	name := u.TLS.Name
	if name == "" && len(u.Servers) > 0 {
		e, _ := endpoint(u.Servers[0].URL)
		name = e.Host
	}
	sends := 1.0
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		sends = 0
	}
	set(vocab.TLSName, "name", name, 0, u.TLS.Name != "")
	set(vocab.TLSServerName, "name", name, sends, u.TLS.Name != "")
	if u.TLS.Cert != "" {
		set(vocab.TLSCertificate, "cert", c.absolute(u.TLS.Cert), 0, true)
		set(vocab.TLSCertificateKey, "key", c.absolute(u.TLS.Key), 0, true)
	}
}

// absolute completes a path of the file, which refers to where the gateway was
// started.
func (c *conf) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.prefix, path)
}

// spell writes the line that sets a key.
func spell(directive, value string) string {
	return directive[strings.LastIndexByte(directive, '.')+1:] + ": " + value
}

// forward is where a route leads.
func (c *conf) forward(i, j int) topo.Forward {
	r := c.Sites[i].Routes[j]
	u := c.Upstreams[r.To]
	f := topo.Forward{Protocol: vocab.HTTP, Target: r.To, Pool: r.To, Endpoints: c.endpoints(r.To, u), Place: c.place(fmt.Sprintf("$.sites[%d].routes[%d].to", i, j)),
		Resolver: &topo.Resolver{V4: true, V6: true, Timeout: seconds(u.Timeouts["dns"], 2)}}
	for _, r := range u.Resolver {
		if a, err := netip.ParseAddr(strings.Trim(r, "[]")); err == nil {
			r = net.JoinHostPort(a.String(), "53")
		}
		f.Resolver.Servers = append(f.Resolver.Servers, r)
	}
	switch u.Protocol {
	case "https":
		f.Protocol = vocab.HTTPS
	case "fastcgi":
		f.Protocol = vocab.FastCGI
	}
	return f
}

// resolve says how the configuration treats a request: the first site that has the
// host, and of it the first route that fits.
func (c *conf) resolve(req topo.Request) topo.Decision {
	d := topo.Decision{Outcome: topo.Unknown, Settings: topo.Settings{}, Logs: c.logs()}
	for _, l := range c.listeners() {
		if req.Listener == l.Address || req.Listener == "unix:"+l.Address || req.Listener == "" && l.TLS == req.TLS && (req.Port == 0 || strings.HasSuffix(l.Address, ":"+strconv.Itoa(req.Port))) {
			d.Listener, d.Outcome = l, topo.NoRoute
			break
		}
	}
	if d.Outcome == topo.Unknown {
		return d
	}
	d.Status = 404 // what the gateway answers where nothing fits
	for i, s := range c.Sites {
		name, ok := match(s, req.Host)
		if !ok {
			continue
		}
		d.Site = name
		d.Steps = append(d.Steps, topo.Step{Text: "site " + s.Name, Place: c.place(fmt.Sprintf("$.sites[%d]", i))})
		c.route(i, req, &d)
		return d
	}
	return d
}

func match(s site, host string) (topo.SiteName, bool) {
	if len(s.Hosts) == 0 {
		return topo.SiteName{}, true
	}
	for _, n := range siteNames(s) {
		if n.Name == host || n.Name == "*" || strings.HasPrefix(n.Name, "*.") && strings.HasSuffix(host, n.Name[1:]) {
			return n, true
		}
	}
	return topo.SiteName{}, false
}

func (c *conf) route(i int, req topo.Request, d *topo.Decision) {
	for j, r := range c.Sites[i].Routes {
		prefix, exact := strings.CutPrefix(r.Path, "=")
		base := strings.TrimSuffix(prefix, "/")
		under := base == "" || req.Path == base || strings.HasPrefix(req.Path, base+"/")
		if exact && req.Path != prefix || !exact && !under || len(r.Methods) > 0 && !slices.Contains(r.Methods, req.Method) {
			continue
		}
		at := c.place(fmt.Sprintf("$.sites[%d].routes[%d]", i, j))
		if len(r.Headers) > 0 {
			d.Doubts = append(d.Doubts, topo.Problem{Place: at, Text: "whether this route applies depends on fields of the request"})
			continue
		}
		f := c.forward(i, j)
		d.Steps = append(d.Steps, topo.Step{Text: "route " + r.Path + " to " + r.To, Place: at})
		d.Outcome, d.Status, d.Forward, d.Settings = topo.Forwards, 0, &f, c.settings(r.To, c.Upstreams[r.To])
		d.Upstream = c.spoken(i, j, req)
		for k, s := range c.Upstreams[r.To].Servers {
			if isService(s.URL) {
				d.Doubts = append(d.Doubts, topo.Problem{Place: c.place(fmt.Sprintf("%s.servers[%d].url", pathOf(r.To), k)), Text: "which servers " + s.URL + " stands for is known to the running gateway alone"})
			}
		}
		return
	}
}

// spoken is the request as the gateway sends it.
func (c *conf) spoken(i, j int, req topo.Request) topo.Spoken {
	r := c.Sites[i].Routes[j]
	s := topo.Spoken{Method: req.Method, URI: req.Path, Version: "1.1"}
	if strip := strings.TrimSuffix(r.Strip, "/"); strip != "" {
		if rest, ok := strings.CutPrefix(s.URI, strip); ok {
			s.URI = "/" + strings.TrimPrefix(rest, "/")
		}
	}
	if req.Query != "" {
		s.URI += "?" + req.Query
	}
	host := r.Host
	if host == "" {
		host = req.Host
	}
	u := c.Upstreams[r.To]
	if u.Protocol != "fastcgi" {
		s.Header = []topo.Header{{Name: "Host", Value: host}, {Name: "X-Forwarded-Host", Value: req.Host}, {Name: "X-Forwarded-Proto", Value: scheme(req)}}
		return s
	}
	script := req.Path
	if at := strings.Index(script+"/", ".php/"); at >= 0 {
		script = script[:at+4]
	} else if u.Index != "" {
		script = "/" + strings.TrimPrefix(u.Index, "/")
	}
	root := strings.TrimSuffix(u.Root, "/")
	for _, p := range [][2]string{{"REQUEST_METHOD", req.Method}, {"REQUEST_URI", s.URI}, {"QUERY_STRING", req.Query}, {"SCRIPT_NAME", script}, {"SCRIPT_FILENAME", root + script},
		{"DOCUMENT_ROOT", root}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"GATEWAY_INTERFACE", "CGI/1.1"}, {"HTTP_HOST", host}} {
		s.Params = append(s.Params, topo.Header{Name: p[0], Value: p[1]})
	}
	return s
}

func scheme(req topo.Request) string {
	if req.TLS {
		return "https"
	}
	return "http"
}
