package doctor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/probe"
)

// edge is a CDN or cloud balancer as the maker of answers: nobody can look into
// it, and each has a place where it tells more.
type edge struct {
	dialect string // that has its words; empty: none
	ask     string // where it tells more
}

// edges are by the names that probe.Maker uses.
var edges = map[string]edge{
	"cloudflare":      {"cloudflare", "Cloudflare's own logs (HTTP requests: OriginResponseStatus 0 is an answer that Cloudflare made); behind a tunnel, the log of cloudflared on the origin."},
	"cloudfront":      {"cloudfront", "CloudFront's standard log: x-edge-detailed-result-type names the failure; X-Amz-Cf-Id finds the request."},
	"fastly":          {"fastly", "The heading of Fastly's page is the reason; curl with \"Fastly-Debug: 1\" shows which backend was asked."},
	"akamai":          {"akamai", "Translate the reference number of the page in Akamai's edge diagnostics (akamai edge-diagnostics error-translator)."},
	"aws-alb":         {"alb", "aws elbv2 describe-target-health --target-group-arn ARN; in the balancer's access log, target_status_code \"-\" is an answer of its own, and error_reason says why."},
	"gcp-lb":          {"gcp-lb", "gcloud logging read 'resource.type=\"http_load_balancer\"': jsonPayload.statusDetails is the reason; gcloud compute backend-services get-health NAME --global."},
	"azure-frontdoor": {"azure", "Front Door's access log: errorInfo_s is the reason, X-Azure-Ref finds the request."},
	"azure-appgw":     {"azure", "az network application-gateway show-backend-health -g GROUP -n NAME: the reason for each server."},
	"heroku":          {"heroku", "heroku logs --tail -a APP: the router's line has the H code."},
	"fly":             {"fly", "fly logs -a APP: the proxy's line has the code; fly status shows the machines and their checks."},
	"vercel":          {"vercel", "vercel logs URL; x-vercel-id finds the request."},
	"netlify":         {"netlify", "The log of the function, or the proxy rule of the site, in Netlify; x-nf-request-id finds the request."},
	"ngrok":           {"ngrok", "The agent's inspector, http://127.0.0.1:4040 on the machine where ngrok runs; the ERR_NGROK code is the reason."},
	"railway":         {"", "The deployment's log in Railway."},
	"render":          {"", "The service's log in Render; rndr-id finds the request."},
	"bunny":           {"", "Bunny's request log of the pull zone."},
	"imperva":         {"", "Imperva's event log; the incident number of the page finds the request."},
	"sucuri":          {"", "Sucuri's audit trail; x-sucuri-id finds the request."},
}

// madeByEdge reports whether an edge made an answer itself: its page, its status, a
// field of its own errors. What only passed through it carries its fields too.
func madeByEdge(m probe.Made) bool {
	return m.Edge != "" && m.Product == m.Edge && m.Grade != probe.GradeHeader && m.Grade != probe.GradeWords
}

// madeSurely reports whether a mark names the maker, and not only the last proxy.
func madeSurely(m probe.Made) bool {
	return m.Product != "" && m.Grade != probe.GradeHeader && m.Grade != probe.GradeWords
}

// edgeMeaning is what an edge's code, or its own page of a status, says.
func edgeMeaning(dialects []dialect.Dialect, m probe.Made, status int) (cond dialect.Condition, says string, ok bool) {
	detail, _, _ := strings.Cut(strings.TrimSpace(m.Detail), " ")
	for _, word := range []string{detail, strconv.Itoa(status)} {
		if w, ok := edgeWord(dialects, edges[m.Product].dialect, word); ok {
			return w.Cond, w.Explain, true
		}
	}
	cond, ok = pageConditions[m.Product][status]
	return cond, "", ok
}

func edgeWord(dialects []dialect.Dialect, name, word string) (dialect.Word, bool) {
	i := slices.IndexFunc(dialects, func(d dialect.Dialect) bool { return d.Name == name })
	if i < 0 || word == "" {
		return dialect.Word{}, false
	}
	words := dialects[i].Words
	j := slices.IndexFunc(words, func(w dialect.Word) bool { return w.Text == word })
	if j < 0 {
		return dialect.Word{}, false
	}
	return words[j], true
}

// askPast says how to look behind an edge.
func askPast(edgeName, host string) []string {
	next := []string{"Ask the origin past " + edgeName + ": curl -sv -o /dev/null --connect-to " + host + "::ORIGIN: URL. The same failure there is the origin's own; then run goodgate on its host."}
	if e, ok := edges[edgeName]; ok {
		next = append(next, e.ask)
	}
	return next
}

// judgeMaker says what the maker of an answer, out of reach, means by it: its own
// words, what they may come from, and whom to ask.
func (x *examination) judgeMaker(d *Diagnosis, o ownRequest) {
	cond, says, ok := dialect.Condition{}, "", false
	if madeSurely(o.Made) {
		cond, says, ok = edgeMeaning(x.opts.Dialects, o.Made, o.Status)
	}
	if ok {
		if s := cond.Symptom; s != "" {
			d.Symptom = &s
		}
		left := 1.0
		for _, c := range d.Causes {
			left -= c.Confidence
		}
		for _, c := range candidates(cond) {
			if !slices.ContainsFunc(d.Causes, func(have Cause) bool { return have.ID == c.ID }) {
				c.Subject, c.Confidence = x.route, max(0, left)*c.Confidence
				d.Causes = append(d.Causes, c)
			}
		}
		if says = cmp.Or(says, cond.Distinguish); says != "" {
			d.Next = append(d.Next, says)
		}
	}
	switch {
	case madeByEdge(o.Made):
		d.Next = append(d.Next, askPast(o.Made.Edge, x.survey.Target.Host)...)
		return
	case madeSurely(o.Made) && len(o.Made.Through) > 0:
		x.note("%s wrote the answer, and %s passed it on", o.Made.Product, strings.Join(o.Made.Through, " and "))
	case o.Made.Edge != "":
		d.Next = append(d.Next, askPast(o.Made.Edge, x.survey.Target.Host)...)
	}
	where := "where the gateway runs"
	if madeSurely(o.Made) {
		where = "where this " + o.Made.Product + " runs"
	}
	d.Next = append(d.Next, "Run goodgate on the host "+where+": only there it can look behind the answer.")
}

// passedOn reports whether one product wrote an answer and another one, in front of
// it, says that it passed it on.
func passedOn(m probe.Made) bool {
	return madeSurely(m) && slices.ContainsFunc(m.Through, func(p string) bool { return p != m.Product })
}

// makerHops are the stations of a path of which only the answer is seen.
func (x *examination) makerHops(o ownRequest) []Hop {
	state := stateOf(!failed(o.AskResult))
	first := Hop{Kind: "gateway", Name: cmp.Or(o.Made.Product, cmp.Or(o.Made.Edge, "unknown")), Address: o.Address, State: state, Seen: []string{statusLine(o.Exchange)}}
	if !passedOn(o.Made) {
		return []Hop{first}
	}
	first.Name, first.State = strings.Join(o.Made.Through, ", "), Good
	return []Hop{first, {Kind: "gateway", Name: o.Made.Product, State: state, Seen: []string{"wrote the answer"}}}
}
