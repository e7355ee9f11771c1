package nginx

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// reading turns the words of a directive into the number of a setting.
type reading func(words string) float64

func asWords(string) float64 { return 0 }

// asDecimal reads "1.1".
func asDecimal(s string) float64 {
	n, _ := strconv.ParseFloat(s, 64)
	return n
}

func asCount(s string) float64 {
	n, _ := parseCount(firstWord(s))
	return n
}

func asTime(s string) float64 {
	t, _ := parseTime(firstWord(s), true)
	return t
}

func asSize(s string) float64 {
	n, _ := parseSize(firstWord(s), true)
	return n
}

// asBuffers reads "8 4k" as the bytes of all buffers.
func asBuffers(s string) float64 {
	count, size, _ := strings.Cut(s, " ")
	n, _ := parseCount(count)
	each, _ := parseSize(strings.TrimSpace(size), false)
	return n * each
}

// asLargest reads "4 8k" as the bytes of one buffer: the longest line.
func asLargest(s string) float64 {
	_, size, _ := strings.Cut(s, " ")
	n, _ := parseSize(strings.TrimSpace(size), false)
	return n
}

func asSwitch(s string) float64 {
	if strings.EqualFold(s, "on") {
		return 1
	}
	return 0
}

// firstWord returns s up to a blank. "60s 50s" has two meanings for nginx (a
// time of its own and one it tells); the first is the one that counts. A quoted
// "1h 30m" is rare enough to be read as one hour.
func firstWord(s string) string {
	if a, _, ok := strings.Cut(s, " "); ok {
		return a
	}
	return s
}

// setting puts the value of a directive that is in force in s.
func (c *config) setting(out topo.Settings, s *scope, k vocab.Knob, directive, byDefault string, read reading) {
	c.put(out, s, s.value(directive), k, directive, byDefault, read)
}

// settingHere puts the value of a directive that is not inherited.
func (c *config) settingHere(out topo.Settings, s *scope, k vocab.Knob, directive, byDefault string, read reading) {
	c.put(out, s, s.first(directive), k, directive, byDefault, read)
}

func (c *config) put(out topo.Settings, s *scope, it *item, k vocab.Knob, directive, byDefault string, read reading) {
	v := topo.Setting{Knob: k, Directive: directive, Value: byDefault, Default: true, Insert: s.insert()}
	if it != nil {
		v.Value, v.Default, v.Place = it.Value(), false, it.Place()
	}
	v.Number = read(v.Value)
	out[k] = v
}

// insert returns an empty range in the block where a directive can be added:
// after its last simple directive, at the end of the line where only a comment
// follows, so that "\n", the indentation of that line and the directive can be
// put there.
func (s *scope) insert() topo.Place {
	if s.context == "lif" || s.context == "sif" {
		return s.up.insert()
	}
	if s.d == nil {
		return s.insertMain()
	}
	last, at := s.d, s.d.Open+1
	for _, d := range s.d.Block {
		if !d.Brace {
			last, at = d, d.End()
		}
	}
	return after(last, at)
}

// insertMain returns the place after the last simple directive of the main file.
func (s *scope) insertMain() topo.Place {
	for i := len(s.items) - 1; i >= 0; i-- {
		it := s.items[i]
		if !it.Brace && it.File.Path != "-g" {
			return after(it.Directive, it.End())
		}
	}
	for _, it := range s.items {
		if it.File.Path != "-g" {
			return placeAt(it.File.Path, it.File.Data, it.Words[0].Start)
		}
	}
	return topo.Place{}
}

// endOfLine returns the end of the line of at where nothing but blanks and a
// comment follow, or else at.
func endOfLine(data []byte, at int) int {
	at = min(at, len(data))
	for i := at; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t', '\r':
		case '\n':
			return at
		case '#':
			for i < len(data) && data[i] != '\n' {
				i++
			}
			return i
		default:
			return at
		}
	}
	return at
}

// after returns the empty range at the end of the line of at, which stands in or
// right after d. It counts lines from d, not from the top of the file.
func after(d *syntax.Directive, at int) topo.Place {
	data := d.File.Data
	at = endOfLine(data, min(at, len(data)))
	w := d.Words[len(d.Words)-1]
	line := w.Line + bytes.Count(data[w.Start:max(at, w.Start)], []byte{'\n'})
	return topo.Place{File: d.File.Path, Line: line, Column: at - bytes.LastIndexByte(data[:at], '\n'), Start: at, End: at}
}

func placeAt(path string, data []byte, at int) topo.Place {
	head := string(data[:min(at, len(data))])
	return topo.Place{File: path, Line: 1 + strings.Count(head, "\n"), Column: len(head) - strings.LastIndexByte(head, '\n'), Start: at, End: at}
}

// spelled is how one protocol spells a knob.
type spelled struct {
	knob      vocab.Knob
	directive string
	byDefault string
	read      reading
}

// common are the knobs that every module of ngx_http_upstream has, after its
// prefix. Defaults are those of each module's merge_loc_conf.
func common(prefix string) []spelled {
	return []spelled{
		{vocab.ConnectTimeout, prefix + "_connect_timeout", "60s", asTime},
		{vocab.SendTimeout, prefix + "_send_timeout", "60s", asTime},
		{vocab.ReadTimeout, prefix + "_read_timeout", "60s", asTime},
		{vocab.NextUpstream, prefix + "_next_upstream", "error timeout", asWords},
		{vocab.NextUpstreamTries, prefix + "_next_upstream_tries", "0", asCount},
		{vocab.NextUpstreamTimeout, prefix + "_next_upstream_timeout", "0", asTime},
		// ngx_pagesize, which is 4096 on x86-64 and on most arm64 kernels.
		{vocab.HeaderBuffer, prefix + "_buffer_size", "4k", asSize},
		{vocab.BindAddress, prefix + "_bind", "", asWords},
	}
}

// answers are the knobs of the modules that read answers like HTTP's.
func answers(prefix string) []spelled {
	return []spelled{
		{vocab.InterceptErrors, prefix + "_intercept_errors", "off", asSwitch},
	}
}

// buffers are the knobs of the modules that can buffer answers.
func buffers(prefix string) []spelled {
	return []spelled{
		{vocab.Buffers, prefix + "_buffers", "8 4k", asBuffers},
		{vocab.Buffering, prefix + "_buffering", "on", asSwitch},
		{vocab.RequestBuffering, prefix + "_request_buffering", "on", asSwitch},
		{vocab.IgnoreClientAbort, prefix + "_ignore_client_abort", "off", asSwitch},
	}
}

// encryption are the knobs of the modules that can speak TLS.
func encryption(prefix, name, version string) []spelled {
	protocols := "TLSv1 TLSv1.1 TLSv1.2"
	switch {
	case atVersion(version, "1.27.3"):
		protocols = "TLSv1.2 TLSv1.3"
	case atVersion(version, "1.23.4"):
		protocols = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"
	}
	return []spelled{
		{vocab.TLSVerify, prefix + "_ssl_verify", "off", asSwitch},
		{vocab.TLSVerifyDepth, prefix + "_ssl_verify_depth", "1", asCount},
		{vocab.TLSTrusted, prefix + "_ssl_trusted_certificate", "", asWords},
		{vocab.TLSName, prefix + "_ssl_name", name, asWords},
		{vocab.TLSServerName, prefix + "_ssl_server_name", "off", asSwitch},
		{vocab.TLSProtocols, prefix + "_ssl_protocols", protocols, asWords},
		{vocab.TLSCiphers, prefix + "_ssl_ciphers", "DEFAULT", asWords},
		{vocab.TLSCertificate, prefix + "_ssl_certificate", "", asWords},
		{vocab.TLSCertificateKey, prefix + "_ssl_certificate_key", "", asWords},
	}
}

// spelling returns the knobs of a protocol as nginx of a version spells them.
// name is the value of TLSName where it is not set.
func spelling(p vocab.Protocol, name, version string) []spelled {
	switch p {
	case vocab.HTTP, vocab.HTTPS:
		http := "1.0"
		if atVersion(version, "1.29.7") {
			http = "1.1"
		}
		list := append(append(common("proxy"), answers("proxy")...), buffers("proxy")...)
		list = append(list, spelled{vocab.HTTPVersion, "proxy_http_version", http, asDecimal})
		return append(list, encryption("proxy", name, version)...)
	case vocab.FastCGI:
		return append(append(common("fastcgi"), answers("fastcgi")...), buffers("fastcgi")...)
	case vocab.SCGI:
		return append(append(common("scgi"), answers("scgi")...), buffers("scgi")...)
	case vocab.UWSGI, vocab.SUWSGI:
		list := append(append(common("uwsgi"), answers("uwsgi")...), buffers("uwsgi")...)
		return append(list, encryption("uwsgi", name, version)...)
	case vocab.GRPC, vocab.GRPCS:
		return append(append(common("grpc"), answers("grpc")...), encryption("grpc", name, version)...)
	case vocab.TCP, vocab.TLS:
		return streamSpelling(name, version)
	}
	return common("memcached")
}

// streamSpelling returns the knobs of the stream module. One timeout stands for
// both directions.
func streamSpelling(name, version string) []spelled {
	return append([]spelled{
		{vocab.ConnectTimeout, "proxy_connect_timeout", "60s", asTime},
		{vocab.SendTimeout, "proxy_timeout", "10m", asTime},
		{vocab.ReadTimeout, "proxy_timeout", "10m", asTime},
		{vocab.NextUpstream, "proxy_next_upstream", "on", asWords},
		{vocab.NextUpstreamTries, "proxy_next_upstream_tries", "0", asCount},
		{vocab.NextUpstreamTimeout, "proxy_next_upstream_timeout", "0", asTime},
		{vocab.BindAddress, "proxy_bind", "", asWords},
		{vocab.ProxyHeaderSend, "proxy_protocol", "off", asSwitch},
	}, encryption("proxy", name, version)...)
}

// general are the knobs of a request that no upstream has to do with.
func (c *config) general(out topo.Settings, s *scope) {
	c.setting(out, s, vocab.RequestBodyLimit, "client_max_body_size", "1m", asSize)
	c.setting(out, serverOf(s), vocab.RequestHeaderBuffer, "large_client_header_buffers", "4 8k", asLargest)
	c.setting(out, s, vocab.ClientKeepalive, "keepalive_timeout", "75s", asTime)
	c.limits(out, s, vocab.LimitRequests, "limit_req")
	c.limits(out, s, vocab.LimitConnections, "limit_conn")
	c.resolving(out, s)
}

// serverOf returns the server block around s.
func serverOf(s *scope) *scope {
	for s.up != nil && s.context != "server" {
		s = s.up
	}
	return s
}

// limits notes every limit of a kind that is in force, the first one's place.
func (c *config) limits(out topo.Settings, s *scope, k vocab.Knob, directive string) {
	list := s.inherited(directive)
	if len(list) == 0 {
		return
	}
	c.put(out, s, list[0], k, directive, "", asWords)
	v := out[k]
	for _, it := range list[1:] {
		v.Value += "; " + it.Value()
	}
	out[k] = v
}

// resolving notes the resolver in force.
func (c *config) resolving(out topo.Settings, s *scope) {
	it := s.value("resolver")
	if it == nil {
		return
	}
	c.put(out, s, it, vocab.ResolverServers, "resolver", "", asWords)
	c.setting(out, s, vocab.ResolverTimeout, "resolver_timeout", "30s", asTime)
	for _, w := range it.Args() {
		if v, ok := strings.CutPrefix(w.Text, "valid="); ok {
			n, _ := parseTime(v, false)
			out[vocab.ResolverValid] = topo.Setting{Knob: vocab.ResolverValid, Directive: "resolver", Value: v, Number: n, Place: it.Place(), Insert: s.insert()}
		}
	}
}
