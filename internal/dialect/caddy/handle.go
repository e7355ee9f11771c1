package caddy

import (
	"strconv"

	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

func (w *walk) handlers(list []*node, depth int) ending {
	for _, h := range list {
		if end := w.handle(h, depth); end != goOn {
			return end
		}
	}
	return goOn
}

// handle does what one handler does.
func (w *walk) handle(h *node, depth int) ending {
	switch kind := h.str("handler"); kind {
	case "subroute":
		end := w.routes(h.items("routes"), depth+1)
		if end == ended && w.failed == 0 && w.d.Outcome == topo.Answers && w.threw(h) {
			return w.errors(h.items("errors", "routes"), depth)
		}
		return end
	case "static_response":
		return w.respond(h)
	case "error":
		return w.fail(h, depth)
	case "reverse_proxy":
		return w.forward(h)
	case "rewrite":
		w.rewrite(h)
	case "vars":
		for i, k := range h.keys {
			if h.list[i].kind == text {
				w.vars[k] = w.replace(h.list[i].text)
			}
		}
	case "headers":
		w.headers(h.get("request"))
	case "request_body":
		if n := h.int("max_size"); n > 0 {
			w.d.Settings[vocab.RequestBodyLimit] = w.c.setting(h.get("max_size"), vocab.RequestBodyLimit, "max_size", float64(n))
		}
	case "file_server":
		if h.on("pass_thru") {
			w.doubt(h, "whether there is such a file is known only to the running gateway")
			return goOn
		}
		w.step(h, "file_server")
		w.d.Outcome = topo.Serves
		return ended
	case "authentication":
		w.doubt(h, "whether the client is let in is known only to the running gateway")
	case "encode", "templates", "tracing", "map", "push", "metrics", "intercept", "copy_response_headers", "log_append":
	case "metrics_handler", "acme_server", "copy_response":
		w.d.Outcome = topo.Serves
		return ended
	default:
		w.doubt(h, "what the handler "+kind+" does is not known here")
		return unsure
	}
	return goOn
}

// threw reports whether a subroute has error routes of its own.
func (w *walk) threw(h *node) bool {
	return len(h.items("errors", "routes")) > 0 && w.d.Status >= 400 && w.thrown()
}

// thrown reports whether the present answer is an error, which error routes take.
func (w *walk) thrown() bool { return w.d.Outcome == topo.Answers && w.vars["\x00thrown"] != "" }

func (w *walk) respond(h *node) ending {
	w.step(h, "respond "+h.str("status_code"))
	w.d.Outcome, w.d.Status = topo.Answers, 200
	if w.failed != 0 {
		w.d.Status = w.failed
	}
	if h.on("abort") {
		w.d.Status = 0
		return ended
	}
	if code := h.str("status_code"); code != "" {
		n, err := strconv.Atoi(w.replace(code))
		if err != nil {
			w.doubt(h, "the status is known only to the running gateway")
			return unsure
		}
		w.d.Status = n
	}
	return ended
}

// fail throws an error, which the routes for errors answer.
func (w *walk) fail(h *node, depth int) ending {
	w.step(h, "error "+h.str("status_code"))
	status := 500
	if n, err := strconv.Atoi(w.replace(h.str("status_code"))); err == nil {
		status = n
	}
	w.d.Outcome, w.d.Status = topo.Answers, status
	if w.failed != 0 {
		return ended
	}
	w.vars["\x00thrown"] = "1"
	return w.errors(w.s.n.items("errors", "routes"), depth)
}

// errors follows a failed request through the routes for errors. Where none
// answers, Caddy does, with the status and no body.
func (w *walk) errors(routes []*node, depth int) ending {
	if len(routes) == 0 {
		return ended
	}
	status := w.d.Status
	w.failed = status
	at := len(w.d.Steps)
	if end := w.routes(routes, depth+1); end == ended && w.d.Outcome != topo.NoRoute {
		if w.d.Outcome == topo.Serves {
			w.d.Outcome, w.d.Status = topo.Answers, status // an error page
		}
	} else {
		w.d.Outcome, w.d.Status = topo.Answers, status
	}
	// What made the error is why, the page is not.
	w.d.Steps = w.d.Steps[:at]
	return ended
}
