package nginx

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/nginx/syntax"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// location checks a location as ngx_http_core_location does.
func (k *checker) location(s *scope, it *item) {
	if it.sub == nil {
		return
	}
	if len(it.Words) == 3 {
		switch it.Arg(1) {
		case "=", "^~", "~", "~*":
		default:
			k.fatal(it.At(1), `invalid location modifier %q`, printable(it.Arg(1)))
			return
		}
	}
	kind, name := locationName(it)
	if s.context != "location" || s.loc == nil {
		return
	}
	up := s.loc
	switch {
	case up.kind == "=":
		k.fatal(it.Place(), `location %q cannot be inside the exact location %q`, printable(name), printable(up.name))
	case up.kind == "@":
		k.fatal(it.Place(), `location %q cannot be inside the named location %q`, printable(name), printable(up.name))
	case kind == "@":
		k.fatal(it.Place(), `named location %q can be on the server level only`, printable(name))
	case kind != "~" && kind != "~*" && !strings.HasPrefix(name, up.name):
		k.fatal(it.Place(), `location %q is outside location %q`, printable(name), printable(up.name))
	}
}

// whole checks what concerns several directives of a block.
func (k *checker) whole(s *scope) {
	switch {
	case s.area == "http" && (s.context == "server" || s.context == "location"):
		k.twins(s)
		k.rootAndAlias(s)
	case s.area == "http" && (s.context == "http" || s.context == "lif"):
		k.rootAndAlias(s)
	case s.area == "http" && s.context == "upstream", s.area == "stream" && s.context == "upstream":
		k.members(s)
	}
	if s.area == "http" && (s.context == "server" || s.context == "location" || s.context == "lif" || s.context == "limit") {
		for _, prefix := range []string{"proxy", "fastcgi", "uwsgi", "scgi"} {
			k.bufferSizes(s, prefix)
		}
	}
	if s.area == "http" && s.context == "server" {
		k.certificates(s)
	}
	if s.area == "stream" && s.context == "server" {
		k.streamServer(s)
	}
}

// twins looks for locations with the same name. An exact and a prefix location
// differ; regular expressions and named locations may repeat.
func (k *checker) twins(s *scope) {
	seen := map[string]*item{}
	for _, it := range s.own("location") {
		kind, name := locationName(it)
		if it.sub == nil || kind == "~" || kind == "~*" || kind == "@" {
			continue
		}
		key := name
		if kind == "=" {
			key = kind + " " + name
		}
		if first := seen[key]; first != nil {
			k.fatal(it.Place(), `duplicate location %q: it is in %s`, printable(name), first.Place())
			continue
		}
		seen[key] = it
	}
}

func (k *checker) rootAndAlias(s *scope) {
	list := s.ordered(append(append([]*item(nil), s.own("root")...), s.own("alias")...))
	for _, it := range list[min(1, len(list)):] {
		if it.Name() == list[0].Name() {
			k.fatal(it.Place(), `%q directive is duplicate: it is set in %s`, it.Name(), list[0].Place())
		} else {
			k.fatal(it.Place(), `%q directive is duplicate, %q directive was specified earlier`, it.Name(), list[0].Name())
		}
	}
}

// pass checks the target of a pass directive.
func (k *checker) pass(s *scope, it *item) {
	text := it.Arg(1)
	if strings.Contains(text, "$") {
		return
	}
	t, ok := target{address: text}, true
	if s.area == "http" {
		t, ok = targetOf(it.Name(), text)
	}
	if !ok {
		switch {
		case it.Name() == "proxy_pass" && !strings.HasPrefix(strings.ToLower(text), "http://") && !strings.HasPrefix(strings.ToLower(text), "https://"):
			k.fatal(it.At(1), `invalid URL prefix`)
		case strings.Contains(text, "unix:"):
			k.fatal(it.At(1), `no path in the unix domain socket in upstream %q`, printable(text))
		default:
			k.fatal(it.At(1), `no host in upstream %q`, printable(text))
		}
		return
	}
	k.uriPart(s, it, t)
	if t.protocol == vocab.HTTPS {
		k.trusted(s, it)
	}
	k.address(it, t.address, s.area == "stream", t.port)
}

// trusted checks that a certificate that is to be verified can be.
func (k *checker) trusted(s *scope, it *item) {
	if !s.on("proxy_ssl_verify", false) {
		return
	}
	authorities := s.value("proxy_ssl_trusted_certificate")
	if authorities == nil || authorities.Arg(1) == "" {
		k.lacking(it.Place(), `no proxy_ssl_trusted_certificate for proxy_ssl_verify`)
		return
	}
	k.file(authorities)
}

// streamServer checks that a server of a stream listens and, before nginx 1.27.1,
// does something.
func (k *checker) streamServer(s *scope) {
	if len(s.own("listen")) == 0 {
		k.lacking(s.d.Place(), `no "listen" is defined for server`)
	}
	if k.older("1.27.1") && s.first("proxy_pass") == nil && s.first("return") == nil && s.first("pass") == nil && !k.foreign && len(k.told) == 0 && !k.thirdParty() {
		k.lacking(s.d.Place(), `no handler for server`)
	}
}

// uriPart checks that a target has no path where nginx could not tell what to
// replace by it.
func (k *checker) uriPart(s *scope, it *item, t target) {
	if t.uri == "" || s.area != "http" {
		return
	}
	l := s.loc
	if s.context == "lif" || s.context == "limit" || l != nil && (l.kind == "~" || l.kind == "~*" || l.kind == "@") {
		k.fatal(it.At(1), `"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block`)
	}
}

// address checks the address of an upstream. Whether its name can be resolved is
// for others to find out.
func (k *checker) address(it *item, address string, stream bool, port int) {
	if strings.HasPrefix(address, "unix:") {
		if address == "unix:" {
			k.fatal(it.At(1), `no path in the unix domain socket in upstream %q`, address)
		}
		return
	}
	pools := k.c.upstreams
	if stream {
		pools = k.c.pipes
	}
	if it.Name() != "server" && pools[strings.ToLower(address)] != nil {
		return
	}
	host, p, has := cutPort(address)
	if u := pools[strings.ToLower(host)]; u != nil && has && it.Name() != "server" {
		k.fatal(it.At(1), `upstream %q may not have port %s`, u.pool.Name, printable(p))
		return
	}
	if _, ok := endpoint(address, port); !ok {
		switch {
		case strings.HasPrefix(address, ":"):
			k.fatal(it.At(1), `no host in upstream %q`, printable(address))
		case strings.HasPrefix(address, "["), strings.Contains(address, "/"):
			k.fatal(it.At(1), `invalid host in upstream %q`, printable(address))
		case has:
			k.fatal(it.At(1), `invalid port in upstream %q`, printable(address))
		}
		return
	}
	if port == 0 && !has {
		k.lacking(it.At(1), `no port in upstream %q`, printable(address))
	}
}

// memberWords are the parameters of server in an upstream block; those after
// "drain" are known to newer versions or NGINX Plus only.
var memberWords = []string{"weight=", "max_conns=", "max_fails=", "fail_timeout=", "backup", "down", "resolve", "service=", "route=", "slow_start=", "drain", "id="}

// members checks the servers of an upstream block.
func (k *checker) members(s *scope) {
	list := s.own("server")
	if len(list) == 0 && s.first("state") == nil && !k.foreign {
		k.lacking(s.d.Place(), `no servers are inside upstream`)
	}
	for _, it := range list {
		if len(it.Words) < 2 {
			continue
		}
		port := 80
		if s.area == "stream" {
			port = 0
		}
		k.address(it, it.Arg(1), s.area == "stream", port)
		for i := range it.Words[2:] {
			k.member(s, it, i+2)
		}
		k.atRunTime(s, it)
	}
}

// atRunTime checks what "resolve" of a server asks for (ngx_http_upstream_init_round_robin,
// since nginx 1.27.3; NGINX Plus asks for the same).
func (k *checker) atRunTime(s *scope, it *item) {
	host, _, _ := strings.Cut(it.Arg(1), ":")
	_, err := netip.ParseAddr(host)
	named := err != nil && !strings.HasPrefix(it.Arg(1), "[") && host != "unix"
	if k.foreign || !named || !slices.ContainsFunc(it.Words[2:], func(w syntax.Word) bool { return w.Text == "resolve" }) {
		return
	}
	switch name := printable(s.d.Arg(1)); {
	case s.first("zone") == nil:
		k.lacking(it.Place(), `resolving names at run time requires upstream %q to be in shared memory: it has no "zone"`, name)
	case s.value("resolver") == nil:
		k.lacking(it.Place(), `no resolver defined to resolve names at run time in upstream %q`, name)
	}
}

func (k *checker) member(s *scope, it *item, i int) {
	name, v, has := strings.Cut(it.Arg(i), "=")
	if has {
		name += "="
	}
	good := oneOf(memberWords, name)
	switch name {
	case "weight=":
		n, ok := parseCount(v)
		good = ok && n > 0
	case "max_conns=", "max_fails=":
		_, good = parseCount(v)
	case "fail_timeout=", "slow_start=":
		_, good = parseTime(v, false)
	case "backup":
		for _, m := range []string{"ip_hash", "hash", "random"} {
			if b := s.first(m); b != nil && k.order[b] < k.order[it] {
				k.fatal(it.At(i), `balancing method does not support parameter "backup"`)
				return
			}
		}
	}
	if !good && !k.foreign {
		k.fatal(it.At(i), `invalid parameter %q`, printable(it.Arg(i)))
	}
}

// pools looks for upstream blocks with the same name.
func (k *checker) pools(top *scope, all map[string]*upstream) {
	for _, it := range top.own("upstream") {
		if u := all[strings.ToLower(it.Arg(1))]; u != nil && it.sub != nil && u.s != it.sub {
			k.fatal(it.Place(), `duplicate upstream %q: it is in %s`, printable(it.Arg(1)), u.s.d.Place())
		}
	}
}

// bufferSizes checks the relations of buffer sizes that each merge_loc_conf
// demands. Only a block that sets one of them, or a server, can break them.
func (k *checker) bufferSizes(s *scope, prefix string) {
	names := []string{prefix + "_buffers", prefix + "_buffer_size", prefix + "_busy_buffers_size", prefix + "_temp_file_write_size", prefix + "_max_temp_file_size"}
	var at *item
	for _, n := range names {
		if it := s.value(n); it != nil && (it.in == s || it.in.context == "http" && s.context == "server") {
			at = it
		}
	}
	if at == nil {
		return
	}
	count, each := 8.0, 4096.0
	if it := s.value(names[0]); it != nil {
		count, _ = parseCount(it.Arg(1))
		each, _ = parseSize(it.Arg(2), false)
	}
	size := max(sizeOf(s, names[1], 4096), each)
	busy := sizeOf(s, names[2], 2*size)
	switch {
	case count < 2:
		k.lacking(at.Place(), `there must be at least 2 %q`, names[0])
	case busy < size:
		k.lacking(at.Place(), `%q must be equal to or greater than the maximum of the value of %q and one of the %q`, names[2], names[1], names[0])
	case busy > (count-1)*each:
		k.lacking(at.Place(), `%q must be less than the size of all %q minus one buffer`, names[2], names[0])
	case sizeOf(s, names[4], size) < size && sizeOf(s, names[4], size) > 0:
		k.lacking(at.Place(), `%q must be equal to zero to disable temporary files usage or must be equal to or greater than the maximum of the value of %q and one of the %q`, names[4], names[1], names[0])
	case sizeOf(s, names[3], 2*size) < size:
		k.lacking(at.Place(), `%q must be equal to or greater than the maximum of the value of %q and one of the %q`, names[3], names[1], names[0])
	}
}

func sizeOf(s *scope, name string, byDefault float64) float64 {
	if it := s.value(name); it != nil {
		if n, ok := parseSize(it.Arg(1), true); ok {
			return n
		}
	}
	return byDefault
}
