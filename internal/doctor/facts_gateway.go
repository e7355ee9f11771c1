package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// state adds the items that need no upstream: what the gateway wrote, what our
// own requests got, what the configuration says, what the logs show over time.
func (x *examination) state() {
	for _, h := range x.hits {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, h := range x.access {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, h := range x.loose {
		x.lineFact(h, evidence.GatewayLog)
	}
	for _, o := range x.own {
		x.answerFacts(o)
	}
	x.configFacts()
	x.outFacts()
	x.historyFacts()
}

// lineFact makes an item of a log line that carries a fact.
func (x *examination) lineFact(h scan.Hit, kind evidence.Kind) {
	c := x.cond(h)
	info, ok := c.Fact.Info()
	if !ok || h.Time.IsZero() && !x.isOwn(h) {
		return
	}
	o := observation{fact: c.Fact, when: h.Time, kind: kind, where: h.Place, quote: h.Raw}
	if h.Time.IsZero() {
		o.when = x.to
	}
	o.subject = x.subjectOfLine(info.Role, h)
	switch c.Fact {
	case vocab.GatewayConfigRejected, vocab.GatewayStartNameMissing:
		o.value = h.Message
	case vocab.GatewayLimited, vocab.GatewayBodyTooLarge, vocab.GatewayNoFiles, vocab.GatewayNoConnections, vocab.GatewayDiskFull, vocab.GatewayFileDenied, vocab.GatewayNoMemory, vocab.GatewayAuthStatus, vocab.GatewayWorkerDied:
		o.value = clip(h.Message, 160)
	}
	x.add(o)
	if strings.HasPrefix(h.Endpoint, "[::1]:") && c.Fact == vocab.GatewayRefused {
		x.add(observation{fact: vocab.TargetLoopback6, subject: h.Endpoint, when: o.when, kind: kind, where: h.Place, quote: h.Endpoint})
	}
}

// subjectOfLine returns what plays a role in what a line tells; "" where that is not
// known.
func (x *examination) subjectOfLine(role vocab.Role, h scan.Hit) string {
	switch role {
	case vocab.RoleEndpoint:
		if all := x.configuredEndpoints(); h.Endpoint == "" && len(all) == 1 {
			return all[0]
		}
		return h.Endpoint
	case vocab.RoleName, vocab.RoleResolver:
		return h.Name
	case vocab.RolePool:
		return x.pool()
	case vocab.RoleRoute:
		return x.route
	case vocab.RoleGateway:
		return x.gateway
	}
	return ""
}

// answerFacts says what our own request got.
func (x *examination) answerFacts(o ownRequest) {
	e := o.Exchange
	base := o.observed("", x.route, "", statusLine(e))
	add := func(fact vocab.Fact, value string) {
		b := base
		b.fact, b.value = fact, value
		x.add(b)
	}
	switch {
	case !failed(o.AskResult):
	case madeByEdge(o.Made):
		add(vocab.EdgeAnswered, o.Made.Edge)
	case o.Made.Edge != "" && !madeSurely(o.Made):
		add(vocab.EdgePassed, o.Made.Edge)
	}
	switch {
	case o.Instead != "":
		add(vocab.AnswerNotHTTP, o.Instead)
	case !e.Connection.OK:
		x.add(observation{fact: vocab.GatewayUnreachable, subject: x.gateway, value: e.Connection.Errno, when: o.Ended, kind: evidence.OwnAnswer, where: "tcp " + e.Address, quote: e.Connection.Text})
	case e.Bytes == 0 && (e.End == probe.EndEOF || e.End == probe.EndReset):
		add(vocab.AnswerEmpty, "")
	case e.Bytes == 0:
		add(vocab.AnswerTimeout, seconds(e.Seconds))
	case e.Status == 0:
		add(vocab.AnswerNotHTTP, e.Speaks)
	case broken(e):
		add(vocab.AnswerTruncated, bodyEnd(e))
	case e.Status >= 500:
		if by, why := x.madeBy(o); by == "upstream" {
			base.quote += why
			add(vocab.AnswerUpstreamError, strconv.Itoa(e.Status))
		} else if by == "gateway" {
			add(vocab.AnswerGatewayError, strconv.Itoa(e.Status))
		}
	default:
		add(vocab.AnswerOK, strconv.Itoa(e.Status))
	}
}

// madeBy tells who made a 5xx that our own request got: "gateway", "upstream" or
// "" where it cannot be told. The gateway's error log is the best witness: nginx
// writes a line for every error that it makes because of an upstream.
func (x *examination) madeBy(o ownRequest) (by, why string) {
	if slices.ContainsFunc(o.Lines, func(h scan.Hit) bool { return x.cond(h).Fact == vocab.GatewayStatusPassed }) {
		return "upstream", " (the gateway's log says that it passed it on)"
	}
	if slices.ContainsFunc(o.Lines, func(h scan.Hit) bool { return x.cond(h).Fails }) {
		return "gateway", ""
	}
	if x.match == nil {
		return "", ""
	}
	if x.decision.Outcome == topo.Answers || x.decision.Outcome == topo.Serves || x.decision.Outcome == topo.NoRoute {
		return "gateway", ""
	}
	if x.decision.Outcome == topo.Forwards && x.wouldSay() && !x.silentModule(o) {
		return "upstream", " (the gateway's error log has no line about it)"
	}
	if o.Made.Product != "" && o.Made.Product != x.match.Gateway.Conf.Instance.Product && o.Made.Grade == "body" {
		return "upstream", " (the body is that of " + o.Made.Product + ")"
	}
	if o.Made.Product == x.match.Gateway.Conf.Instance.Product && o.Made.Grade == "body" {
		return "gateway", ""
	}
	return "", ""
}

// wouldSay reports whether an error log of this route was read after our own
// request and is written at a level that has upstream errors.
func (x *examination) wouldSay() bool {
	for _, l := range x.logs {
		if l.Kind == "error" && l.OK && !l.Filtered && (l.Level == "" || slices.Contains([]string{"debug", "info", "notice", "warn", "error"}, l.Level)) && slices.ContainsFunc(x.decision.Logs, func(d topo.Log) bool { return d.Path == l.Path }) {
			return true
		}
	}
	return false
}

func statusLine(e probe.Exchange) string {
	switch {
	case !e.Connection.OK:
		return e.Connection.Text
	case e.Status == 0 && len(e.First) > 0:
		return string(e.First)
	case e.Status == 0:
		return e.Text
	}
	return strings.TrimSpace(fmt.Sprintf("HTTP/%s %d %s", e.Version, e.Status, e.Reason))
}

func bodyEnd(e probe.Exchange) string {
	switch e.BodyEnd {
	case probe.BodyShort:
		return fmt.Sprintf("%d of %d bytes came", e.BodyBytes, e.Length)
	case probe.BodyChunkCut:
		return "the last chunk did not come"
	case probe.BodyChunkBad:
		return "the chunked coding is broken"
	case probe.BodyReset:
		return "the connection was reset in the body"
	}
	return string(e.BodyEnd)
}

func seconds(s float64) string {
	if s < 0.00005 {
		return "under 0.1 ms"
	}
	if s < 0.1 {
		return strconv.FormatFloat(s*1000, 'f', 1, 64) + " ms"
	}
	return strconv.FormatFloat(s, 'f', 1, 64) + " s"
}
