package nginx

import (
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/topo"
)

// answer ends the request with a status of nginx's own, or hands it to the error
// page for that status, as ngx_http_special_response_handler does.
func (r *run) answer(status int) {
	if !r.errorHop && r.left > 0 {
		for _, it := range r.cur.inherited("error_page") {
			if it2, ok := errorPage(it, status); ok {
				if !r.cur.on("recursive_error_pages", false) {
					r.errorHop = true
				}
				r.handOver(it, it2, status)
				return
			}
		}
	}
	r.errorAs = 0 // an error of the error page itself is what the client gets
	r.end(topo.Answers, status)
}

// page is what an error_page directive does with a status.
type page struct {
	uri string
	as  int // status to send; 0: the original; -1: that of the new answer
}

// errorPage reads an error_page directive for a status.
func errorPage(it *item, status int) (page, bool) {
	words := it.Args()
	p := page{uri: words[len(words)-1].Text}
	words = words[:len(words)-1]
	if n := len(words); n > 0 && strings.HasPrefix(words[n-1].Text, "=") {
		p.as = -1
		if v, err := strconv.Atoi(words[n-1].Text[1:]); err == nil {
			p.as = v
		}
		words = words[:n-1]
	}
	for _, w := range words {
		if w.Text == strconv.Itoa(status) {
			return p, true
		}
	}
	return p, false
}

// handOver sends the request to its error page.
func (r *run) handOver(it *item, p page, status int) {
	r.step(it.step())
	switch r.errorAs = status; {
	case p.as > 0:
		r.errorAs = p.as
	case p.as < 0:
		r.errorAs = 0
	}
	uri := r.known(r.expand(p.uri), it)
	switch {
	case strings.HasPrefix(uri, "/"):
		path, args, _ := strings.Cut(uri, "?")
		if r.req.Method != "HEAD" {
			r.req.Method = "GET"
		}
		r.redirect(path, args)
	case strings.HasPrefix(uri, "@"):
		r.toNamed(uri)
	default:
		if p.as != 301 && p.as != 303 && p.as != 307 && p.as != 308 {
			p.as = 302
		}
		r.errorAs = 0
		r.end(topo.Answers, p.as)
	}
}
