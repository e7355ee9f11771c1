package apache

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// reading turns the words of a directive into the number of a setting.
type reading func(words string) float64

func asWords(string) float64 { return 0 }

func asCount(s string) float64 {
	n, _ := strconv.ParseFloat(s, 64)
	return n
}

func asSwitch(s string) float64 {
	if on(s) {
		return 1
	}
	return 0
}

// asTime reads a time as ap_timeout_parameter_parse does: seconds, or with a
// unit.
func asTime(s string) float64 {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9') {
		end++
	}
	n, _ := strconv.ParseFloat(s[:end], 64)
	switch unit := strings.ToLower(s[end:]); {
	case unit == "ms":
		return n / 1000
	case unit == "mi", unit == "min":
		return n * 60
	case strings.HasPrefix(unit, "h"):
		return n * 3600
	}
	return n
}

// put notes the directive that is in force for a host, or the default.
func (c *config) put(out topo.Settings, h *host, k vocab.Knob, names []string, spelled, byDefault string, read reading) {
	c.putNode(out, h, h.value(names...), k, spelled, byDefault, read)
}

func (c *config) putNode(out topo.Settings, h *host, n *node, k vocab.Knob, spelled, byDefault string, read reading) {
	s := topo.Setting{Knob: k, Directive: spelled, Value: byDefault, Default: true, Insert: c.insert(h)}
	if n != nil {
		s.Directive, s.Value, s.Default, s.Place = n.written, strings.Join(n.args, " "), false, n.place()
	}
	s.Number = read(s.Value)
	out[k] = s
}

// insert is the empty range after the last directive of a host, at the end of its
// line, so that "\n", the indentation of that line and a directive can be put
// there.
func (c *config) insert(h *host) topo.Place {
	var last *node
	for _, n := range h.n.sub {
		if !n.section() && (h.main || n.line.File == h.n.line.File && n.line.End <= h.n.end) {
			last = n
		}
	}
	if last == nil {
		if h.main {
			return topo.Place{}
		}
		last = h.n
	}
	data, at := last.line.File.Data, last.line.End
	return topo.Place{File: last.line.File.Path, Line: last.line.Number + bytes.Count(data[last.line.Start:at], []byte{'\n'}),
		Column: at - bytes.LastIndexByte(data[:at], '\n'), Start: at, End: at}
}

// putParam notes a parameter of a worker, where it has it.
func putParam(out topo.Settings, params map[string]param, k vocab.Knob, read reading, insert topo.Place, keys ...string) {
	for _, key := range keys {
		if p, ok := params[key]; ok {
			out[k] = topo.Setting{Knob: k, Directive: key + "=", Value: p.value, Number: read(p.value), Place: p.place, Insert: insert}
			return
		}
	}
}

// forever is longer than any connection is kept.
const forever = 1e9

// forwardSettings are the knobs in force for a way out of a host. Params are those
// of the worker; nil where it is the general one, which keeps no connections.
func (r *run) forwardSettings(t target, params map[string]param, f *topo.Forward) topo.Settings {
	c, h := r.c, r.h
	out := topo.Settings{}
	ins := c.insert(h)
	limit := "60"
	if n := h.value("timeout"); n != nil {
		limit = n.arg(0)
	}
	for _, k := range []vocab.Knob{vocab.ReadTimeout, vocab.SendTimeout, vocab.ConnectTimeout} {
		c.put(out, h, k, []string{"proxytimeout", "timeout"}, "ProxyTimeout", limit, asTime)
		if n := h.value("proxytimeout"); n != nil {
			c.putNode(out, h, n, k, "ProxyTimeout", limit, asTime)
		} else if s := out[k]; !s.Default {
			// The general Timeout holds for clients too: a fix sets ProxyTimeout.
			s.Directive, s.Default, s.Place = "ProxyTimeout", true, topo.Place{}
			out[k] = s
		}
		putParam(out, params, k, asTime, ins, "timeout")
	}
	putParam(out, params, vocab.ConnectTimeout, asTime, ins, "connectiontimeout")
	c.put(out, h, vocab.BindAddress, []string{"proxysourceaddress"}, "ProxySourceAddress", "", asWords)
	out[vocab.HTTPVersion] = topo.Setting{Knob: vocab.HTTPVersion, Directive: "SetEnv force-proxy-request-1.0", Value: "1.1", Number: 1.1, Default: true, Insert: ins}
	c.keeping(out, r, params, f, ins)
	if f.Protocol == vocab.HTTPS {
		r.encryption(out, t)
	}
	return out
}

// keeping says whether and how long idle connections are kept: HTTP workers do
// unless disablereuse is on, FastCGI's do only with enablereuse.
func (c *config) keeping(out topo.Settings, r *run, params map[string]param, f *topo.Forward, ins topo.Place) {
	count := topo.Setting{Knob: vocab.KeepaliveCount, Directive: "max=", Value: "0", Default: true, Insert: ins}
	reuse := f.Protocol == vocab.HTTP || f.Protocol == vocab.HTTPS || f.Protocol == vocab.AJP
	if p, ok := params["enablereuse"]; ok {
		reuse = on(p.value)
		count.Directive, count.Value, count.Place, count.Default = "enablereuse=", p.value, p.place, false
	}
	if p, ok := params["disablereuse"]; ok {
		reuse = !on(p.value)
		count.Directive, count.Value, count.Place, count.Default = "disablereuse=", p.value, p.place, false
	}
	if params == nil || r.setenv("proxy-nokeepalive") {
		reuse = false
	}
	if reuse {
		count.Number = 25 // ThreadsPerChild
		if p, ok := params["max"]; ok {
			count.Number = asCount(p.value)
		}
		if count.Default {
			count.Value = strconv.Itoa(int(count.Number))
		}
	}
	out[vocab.KeepaliveCount] = count
	idle := topo.Setting{Knob: vocab.KeepaliveTimeout, Directive: "ttl=", Value: "unlimited", Number: forever, Default: true}
	if strings.HasPrefix(r.via.name, "proxypass") && f.Pool == "" {
		idle.Place, idle.Line = r.via.place(), r.via.line.Text+" ttl={value}"
	}
	out[vocab.KeepaliveTimeout] = idle
	putParam(out, params, vocab.KeepaliveTimeout, asTime, ins, "ttl")
}

// encryption are the knobs of SSLProxy*. Name and time of a certificate are
// checked unless that is turned off, also where its authority is not.
func (r *run) encryption(out topo.Settings, t target) {
	c, h := r.c, r.h
	look := func(names ...string) *node {
		for _, s := range r.proxies {
			for i := len(s.sub) - 1; i >= 0; i-- {
				for _, name := range names {
					if s.sub[i].name == name {
						return s.sub[i]
					}
				}
			}
		}
		return h.value(names...)
	}
	require := func(s string) float64 {
		if strings.EqualFold(s, "require") || strings.EqualFold(s, "optional") {
			return 1
		}
		return 0
	}
	if engine := look("sslproxyengine"); engine == nil || !on(engine.arg(0)) {
		return // no handshake is made (AH00961)
	}
	c.putNode(out, h, look("sslproxyverify"), vocab.TLSVerify, "SSLProxyVerify", "none", require)
	c.putNode(out, h, look("sslproxyverifydepth"), vocab.TLSVerifyDepth, "SSLProxyVerifyDepth", "1", asCount)
	c.putNode(out, h, look("sslproxycacertificatefile"), vocab.TLSTrusted, "SSLProxyCACertificateFile", "", asWords)
	name := look("sslproxycheckpeername")
	if name == nil {
		name = look("sslproxycheckpeercn")
	}
	c.putNode(out, h, name, vocab.TLSCheckName, "SSLProxyCheckPeerName", "on", asSwitch)
	c.putNode(out, h, look("sslproxycheckpeerexpire"), vocab.TLSCheckTime, "SSLProxyCheckPeerExpire", "on", asSwitch)
	c.putNode(out, h, look("sslproxyprotocol"), vocab.TLSProtocols, "SSLProxyProtocol", "all -SSLv3", asWords)
	p := out[vocab.TLSProtocols]
	p.Value = protocols(p.Value)
	out[vocab.TLSProtocols] = p
	c.putNode(out, h, look("sslproxyciphersuite"), vocab.TLSCiphers, "SSLProxyCipherSuite", "", asWords)
	c.putNode(out, h, look("sslproxymachinecertificatefile"), vocab.TLSCertificate, "SSLProxyMachineCertificateFile", "", asWords)
	out[vocab.TLSCertificateKey] = topo.Setting{Knob: vocab.TLSCertificateKey, Directive: "SSLProxyMachineCertificateFile", Value: out[vocab.TLSCertificate].Value, Default: true}
	// The name that is sent and checked: the client's Host where that is kept,
	// else the target's (ap_proxy_ssl_connection_create, proxy-request-hostname).
	// An address is not sent.
	verify := t.host
	if r.on("proxypreservehost") {
		verify = r.req.Host
	}
	out[vocab.TLSName] = topo.Setting{Knob: vocab.TLSName, Directive: "ProxyPreserveHost", Value: verify, Default: true}
	sends := 1.0
	if isAddress(verify) {
		sends = 0
	}
	out[vocab.TLSServerName] = topo.Setting{Knob: vocab.TLSServerName, Directive: "ProxyPreserveHost", Value: verify, Number: sends, Default: true}
}

// protocols spells the versions that a list of SSLProxyProtocol leaves, as
// OpenSSL names them.
func protocols(words string) string {
	all := []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	have := map[string]bool{}
	fields := strings.Fields(words)
	for i, w := range fields {
		sign := byte('+')
		if w[0] == '+' || w[0] == '-' {
			sign, w = w[0], w[1:]
		} else if i == 0 {
			clear(have)
		}
		for _, v := range all {
			if strings.EqualFold(w, "all") || strings.EqualFold(w, v) {
				have[v] = sign == '+'
			}
		}
	}
	var out []string
	for _, v := range all {
		if have[v] {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}
