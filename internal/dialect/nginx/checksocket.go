package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// sockets checks what servers that share a socket may say of it.
func (k *checker) sockets(all []*server) {
	defaults, options := map[string]*listen{}, map[string]*listen{}
	names := map[string]*item{}
	for _, v := range all {
		mine := map[string]bool{}
		for i := range v.listens {
			l := &v.listens[i]
			if l.it == nil {
				continue
			}
			key := l.key()
			if mine[key] {
				k.fatal(l.Place, `a duplicate listen %s`, l.Address)
				continue
			}
			mine[key] = true
			if l.deft {
				if d := defaults[key]; d != nil {
					k.fatal(l.Place, `a duplicate default server for %s: the other is in %s`, l.Address, d.Place)
				}
				defaults[key] = l
			}
			if l.extra {
				if d := options[key]; d != nil && !same(d, l) {
					k.fatal(l.Place, `duplicate listen options for %s: they are in %s`, l.Address, d.Place)
				}
				options[key] = l
			}
			if len(l.on.servers) > 1 {
				k.wildcards(v)
				if v.stream && k.c.launch.Version != "" && !k.newer("1.25.5") {
					k.twice(v, l)
				}
			}
			k.conflicts(v, l, names)
		}
	}
	k.withoutCertificate(len(all) > 0 && all[0].stream)
}

// same reports whether two directives set the same options: ngx_http_add_addresses
// refuses any second set.
func same(a, b *listen) bool { return a.it == b.it }

// wildcards checks names as ngx_hash_add_key does, which nginx calls only where
// several servers share a socket.
func (k *checker) wildcards(v *server) {
	for i := range v.names {
		n := v.names[i].Name
		at := v.names[i].it.Place()
		if v.names[i].Kind == "regex" || k.files[at.String()+n] {
			continue
		}
		if strings.Count(n, "*") > 1 || strings.Contains(n, "..") || strings.Contains(n, "*") && !strings.HasPrefix(n, "*.") && !strings.HasSuffix(n, ".*") {
			k.files[at.String()+n] = true
			k.fatal(at, `invalid server name or wildcard %q`, printable(n))
		}
	}
}

// twice tells of a stream server on the socket of an earlier one: before nginx
// 1.25.5 streams had no names to choose by.
func (k *checker) twice(v *server, l *listen) {
	if l.on.servers[0] != v {
		k.fatal(l.Place, `duplicate %q address and port pair`, l.Address)
	}
}

// conflicts notes names that an earlier server of the socket has: nginx warns and
// lets the earlier one answer.
func (k *checker) conflicts(v *server, l *listen, names map[string]*item) {
	for i := range v.names {
		n := &v.names[i]
		key := l.key() + " " + n.Name
		if first := names[key]; first != nil && first.in != v.s && n.Kind != "regex" {
			k.note(n.it.Place(), `conflicting server name %q on %s, ignored: it is in %s`, printable(n.Name), l.Address, first.Place())
			continue
		}
		if names[key] == nil {
			names[key] = n.it
		}
	}
}

// withoutCertificate checks that the default server of each TLS socket has a
// certificate, as ngx_http_ssl_init does.
func (k *checker) withoutCertificate(stream bool) {
	for _, s := range k.c.sockets {
		if s.ssl == nil || s.first.Stream != stream || k.foreign {
			continue
		}
		asked := s.servers
		if d := s.byDefault.s; !d.on("ssl_reject_handshake", false) {
			asked = []*server{s.byDefault} // the others are asked for by name only, and may be without
		}
		for _, v := range asked {
			if v.s.value("ssl_certificate") == nil && !v.s.on("ssl_reject_handshake", false) {
				word := "ssl"
				if s.ssl.quic {
					word = "quic"
				}
				k.lacking(s.first.Place, `no "ssl_certificate" is defined for the "listen ... %s" directive in %s`, word, s.ssl.Place)
				break
			}
		}
	}
}

// certificates checks that a certificate has a key and that the files of a server
// exist. Names with variables are read for each connection.
func (k *checker) certificates(s *scope) {
	certs, keys := s.inherited("ssl_certificate"), s.inherited("ssl_certificate_key")
	if on := s.value("ssl"); len(certs) == 0 && s.on("ssl", false) && !s.on("ssl_reject_handshake", false) && !k.foreign {
		k.lacking(on.Place(), `no "ssl_certificate" is defined for the "ssl" directive`)
	}
	if len(certs) > len(keys) && !k.foreign {
		k.lacking(certs[0].Place(), `no "ssl_certificate_key" is defined for certificate %q`, printable(certs[len(certs)-1].Arg(1)))
	}
	for _, name := range []string{"ssl_certificate", "ssl_certificate_key", "ssl_client_certificate", "ssl_trusted_certificate", "ssl_dhparam", "ssl_crl", "ssl_password_file", "ssl_session_ticket_key"} {
		if name != "ssl_password_file" && name != "ssl_certificate" && name != "ssl_certificate_key" && len(certs) == 0 {
			continue
		}
		for _, it := range s.inherited(name) {
			k.file(it)
		}
	}
}

// file checks that the file that a directive names exists.
func (k *checker) file(it *item) {
	path := it.Arg(1)
	if path == "" || strings.Contains(path, "$") || strings.Contains(path, ":") || k.files[it.Place().String()] {
		return
	}
	path = k.c.confPath(path)
	if k.c.absent(path) {
		k.files[it.Place().String()] = true
		k.fatal(it.At(1), `%q: cannot open %q (No such file or directory)`, it.Name(), printable(path))
	}
}

// absent reports whether path is surely missing: its directory, or the first
// one above that exists, can be listed and does not have it. Files are not
// opened: they may be keys.
func (c *config) absent(path string) bool {
	if found, err := c.src.Glob(dialect.Literal(path)); err != nil || len(found) > 0 {
		return false
	}
	for dir := path; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return false
		}
		dir = dir[:i]
		found, err := c.src.Glob(dialect.Literal(dir + "/"))
		if err != nil {
			return false
		}
		if len(found) == 0 && dir != "" {
			continue
		}
		listed, err := c.src.Glob(dialect.Literal(dir) + "/*")
		return err == nil && len(listed) > 0
	}
}
