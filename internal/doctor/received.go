package doctor

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Some gateways take what is no answer for one, and write nothing about it. Apache
// passes on what has no status line as HTTP/0.9, with status 200
// (ap_proxy_http_process_response, modules/proxy/mod_proxy_http.c), and what an
// HTTP server says to a packet of the uwsgi protocol as the application's own 400.
// So a client's answer alone does not show that all is well: it is held against
// what the upstream really sends.

// compareReceived asks the upstream where our own request got an answer that looks
// as if no application had written it, and makes a failure of it where none has.
func (x *examination) compareReceived(ctx context.Context) {
	f := x.decision.Forward
	x.queueFull(ctx)
	if f == nil || x.silent() || len(x.failures) > 0 || len(x.own) == 0 || len(f.Endpoints) == 0 || f.Endpoints[0].IsName() {
		return
	}
	o := &x.own[len(x.own)-1]
	u := &upstream{Addr: f.Endpoints[0].String()}
	g := &gapping{x: x, u: u}
	network, address := u.network()
	target := probe.Target{Network: network, Address: address}
	subject := x.place.Subject(u.Addr) + " received"
	switch {
	case f.Protocol == vocab.HTTP && hollow(*o):
		c := x.exchange(ctx, g, subject, f.Protocol, target)
		if c == nil || c.Exchange.Status != 0 || c.Exchange.HeadDone || !begins(o.Body, c.Exchange.First) {
			return
		}
		o.Instead = "what the upstream sent, which is no HTTP, as the body of a " + statusLine(o.Exchange)
	case (f.Protocol == vocab.UWSGI || f.Protocol == vocab.SCGI) && o.Status >= 400 && o.Status < 500 && !tookRequest(o.Status):
		plain, ok := x.askPlain(ctx, g, subject, target)
		if !ok || !plain.HeadDone || plain.Status == 0 || plain.Status == o.Status {
			return
		}
		o.Instead = "what an HTTP server says to a packet of the " + string(f.Protocol) + " protocol"
	default:
		return
	}
	fail := x.unexplained(ownRequest{AskResult: o.AskResult})
	fail.Subjects = x.roles(u.Addr)
	x.failures = append(x.failures, fail)
	x.note("The gateway took %s for an answer and wrote no line about it.", o.Instead)
}

// gatewayFields are header fields that gateways set on what they pass on.
var gatewayFields = []string{"date", "server", "connection", "keep-alive", "transfer-encoding", "content-length", "via", "vary", "x-powered-by", "strict-transport-security", "x-frame-options", "x-content-type-options", "alt-svc"}

// hollow reports whether an answer has a body and no field that says what it is:
// whoever writes HTTP says at least its type.
func hollow(o ownRequest) bool {
	if o.Status != 200 || len(o.Body) == 0 || failed(o.AskResult) {
		return false
	}
	return !slices.ContainsFunc(o.Header, func(h topo.Header) bool { return !slices.Contains(gatewayFields, strings.ToLower(h.Name)) })
}

// begins reports whether a body begins with what the upstream sent first, as far
// as both are kept.
func begins(body, sent []byte) bool {
	n := min(len(body), len(sent), 64)
	return n > 0 && bytes.Equal(body[:n], sent[:n])
}

// askPlain asks an upstream in plain HTTP, where the gateway speaks another
// protocol to it.
func (x *examination) askPlain(ctx context.Context, g *gapping, subject string, target probe.Target) (probe.Exchange, bool) {
	return askOf(g, "probe/plain", subject, dialling(x, func(d probe.Dialer) probe.Exchange {
		spoken := topo.Spoken{Method: "GET", URI: requestURI(x.survey.Target), Version: "1.0", Header: []topo.Header{{Name: "Host", Value: x.match.Dial.Host}, {Name: "Connection", Value: "close"}}}
		return probe.HTTP(ctx, d, target, spoken, otherLimits)
	}))
}

// silentModule reports whether the answer may be one that the gateway made without
// a line: mod_proxy_uwsgi answers 500 when its upstream closes, is silent or speaks
// no uwsgi, and writes nothing (modules/proxy/mod_proxy_uwsgi.c).
func (x *examination) silentModule(o ownRequest) bool {
	return x.match.Gateway.Conf.Instance.Product == "apache" && x.decision.Forward.Protocol == vocab.UWSGI && o.Status == 500 && o.Made.Product == "apache" && o.Made.Grade == probe.GradeBody
}

// servedBeside counts the requests of others that an upstream holds, read and not
// answered, while ours lies unread: its workers are at work. Connections that the
// gateway may keep idle do not count.
func (x *examination) servedBeside(u *upstream) int {
	c := u.Contact
	if !x.hasWorkers(u) || c.Connections == nil {
		return 0
	}
	own, pooled := c.Exchange.Connection.Local, false
	if n, _ := x.decision.Settings.Number(vocab.KeepaliveCount); n > 0 {
		pooled = true
	}
	var gateway []string // local ends of the gateway's connections
	for _, t := range c.Connections.Toward {
		if pooled && slices.ContainsFunc(t.PIDs, x.match.Gateway.Has) {
			gateway = append(gateway, t.Local)
		}
	}
	unread, serving := false, 0
	for _, a := range c.Connections.At {
		switch {
		case own != "" && a.Remote == own:
			unread = a.Unread > 0
		case a.State == "established" && a.Inode != 0 && a.Unread == 0 && !slices.Contains(gateway, a.Remote):
			serving++
		}
	}
	if !unread {
		return 0
	}
	return serving
}

// hasWorkers reports whether an upstream is a server that works on requests in a
// number of processes or threads: one that runs everything in one loop holds no
// request for a worker.
func (x *examination) hasWorkers(u *upstream) bool {
	for _, p := range u.Processes {
		for _, d := range x.opts.Dialects {
			if !slices.Contains(workerServers, d.Name) || d.Recognise == nil {
				continue
			}
			if _, ok := d.Recognise(survey.AsDialect(p)); ok {
				return true
			}
		}
	}
	return false
}

// workerServers are application servers with a fixed number of workers.
var workerServers = []string{"puma", "tomcat", "gunicorn", "uwsgi", "unicorn", "php-fpm"}

// queueFull sees in the sockets what HAProxy writes to nobody: every server has the
// connections that its maxconn allows, so requests wait in the queue until timeout
// queue is over (process_srv_queue, src/queue.c).
func (x *examination) queueFull(ctx context.Context) {
	limit, _ := x.decision.Settings.Number(vocab.ServerConnections)
	i := slices.IndexFunc(x.failures, func(f evidence.Failure) bool { return f.Own && f.Symptom == "" && f.Status == 503 })
	if i < 0 || limit <= 0 || x.label() == "" || x.decision.Forward == nil {
		return
	}
	full := 0
	for _, e := range x.decision.Forward.Endpoints {
		if e.Down || e.IsName() {
			continue
		}
		conns, ok := askView(x, "host/connections", e.String(), func(v *host.View) (host.Connections, error) { return v.Connections(ctx, e.String()) })
		held := 0
		for _, c := range conns.Toward {
			if c.State == "established" && slices.ContainsFunc(c.PIDs, x.match.Gateway.Has) {
				held++
			}
		}
		if !ok || float64(held) < limit {
			return // one server has room: nobody has to wait
		}
		full = held
	}
	if full == 0 {
		return
	}
	x.add(observation{fact: vocab.LimitReached, subject: x.gateway, value: fmt.Sprintf("each server has %.0f of %.0f connections (maxconn)", float64(full), limit), when: x.own[len(x.own)-1].Ended, kind: evidence.Socket, where: "sockets of " + x.gateway})
	x.failures[i].Symptom = vocab.ConnectionLimitReached
	x.derived = append(x.derived, x.failures[i].Endpoint())
}
