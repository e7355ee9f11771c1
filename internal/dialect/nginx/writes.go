package nginx

import (
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// format is one log_format.
type format struct {
	text string
	it   *item
}

// combined is the format that nginx has by itself (ngx_http_log_module.c).
const combined = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`

// formatsOf reads the log formats of a block by name. The arguments after the
// name, and after escape=, are put together without anything between them.
func formatsOf(s *scope) map[string]format {
	all := map[string]format{"combined": {text: combined}}
	for _, it := range s.own("log_format") {
		if len(it.Words) < 3 {
			continue
		}
		var b strings.Builder
		for i, w := range it.Words[2:] {
			if i == 0 && strings.HasPrefix(w.Text, "escape=") {
				continue
			}
			b.WriteString(w.Text)
		}
		all[it.Arg(1)] = format{text: b.String(), it: it}
	}
	return all
}

// errorLogs returns the error logs in force in s. Without any, nginx writes to
// the path that it was compiled with.
func (c *config) errorLogs(s *scope) []topo.Log {
	var out []topo.Log
	for _, it := range s.inherited("error_log") {
		l := topo.Log{Kind: "error", Path: c.logPath(it.Arg(1)), Level: "error", Place: it.Place()}
		for _, w := range it.Words[min(2, len(it.Words)):] {
			// Several debug_… levels may follow "debug"; they choose parts of it.
			if !strings.HasPrefix(w.Text, "debug_") {
				l.Level = w.Text
			} else if l.Level == "error" {
				l.Level = "debug"
			}
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		out = append(out, topo.Log{Kind: "error", Path: c.logPath(errorLog(c.launch)), Level: "error"})
	}
	return out
}

// logPath completes a log's path; stderr, syslog: and memory: stay as written.
func (c *config) logPath(p string) string {
	if p == "stderr" || strings.HasPrefix(p, "syslog:") || strings.HasPrefix(p, "memory:") || strings.Contains(p, "$") && strings.HasPrefix(p, "/") {
		return p
	}
	return c.path(p)
}

// accessLogs returns the access logs in force in s. "off" takes away those of
// the blocks around; without any directive nginx writes the combined format to
// the path that it was compiled with. A stream has no such default.
func (c *config) accessLogs(s *scope) []topo.Log {
	list := s.inherited("access_log")
	var out []topo.Log
	for _, it := range list {
		if it.Arg(1) == "off" {
			return nil
		}
		out = append(out, c.accessLog(it, s.area))
	}
	if list == nil && s.area == "http" {
		out = append(out, topo.Log{Kind: "access", Path: c.logPath(accessLog(c.launch)), Format: combined, FormatName: "combined"})
	}
	return out
}

func (c *config) accessLog(it *item, area string) topo.Log {
	l := topo.Log{Kind: "access", Path: c.logPath(it.Arg(1)), Variable: strings.Contains(it.Arg(1), "$"), Place: it.Place()}
	formats := c.formats
	if area == "stream" {
		formats = formatsOf(c.stream)
		delete(formats, "combined")
	} else {
		l.FormatName = "combined"
	}
	for i, w := range it.Words[min(2, len(it.Words)):] {
		name, _, has := strings.Cut(w.Text, "=")
		switch {
		case has && (name == "buffer" || name == "flush"):
			l.Buffered = true
		case w.Text == "gzip" || has && name == "gzip":
			l.Buffered = true
		case has && name == "if":
			l.Filtered = true
		case i == 0:
			l.FormatName = w.Text
		}
	}
	l.Format = formats[l.FormatName].text
	return l
}

// allLogs returns every log of the configuration once.
func (c *config) allLogs() []topo.Log {
	var out []topo.Log
	seen := map[string]bool{}
	add := func(list []topo.Log) {
		for _, l := range list {
			key := l.Kind + "\x00" + l.Path + "\x00" + l.Level + "\x00" + l.FormatName
			if !seen[key] {
				seen[key] = true
				out = append(out, l)
			}
		}
	}
	add(c.errorLogs(c.main))
	var walk func(s *scope)
	walk = func(s *scope) {
		if len(s.own("error_log")) > 0 {
			add(c.errorLogs(s))
		}
		if (s.area == "http" || s.area == "stream") && (len(s.own("access_log")) > 0 || s == c.http) {
			add(c.accessLogs(s))
		}
		for _, it := range s.items {
			if it.sub != nil {
				walk(it.sub)
			}
		}
	}
	walk(c.main)
	return out
}
