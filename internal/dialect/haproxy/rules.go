package haproxy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// rules applies what a proxy says about requests, and reports whether one of the
// rules ends the request.
func (w *walk) rules(x *proxy) bool {
	for _, r := range x.all() {
		switch {
		case r.begins("monitor-uri") && x == w.front && r.arg(1) == w.q.uri:
			return w.answer(r, 200)
		case r.begins("http-request"):
			if w.request(x, r) {
				return true
			}
		}
	}
	for _, r := range x.all() {
		switch {
		case r.begins("redirect"):
			switch w.q.condition(x, r.args(1)) {
			case truth.Yes:
				return w.answer(r, redirectCode(r, 1))
			case truth.Unknown:
				w.doubt(r)
			}
		case r.begins("stats", "uri") && strings.HasPrefix(w.q.path(), r.arg(2)), r.begins("stats", "enable") && x.find("stats", "uri") == nil && strings.HasPrefix(w.q.path(), "/haproxy?stats"):
			return w.answer(r, 200)
		}
	}
	return false
}

// request applies one http-request rule.
func (w *walk) request(x *proxy, r *row) bool {
	action, _ := call(r.arg(1))
	ends := slices.Contains([]string{"deny", "reject", "tarpit", "return", "redirect", "auth", "use-service", "silent-drop", "allow"}, action)
	switch w.q.condition(x, r.args(2)) {
	case truth.No:
		return false
	case truth.Unknown:
		if ends {
			w.doubt(r)
		}
		return false
	}
	switch action {
	case "deny":
		return w.answer(r, statusOf(r, 403))
	case "tarpit":
		return w.answer(r, statusOf(r, 500))
	case "return":
		return w.answer(r, statusOf(r, 200))
	case "redirect":
		return w.answer(r, redirectCode(r, 2))
	case "auth":
		return w.answer(r, 401)
	case "use-service":
		return w.answer(r, 200)
	case "reject", "silent-drop":
		return w.answer(r, 0)
	}
	w.rewrite(r, action)
	return false
}

// rewrite applies a rule that changes the request.
func (w *walk) rewrite(r *row, action string) {
	value, known := w.q.format(r.arg(3))
	switch action {
	case "set-path", "set-pathq", "set-uri":
		v, ok := w.q.format(r.arg(2))
		if !ok || !strings.HasPrefix(v, "/") {
			w.doubt(r)
			return
		}
		_, query, has := strings.Cut(w.q.uri, "?")
		if action == "set-path" && has {
			v += "?" + query
		}
		w.q.uri = v
	case "replace-path", "replace-pathq", "replace-uri", "normalize-uri", "set-query", "set-method":
		w.doubt(r)
	case "set-header", "add-header", "replace-header":
		if known && action != "replace-header" {
			w.set = append(w.set, topo.Header{Name: r.arg(2), Value: value})
		}
	case "del-header":
		w.set = append(w.set, topo.Header{Name: r.arg(2)})
	case "set-var":
		_, name := call(r.arg(1))
		if v, ok := w.q.sample(r.arg(2)); ok {
			w.q.vars[name] = v
		}
	}
	w.step(r)
}

// statusOf is the status that a rule names.
func statusOf(r *row, usual int) int {
	for i := 2; i+1 < len(r.words); i++ {
		switch r.arg(i) {
		case "if", "unless":
			return usual
		case "status", "deny_status":
			if n, err := strconv.Atoi(r.arg(i + 1)); err == nil {
				return n
			}
		}
	}
	return usual
}

func redirectCode(r *row, from int) int {
	for i := from; i+1 < len(r.words); i++ {
		if r.arg(i) == "code" {
			if n, err := strconv.Atoi(r.arg(i + 1)); err == nil {
				return n
			}
		}
	}
	return 302
}
