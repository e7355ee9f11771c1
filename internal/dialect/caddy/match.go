package caddy

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect/truth"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/topo"
)

// fits says whether a route applies: one of its sets of matchers fits, or it has
// none.
func (w *walk) fits(r *node) truth.Value {
	sets := r.items("match")
	if len(sets) == 0 {
		return truth.Yes
	}
	return w.any(sets, 0)
}

// any says whether one of several sets fits: those behind it are not tried.
func (w *walk) any(sets []*node, depth int) truth.Value {
	best := truth.No
	for _, s := range sets {
		if best = max(best, w.set(s, depth)); best == truth.Yes {
			break
		}
	}
	return best
}

// set says whether every matcher of a set fits.
func (w *walk) set(s *node, depth int) truth.Value {
	if s == nil || s.kind != object || depth > maxDepth {
		return truth.Unknown
	}
	all := truth.Yes
	for i, name := range s.keys {
		all = min(all, w.matcher(name, s.list[i], depth))
		if all == truth.No {
			return truth.No
		}
	}
	return all
}

func (w *walk) matcher(name string, v *node, depth int) truth.Value {
	switch name {
	case "host":
		return truth.Of(slices.ContainsFunc(v.strs(), func(h string) bool { return hostFits(w.replace(h), w.req.Host) }))
	case "path":
		return truth.Of(slices.ContainsFunc(v.strs(), func(p string) bool { return pathFits(w.replace(p), w.path) }))
	case "path_regexp":
		re, err := regexp.Compile(v.str("pattern"))
		if err != nil {
			return truth.Unknown
		}
		found := re.FindStringSubmatch(w.path)
		for i, part := range found {
			w.vars["http.regexp."+v.str("name")+"."+strconv.Itoa(i)] = part
			w.vars["http.regexp."+strconv.Itoa(i)] = part
		}
		return truth.Of(found != nil)
	case "method":
		return truth.Of(slices.ContainsFunc(v.strs(), func(m string) bool { return strings.EqualFold(m, w.method) }))
	case "protocol":
		return w.protocol(strings.ToLower(v.str()))
	case "query":
		return w.queryFits(v)
	case "expression":
		return w.expression(v)
	case "not":
		return w.any(v.items(), depth+1).Not()
	case "file":
		// A request that is worth a question is mostly for no file. One that falls
		// back on a script always has one.
		try := v.strs("try_files")
		return truth.Of(len(try) > 1 && strings.HasSuffix(try[len(try)-1], ".php") || v.str("try_policy") == "first_exist_fallback")
	}
	return truth.Unknown
}

// hostFits compares a host with a pattern, in which a star stands for one label
// (MatchHost in matchers.go).
func hostFits(pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return strings.EqualFold(pattern, host)
	}
	a, b := strings.Split(pattern, "."), strings.Split(host, ".")
	return slices.EqualFunc(a, b, func(x, y string) bool { return x == "*" || strings.EqualFold(x, y) })
}

// pathFits compares a path with a pattern (MatchPath in matchers.go).
func pathFits(pattern, reqPath string) bool {
	pattern, reqPath = strings.ToLower(pattern), strings.ToLower(reqPath)
	if pattern == "*" {
		return true
	}
	if clean := path.Clean(reqPath); clean != reqPath && clean != "/" {
		if strings.HasSuffix(reqPath, "/") {
			clean += "/"
		}
		reqPath = clean
	}
	switch stars := strings.Count(pattern, "*"); {
	case stars == 2 && strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*"):
		return strings.Contains(reqPath, strings.Trim(pattern, "*"))
	case stars == 1 && strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(reqPath, pattern[1:])
	case stars == 1 && strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(reqPath, pattern[:len(pattern)-1])
	}
	ok, _ := path.Match(pattern, reqPath)
	return ok
}

func (w *walk) protocol(want string) truth.Value {
	switch want {
	case "https":
		return truth.Of(w.req.TLS)
	case "http":
		return truth.Of(!w.req.TLS)
	case "grpc":
		return truth.No
	}
	return truth.Unknown
}

func (w *walk) queryFits(v *node) truth.Value {
	have := map[string][]string{}
	for _, kv := range strings.Split(w.query, "&") {
		k, x, _ := strings.Cut(kv, "=")
		have[k] = append(have[k], x)
	}
	all := truth.Yes
	for i, k := range v.keys {
		fits := slices.ContainsFunc(v.list[i].strs(), func(want string) bool { return want == "*" && have[k] != nil || slices.Contains(have[k], want) })
		all = min(all, truth.Of(fits))
	}
	return all
}

// byStatus are the parts of an expression that handle_errors makes of statuses.
var (
	statusFrom = pattern.New(`^\{http\.error\.status_code\} >= (\d00) && \{http\.error\.status_code\} <= \d99$`)
	statusIn   = pattern.New(`^\{http\.error\.status_code\} in \[([\d, ]+)\]$`)
)

// expression reads the expressions that the Caddyfile itself makes; others are
// for the running gateway.
func (w *walk) expression(v *node) truth.Value {
	text := v.str()
	if v.kind == object {
		text = v.str("expr")
	}
	best := truth.No
	for _, part := range strings.Split(text, " || ") {
		switch {
		case statusFrom().MatchString(part):
			if statusFrom().FindStringSubmatch(part)[1][:1] == strconv.Itoa(w.failed/100) {
				return truth.Yes
			}
		case statusIn().MatchString(part):
			if slices.Contains(strings.Split(statusIn().FindStringSubmatch(part)[1], ", "), strconv.Itoa(w.failed)) {
				return truth.Yes
			}
		default:
			best = truth.Unknown
		}
	}
	return best
}

// replace puts in what stands for parts of the request. What is not known stays.
func (w *walk) replace(s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	query := ""
	if w.query != "" {
		query = "?" + w.query
	}
	scheme := "http"
	if w.req.TLS {
		scheme = "https"
	}
	s = strings.NewReplacer("{http.request.host}", w.req.Host, "{http.request.hostport}", w.req.Host+":"+strconv.Itoa(w.req.Port), "{http.request.port}", strconv.Itoa(w.req.Port),
		"{http.request.uri}", w.uri(), "{http.request.uri.path}", w.path, "{http.request.uri.query}", w.query, "{http.request.uri.prefixed_query}", query, "{http.request.scheme}", scheme,
		"{http.request.method}", w.method, "{http.request.orig_uri}", w.req.Path, "{http.request.orig_uri.path}", w.req.Path, "{http.error.status_code}", strconv.Itoa(w.failed)).Replace(s)
	return placeholder().ReplaceAllStringFunc(s, func(m string) string {
		name := m[1 : len(m)-1]
		if v, ok := w.vars[name]; ok {
			return v
		}
		if v, ok := w.vars[strings.TrimPrefix(name, "http.vars.")]; ok && strings.HasPrefix(name, "http.vars.") {
			return v
		}
		if i, ok := strings.CutPrefix(name, "http.request.host.labels."); ok {
			labels := strings.Split(w.req.Host, ".")
			slices.Reverse(labels)
			if n, err := strconv.Atoi(i); err == nil && n >= 0 && n < len(labels) {
				return labels[n]
			}
		}
		return m
	})
}

var placeholder = pattern.New(`\{[\w.]+\}`)

// rewrite changes the request as a rewrite handler does (Rewrite.Rewrite in
// rewrite.go).
func (w *walk) rewrite(h *node) {
	if m := h.str("method"); m != "" {
		w.method = strings.ToUpper(w.replace(m))
	}
	if uri := h.str("uri"); uri != "" {
		w.rewriteURI(h, uri)
	}
	if p := h.str("strip_path_prefix"); p != "" {
		p = "/" + strings.TrimPrefix(w.replace(p), "/")
		if len(w.path) >= len(p) && strings.EqualFold(w.path[:len(p)], p) {
			w.path = "/" + strings.TrimPrefix(w.path[len(p):], "/")
		}
	}
	if p := h.str("strip_path_suffix"); p != "" {
		w.path = strings.TrimSuffix(w.path, w.replace(p))
	}
	for _, s := range h.items("uri_substring") {
		w.path = strings.ReplaceAll(w.path, w.replace(s.str("find")), w.replace(s.str("replace")))
	}
	for _, s := range h.items("path_regexp") {
		if re, err := regexp.Compile(s.str("find")); err == nil {
			w.path = re.ReplaceAllString(w.path, s.str("replace"))
		}
	}
	w.step(h, "rewrite")
}

func (w *walk) rewriteURI(h *node, uri string) {
	if strings.Contains(uri, "{http.matchers.file.relative}") {
		// What try_files finds: the script itself, else the last that is tried.
		if !strings.HasSuffix(w.path, ".php") {
			w.path = "/index.php"
		}
		return
	}
	to := w.replace(uri)
	if strings.Contains(to, "{") {
		w.doubt(h, "where this rewrites to is known only to the running gateway: "+uri)
	}
	p, query, found := strings.Cut(to, "?")
	if p != "" {
		w.path = "/" + strings.TrimPrefix(p, "/")
	}
	if found {
		w.query = query
	}
}

// headers notes what a handler does to the request's header.
func (w *walk) headers(ops *node) {
	if s := ops.get("set"); s != nil && s.kind == object {
		for _, k := range s.keys {
			if v := s.strs(k); len(v) > 0 && len(w.header) < 200 {
				w.header = append(w.header, topo.Header{Name: k, Value: w.replace(v[0])})
			}
		}
	}
}
