package nginx

import (
	"strings"
)

var levels = []string{"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg",
	"debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream"}

// errorLog checks levels as ngx_log_set_levels does, and the directory.
func (k *checker) errorLog(it *item) {
	if len(it.Words) > 2 && it.Arg(1) != "" {
		found := false
		for i, w := range it.Words[2:] {
			known := false
			for _, l := range levels {
				known = known || l == w.Text
			}
			switch {
			case !known:
				k.fatal(it.At(i+2), `invalid log level %q`, printable(w.Text))
				return
			case found && !strings.HasPrefix(w.Text, "debug_"):
				k.fatal(it.At(i+2), `duplicate log level %q`, w.Text)
				return
			}
			found = true
		}
	}
	k.logFile(it)
}

// logFile checks that the directory of a log exists: nginx makes files, not
// directories.
func (k *checker) logFile(it *item) {
	path := k.c.logPath(it.Arg(1))
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") || strings.Contains(path, "$") || it.Arg(1) == "off" {
		return
	}
	dir := path[:strings.LastIndexByte(path, '/')]
	if k.c.absent(dir) {
		k.fatal(it.At(1), `open() %q failed (2: No such file or directory): the directory is missing`, path)
	}
}

func (k *checker) accessLog(s *scope, it *item) {
	if it.Arg(1) == "off" {
		if len(it.Words) > 2 {
			k.fatal(it.At(2), `invalid parameter %q`, printable(it.Arg(2)))
		}
		return
	}
	for i, w := range it.Words[min(2, len(it.Words)):] {
		name, v, has := strings.Cut(w.Text, "=")
		ok := true
		switch {
		case i == 0 && !(has && (name == "if" || name == "buffer" || name == "flush" || name == "gzip") || w.Text == "gzip"):
			k.format(s, it, w.Text)
		case has && name == "buffer":
			_, ok = parseSize(v, false)
		case has && name == "flush":
			_, ok = parseTime(v, true)
		case has && (name == "if" || name == "gzip"), w.Text == "gzip":
		default:
			ok = i == 0
		}
		if !ok {
			k.fatal(it.At(i+2), `invalid parameter %q`, printable(w.Text))
		}
	}
	k.logFile(it)
}

// format checks that a log format is known where it is used: nginx reads from
// the top.
func (k *checker) format(s *scope, it *item, name string) {
	if name == "combined" && s.area == "http" {
		return
	}
	top := k.c.http
	if s.area == "stream" {
		top = k.c.stream
	}
	for _, f := range top.own("log_format") {
		if f.Arg(1) == name {
			if k.order[f] > k.order[it] {
				k.fatal(it.At(2), `unknown log format %q: it is only made further down, in %s`, printable(name), f.Place())
			}
			return
		}
	}
	k.lacking(it.At(2), `unknown log format %q`, printable(name))
}
