package doctor

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// PageMaker is who made an answer that was pasted: a page, header fields, what
// curl -v shows.
type PageMaker struct {
	Product string   `json:"product"`           // empty: no mark, and only Edge or Through are known
	Version string   `json:"version,omitempty"` //
	Sure    bool     `json:"sure"`              // false: a field that the last proxy writes, or words that several products write
	Also    []string `json:"also,omitempty"`    // products that make the very same answer
	Edge    string   `json:"edge,omitempty"`    // CDN or cloud balancer that made it, or passed it on
	Through []string `json:"through,omitempty"` // proxies that say they passed it on
	Detail  string   `json:"detail,omitempty"`  // what the mark says more
}

// pageBound is how much of a pasted text is looked at as an answer.
const pageBound = 64 << 10

// page looks for an answer in a pasted text, says who made it, and returns a
// reading of it for where the lines alone say no more than a status.
func (e *explaining) page(text []byte) (scan.Read, bool) {
	status, header, body := answerIn(string(text[:min(len(text), pageBound)]))
	if status == 0 && len(header) == 0 && body == "" {
		return scan.Read{}, false
	}
	if status == 0 {
		status = statusOf(body)
	}
	m := probe.Maker(status, header, []byte(body))
	if m.Product == "" && m.Edge == "" && len(m.Through) == 0 {
		return scan.Read{}, false
	}
	sure := madeSurely(m)
	e.out.MadeBy = &PageMaker{Product: m.Product, Version: m.Version, Sure: sure, Also: m.Also, Edge: m.Edge, Through: m.Through, Detail: m.Detail}
	if m.Edge != "" {
		e.out.Next = append(e.out.Next, askPast(m.Edge, "HOST")...)
	}
	cond, ok := pageConditions[m.Product][status]
	if !ok || !sure {
		return scan.Read{}, false
	}
	cond.ID, cond.Status, cond.Fails, cond.Phase = "page-"+strconv.Itoa(status), status, true, dialect.PhaseLocal
	read := scan.Read{Product: m.Product, Known: true, Cond: cond}
	read.Log, read.Condition, read.Raw, read.Line = "page", cond.ID, clip(strings.TrimSpace(body), 200), 1
	read.Seconds, read.UpSeconds = -1, -1
	return read, true
}

// sized names the product whose own page has the size that an access log tells,
// where nothing else is left of the answer: it supports, and proves nothing.
func (e *explaining) sized(reads []scan.Read) {
	if e.out.MadeBy != nil || len(reads) == 0 || slices.ContainsFunc(reads, told) {
		return
	}
	for _, r := range reads {
		if r.Cond.Fact != vocab.GatewayStatusUnknown || r.Status < 500 {
			continue
		}
		if all := probe.Sized(r.Status, r.Bytes); len(all) > 0 {
			e.out.MadeBy = &PageMaker{Product: all[0], Also: append(all[1:], "application"), Detail: strconv.FormatInt(r.Bytes, 10) + " bytes: the size of its own page"}
			return
		}
	}
}

// answerFields are fields that are taken for one of an answer where no status
// line stands before them.
var answerFields = []string{
	"server", "via", "x-cache", "cf-ray", "x-amz-cf-id", "x-served-by", "x-azure-ref", "x-varnish", "x-squid-error", "x-vercel-error", "ngrok-error-code",
	"proxy-status", "x-envoy-overloaded", "x-envoy-upstream-service-time",
}

var fieldLine = pattern.New(`^([A-Za-z][A-Za-z0-9-]{1,40}): ?(.*)$`)

// answerIn takes an answer out of a pasted text: the last status line and the
// fields after it, as a browser, curl -i or curl -v show them, and the page.
func answerIn(text string) (status int, header []topo.Header, body string) {
	var page []string
	inHeader := false
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		line = strings.TrimRight(line, "\r")
		if strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "} [") || strings.HasPrefix(line, "{ [") {
			continue // curl's own remarks, and the request
		}
		bare := strings.TrimPrefix(line, "< ")
		switch f := fieldLine().FindStringSubmatch(bare); {
		case strings.HasPrefix(bare, "HTTP/") && pastedStatus(bare) > 0:
			status, header, page, inHeader = pastedStatus(bare), nil, nil, true
		case inHeader && f != nil:
			header = append(header, topo.Header{Name: f[1], Value: f[2]})
		case inHeader:
			inHeader = false
			if strings.TrimSpace(bare) != "" && bare != "<" {
				page = append(page, bare)
			}
		case f != nil && slices.Contains(answerFields, strings.ToLower(f[1])):
			header = append(header, topo.Header{Name: f[1], Value: f[2]})
		case status > 0 || strings.HasPrefix(strings.TrimSpace(line), "<") || len(page) > 0 || len(lines) <= 4:
			page = append(page, line)
		}
	}
	return status, header, strings.TrimSpace(strings.Join(page, "\n"))
}

// pastedStatus reads the status of "HTTP/1.1 502 Bad Gateway".
func pastedStatus(s string) int {
	_, rest, _ := strings.Cut(s, " ")
	code, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if err != nil || n < 200 || n > 599 {
		return 0
	}
	return n
}

var titled = pattern.New(`(?i)(?:^|<title>|<h1>|<h2>|error code:? |error |>)\s*(50[0-9]|52[0-7]|530)\b`)

// statusOf reads the status that a page names.
func statusOf(body string) int {
	if f := titled().FindStringSubmatch(body); f != nil {
		n, _ := strconv.Atoi(f[1])
		return n
	}
	return 0
}

// What a product's own page says, by its status: products answer the same failure
// with different ones, and so the status alone says something.
var (
	pageRefused = dialect.Condition{Causes: []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.Filtered},
		Distinguish: "A connect that failed is answered so: what listens at the backend's address? The gateway's error log has the reason.", Fact: vocab.GatewayStatusMade, Source: "the product's own pages"}
	pageClosed = dialect.Condition{Symptom: vocab.ConnectionTerminated, Fact: vocab.GatewayClosedEarly, Causes: []vocab.Cause{vocab.UpstreamCrashed, vocab.WorkerKilled, vocab.KeepaliveRace, vocab.InvalidResponse},
		Distinguish: "The server closed before its answer, or answered what is no HTTP: its own log at that second.", Source: "the product's own pages"}
	pageTimeout = dialect.Condition{Symptom: vocab.HTTPResponseTimeout, Fact: vocab.GatewayReadTimeout, Causes: []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamHung, vocab.TimeoutTooShort, vocab.WorkersExhausted},
		Distinguish: "Ask the server directly and wait: does it answer later, or never?", Source: "the product's own pages"}
	pageEdge = dialect.Condition{Causes: []vocab.Cause{vocab.UpstreamSlow, vocab.UpstreamDown, vocab.CDNOrigin, vocab.UpstreamHung}, Fact: vocab.GatewayStatusMade,
		Distinguish: "The edge says this for its own limit and for an origin whose own gateway answered so: the origin's log at that second.", Source: "Cloudflare documentation, 5xx errors"}
	pageNobody = dialect.Condition{Symptom: vocab.DestinationUnavailable, Fact: vocab.GatewayNoLiveUpstream, Causes: []vocab.Cause{vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.Maintenance},
		Distinguish: "No server is left to ask: why is each one out?", Source: "the product's own pages"}
	pageLimit = dialect.Condition{Causes: []vocab.Cause{vocab.RateLimited, vocab.Maintenance, vocab.NoHealthyUpstream},
		Distinguish: "nginx's own 503 is a limit (limit_req, limit_conn) or a `return 503`: its error log names the limit.", Fact: vocab.GatewayStatusMade, Source: "nginx src/http/ngx_http_special_response.c"}
	pageOwn = dialect.Condition{Causes: []vocab.Cause{vocab.InvalidConfig, vocab.ConnectionsExhausted, vocab.FDExhausted, vocab.PortsExhausted},
		Distinguish: "The gateway's own 500: a rewrite without end, a limit of connections or files. Its error log says which.", Fact: vocab.GatewayStatusMade, Source: "the product's own pages"}
	pageMixed = dialect.Condition{Causes: []vocab.Cause{vocab.UpstreamDown, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.KeepaliveRace, vocab.InvalidResponse},
		Distinguish: "A connect that failed and an answer that broke off have this same page: the gateway's error log tells them apart.", Fact: vocab.GatewayStatusMade, Source: "the product's own pages"}
	pageTarget = dialect.Condition{Symptom: vocab.ConnectionTerminated, Fact: vocab.GatewayClosedEarly, Causes: []vocab.Cause{vocab.KeepaliveRace, vocab.UpstreamCrashed, vocab.UpstreamDown, vocab.InvalidResponse, vocab.TLSHandshake},
		Distinguish: "The target closed or reset: is its keep-alive longer than the balancer's idle timeout (60 s)?", Source: "Elastic Load Balancing documentation, troubleshooting"}
)

// pageConditions are the pages by product and status.
var pageConditions = map[string]map[int]dialect.Condition{
	"nginx":       {500: pageOwn, 502: pageMixed, 503: pageLimit, 504: pageTimeout},
	"openresty":   {500: pageOwn, 502: pageMixed, 503: pageLimit, 504: pageTimeout},
	"tengine":     {500: pageOwn, 502: pageMixed, 503: pageLimit, 504: pageTimeout},
	"apache":      {502: pageClosed, 503: pageRefused, 504: pageTimeout},
	"haproxy":     {500: pageOwn, 502: pageClosed, 503: pageNobody, 504: pageTimeout},
	"caddy":       {502: pageMixed, 503: pageNobody, 504: pageTimeout},
	"traefik":     {502: pageMixed, 503: pageNobody, 504: pageTimeout},
	"varnish":     {503: pageMixed},
	"lighttpd":    {500: pageClosed, 503: pageRefused, 504: pageTimeout},
	"aws-alb":     {502: pageTarget, 503: pageNobody, 504: pageTimeout},
	"azure-appgw": {502: pageNobody, 504: pageTimeout},
	"gcp-lb":      {502: pageNobody, 503: pageNobody, 504: pageTimeout},
	"cloudflare":  {502: pageMixed, 504: pageEdge},
	"heroku":      {503: pageMixed},
}
