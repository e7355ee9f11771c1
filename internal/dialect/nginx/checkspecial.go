package nginx

import (
	"strings"
	"sync"
)

// special checks what single directives demand of their arguments.
func (k *checker) special(s *scope, it *item) {
	if check := specials()[it.Name()]; check != nil {
		check(k, s, it)
	}
	if s.area == "http" {
		if check := webSpecials()[it.Name()]; check != nil {
			check(k, s, it)
		}
	}
	k.patterns(s, it)
	k.variables(s, it)
}

// specials are the checks by directive that hold in every area.
var specials = sync.OnceValue(func() map[string]func(*checker, *scope, *item) {
	pass := (*checker).pass
	return map[string]func(*checker, *scope, *item){
		"error_log":          func(k *checker, _ *scope, it *item) { k.errorLog(it) },
		"access_log":         (*checker).accessLog,
		"log_format":         (*checker).formatOnce,
		"worker_processes":   (*checker).processes,
		"worker_connections": (*checker).number,
		"listen":             (*checker).listen,
		"allow":              func(k *checker, _ *scope, it *item) { k.network(it) },
		"deny":               func(k *checker, _ *scope, it *item) { k.network(it) },
		"set":                (*checker).set,
		"map":                func(k *checker, _ *scope, it *item) { k.rows(it) },
		"limit_req":          (*checker).limit,
		"limit_conn":         (*checker).limit,
		"resolver":           func(k *checker, _ *scope, it *item) { k.resolver(it) },
		"proxy_pass":         pass,
		"fastcgi_pass":       pass,
		"uwsgi_pass":         pass,
		"scgi_pass":          pass,
		"grpc_pass":          pass,
		"memcached_pass":     pass,
	}
})

// webSpecials are the checks by directive that hold in http only.
var webSpecials = sync.OnceValue(func() map[string]func(*checker, *scope, *item) {
	third := func(word string) func(*checker, *scope, *item) {
		return func(k *checker, _ *scope, it *item) {
			if len(it.Words) == 4 && it.Arg(3) != word {
				k.fatal(it.At(3), `invalid parameter %q`, printable(it.Arg(3)))
			}
		}
	}
	return map[string]func(*checker, *scope, *item){
		"server_name":             func(k *checker, _ *scope, it *item) { k.serverName(it) },
		"location":                (*checker).location,
		"limit_except":            (*checker).methods,
		"return":                  func(k *checker, _ *scope, it *item) { k.returns(it) },
		"rewrite":                 func(k *checker, _ *scope, it *item) { k.rewrite(it) },
		"if":                      func(k *checker, _ *scope, it *item) { k.condition(it) },
		"error_page":              func(k *checker, _ *scope, it *item) { k.errorPage(it) },
		"try_files":               func(k *checker, _ *scope, it *item) { k.tryFiles(it) },
		"proxy_redirect":          (*checker).redirects,
		"alias":                   (*checker).alias,
		"keepalive":               (*checker).idle,
		"keepalive_timeout":       (*checker).times,
		"fastcgi_split_path_info": (*checker).split,
		"add_header":              third("always"),
		"add_trailer":             third("always"),
		"fastcgi_param":           third("if_not_empty"),
		"uwsgi_param":             third("if_not_empty"),
		"scgi_param":              third("if_not_empty"),
	}
})

func (k *checker) processes(_ *scope, it *item) {
	if _, ok := parseCount(it.Arg(1)); it.Arg(1) != "auto" && !ok {
		k.fatal(it.At(1), `"worker_processes" directive invalid value`)
	}
}

func (k *checker) number(_ *scope, it *item) {
	if _, ok := parseCount(it.Arg(1)); !ok {
		k.fatal(it.At(1), `invalid number %q in %q directive`, printable(it.Arg(1)), it.Name())
	}
}

func (k *checker) alias(s *scope, it *item) {
	if l := s.loc; l != nil && l.kind == "@" {
		k.fatal(it.Place(), `the "alias" directive cannot be used inside the named location`)
	}
}

// idle checks the number of idle connections; since nginx 1.29.7 it may be 0.
func (k *checker) idle(_ *scope, it *item) {
	if n, ok := parseCount(it.Arg(1)); !ok || n == 0 && !k.newer("1.29.7") {
		k.fatal(it.At(1), `invalid value %q in "keepalive" directive`, printable(it.Arg(1)))
	}
	if v := it.Arg(2); v != "" && v != "local" && !k.foreign {
		k.fatal(it.At(2), `invalid parameter %q`, printable(v))
	}
}

func (k *checker) times(s *scope, it *item) {
	for i, w := range it.Args() {
		if _, ok := parseTime(w.Text, true); !ok && s.context != "upstream" {
			k.fatal(it.At(i+1), `%q directive invalid value`, it.Name())
		}
	}
}

func (k *checker) split(_ *scope, it *item) {
	if re, err := k.c.pattern(it.Arg(1), false); err == nil && len(re.Names()) < 3 {
		k.fatal(it.At(1), `pattern %q must have 2 captures`, printable(it.Arg(1)))
	}
}

// formatOnce checks that a log format has one meaning.
func (k *checker) formatOnce(s *scope, it *item) {
	key := s.area + " " + it.Arg(1)
	if first := k.formats[key]; first != nil {
		k.fatal(it.Place(), `duplicate "log_format" name %q: it is in %s`, printable(it.Arg(1)), first.Place())
		return
	}
	k.formats[key] = it
}

// methods checks a limit_except.
func (k *checker) methods(s *scope, it *item) {
	if s.first("limit_except") != it {
		k.fatal(it.Place(), `"limit_except" directive is duplicate`)
	}
	for i, w := range it.Args() {
		if !oneOf([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "CONNECT", "TRACE"}, w.Text) {
			k.fatal(it.At(i+1), `invalid method %q`, printable(w.Text))
		}
	}
}

// newer reports whether nginx is, or may be, at least of a version.
func (k *checker) newer(version string) bool {
	return k.c.launch.Version == "" || atVersion(k.c.launch.Version, version)
}

// older reports whether nginx is, or may be, older than a version.
func (k *checker) older(version string) bool {
	return k.c.launch.Version == "" || !atVersion(k.c.launch.Version, version)
}

// limit checks that the zone of a limit exists.
func (k *checker) limit(s *scope, it *item) {
	zone := ""
	if it.Name() == "limit_conn" {
		zone = it.Arg(1)
	}
	for _, w := range it.Args() {
		if v, ok := strings.CutPrefix(w.Text, "zone="); ok {
			zone = v
		}
	}
	switch {
	case zone == "":
		k.fatal(it.Place(), `"limit_req" must have "zone" parameter`)
	case !k.zones[s.area+" "+it.Name()+" "+zone]:
		k.lacking(it.Place(), `zero size shared memory zone %q: no %s_zone makes it`, printable(zone), it.Name())
	}
}

// rows checks the lines of a map.
func (k *checker) rows(it *item) {
	byDefault := 0
	for _, d := range it.Block {
		switch {
		case len(d.Words) == 1 && (d.Name() == "hostnames" || d.Name() == "volatile"):
		case d.Brace:
			k.fatal(d.Place(), `unexpected "{"`)
		case len(d.Words) != 2:
			k.fatal(d.Place(), `invalid number of the map parameters%s`, "")
		case d.Name() == "default":
			if byDefault++; byDefault > 1 {
				k.fatal(d.Place(), `duplicate default map parameter`)
			}
		}
	}
}
