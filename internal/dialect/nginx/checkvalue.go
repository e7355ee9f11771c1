package nginx

import (
	"strings"
)

// slot checks a value as the functions of ngx_conf_file.c do.
func (k *checker) slot(r rule, it *item) {
	v := it.Arg(1)
	ok := true
	switch r.slot {
	case "flag":
		if !strings.EqualFold(v, "on") && !strings.EqualFold(v, "off") {
			k.fatal(it.At(1), `invalid value %q in %q directive, it must be "on" or "off"`, printable(v), it.Name())
		}
		return
	case "num":
		if _, ok = parseCount(v); !ok {
			k.fatal(it.At(1), `%q directive invalid number`, it.Name())
		}
		return
	case "size":
		_, ok = parseSize(v, false)
	case "off":
		_, ok = parseSize(v, true)
	case "msec":
		_, ok = parseTime(v, true)
	case "sec":
		_, ok = parseTime(v, false)
	case "bufs":
		n, good := parseCount(v)
		size, sized := parseSize(it.Arg(2), false)
		ok = good && sized && n > 0 && size > 0
	case "enum", "bits":
		k.words(r, it)
		return
	}
	if !ok {
		k.fatal(it.At(1), `%q directive invalid value`, it.Name())
	}
}

// words checks the values of an enum or bit mask.
func (k *checker) words(r rule, it *item) {
	allowed := r.words
	for _, other := range grammar()[it.Name()] {
		if other.area == r.area && other.since != "-" && len(other.words) > len(allowed) && k.newer(other.since) {
			allowed = other.words // a later version takes more
		}
	}
	for i, w := range it.Args() {
		if !oneOf(allowed, w.Text) {
			k.fatal(it.At(i+1), `invalid value %q in %q directive: it may be %s`, printable(w.Text), it.Name(), strings.Join(allowed, ", "))
		}
	}
}

func oneOf(list []string, s string) bool {
	for _, w := range list {
		if strings.EqualFold(w, s) {
			return true
		}
	}
	return false
}

// once are the slots whose functions refuse a second value in the same block.
var once = map[string]bool{"flag": true, "num": true, "size": true, "off": true, "msec": true, "sec": true, "bufs": true, "enum": true, "str": true, "value": true, "access": true, "path": true}

// singles are the directives with functions of their own that refuse a second.
var singles = map[string]bool{
	"worker_processes": true, "user": true, "worker_priority": true, "worker_cpu_affinity": true,
	"use": true, "worker_connections": true,
	"proxy_pass": true, "fastcgi_pass": true, "uwsgi_pass": true, "scgi_pass": true, "grpc_pass": true, "memcached_pass": true,
	"proxy_bind": true, "fastcgi_bind": true, "uwsgi_bind": true, "scgi_bind": true, "grpc_bind": true, "memcached_bind": true,
	"proxy_cache": true, "fastcgi_cache": true, "uwsgi_cache": true, "scgi_cache": true,
	"proxy_store": true, "fastcgi_store": true, "uwsgi_store": true, "scgi_store": true,
	"resolver": true, "try_files": true, "keepalive": true, "keepalive_timeout": true, "charset": true,
	"expires": true, "open_file_cache": true, "aio": true, "directio": true, "disable_symlinks": true,
	"auth_request": true, "internal": true,
}

// duplicate checks that a block sets a value once.
func (k *checker) duplicate(r rule, s *scope, it *item, seen map[string]*item) {
	name := it.Name()
	if !once[r.slot] && !singles[name] {
		return
	}
	if s.context == "upstream" && name == "keepalive_timeout" && r.slot != "msec" {
		return
	}
	if first := seen[name]; first != nil {
		k.fatal(it.Place(), `%q directive is duplicate: it is set in %s`, name, first.Place())
		return
	}
	seen[name] = it
}
