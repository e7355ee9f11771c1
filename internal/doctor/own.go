package doctor

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

const (
	seriesMost = 5               // our own requests in all
	seriesSlow = 2 * time.Second // what took this long is not repeated
	heldMost   = 15 * time.Second
)

// patience is how long our own request waits for an answer: somewhat longer
// than the gateway itself waits for one upstream after another, within the
// budget of the mode.
func (x *examination) patience() time.Duration {
	most := 10 * time.Second
	switch {
	case x.opts.Deep:
		most = 75 * time.Second
	case x.opts.Quick:
		most = 1500 * time.Millisecond
	}
	s := x.decision.Settings
	// A gateway that lets requests wait for a server answers only when that is over:
	// a moment more shows what it answers.
	if held := s.Seconds(vocab.QueueTimeout); !x.opts.Quick && held >= most && held <= heldMost {
		most = held + time.Second
	}
	wait := s.Seconds(vocab.ConnectTimeout) + s.Seconds(vocab.ReadTimeout)
	if wait == 0 {
		return most
	}
	tries := 1
	if f := x.decision.Forward; f != nil {
		tries = max(1, len(f.Endpoints))
	}
	// A connect that failed is tried again after a second (back_handle_st_cer in
	// HAProxy's src/backend.c).
	again, _ := s.Number(vocab.Retries)
	wait = time.Duration(tries)*wait + time.Duration(again)*min(time.Second, s.Seconds(vocab.ConnectTimeout))
	return min(most, wait+time.Second)
}

// askOwn sends our own marked request through the gateway.
func (x *examination) askOwn(ctx context.Context) {
	if x.silent() {
		return
	}
	x.progress("asking %s through the gateway", x.rec.Case().Target)
	x.askOnce(ctx)
}

// series repeats our request while the logs say that it fails now and then and
// it has not failed for us: serially, five at most, never what took long.
func (x *examination) series(ctx context.Context) {
	if len(x.own) == 0 || x.opts.Quick || !x.comesAndGoes() {
		return
	}
	for len(x.own) < seriesMost && ctx.Err() == nil {
		last := x.own[len(x.own)-1]
		if failed(last.AskResult) || x.standsIn(last) || last.Seconds > seriesSlow.Seconds() {
			return
		}
		x.progress("asking again: it comes and goes")
		if !x.askOnce(ctx) {
			return
		}
	}
}

// comesAndGoes reports whether requests of this route failed in the window.
func (x *examination) comesAndGoes() bool {
	for _, h := range x.hits {
		if c := x.cond(h); c.Fails && !x.isOwn(h) {
			return true
		}
	}
	return len(x.access) > 0
}

// askOnce sends one marked request, and reports whether it could be sent.
func (x *examination) askOnce(ctx context.Context) bool {
	d := x.match.Dial
	token := x.token
	if n := len(x.own); n > 0 {
		token += "-" + strconv.Itoa(n+1)
		x.rec.Redact.Keep(token)
	}
	req := probe.AskRequest{
		Network: d.Network, Address: d.Address, TLS: d.TLS, Host: d.Host, SNI: d.SNI, ProxyHeader: d.ProxyHeader,
		Method: "GET", URI: requestURI(x.survey.Target), Token: token, Version: x.opts.Version, Timeout: x.patience(),
	}
	marks := x.noteLogs()
	defer func() {
		for _, m := range marks {
			m.Close()
		}
	}()
	watched := x.watchSockets(ctx)
	result, _, ok := ask(x, "probe/ask", strconv.Itoa(len(x.own)+1)+" "+d.Address, func() (probe.AskResult, error) {
		dial, err := x.dialer(d.Place)
		if err != nil {
			return probe.AskResult{}, err
		}
		r := probe.Ask(ctx, dial, req)
		if x.label() != "" {
			x.rec.Redact.Keep(r.Connection.Local) // by it such logs show our request
		}
		return r, nil
	})
	seen := watched()
	if !ok {
		return false
	}
	x.noteSockets(seen, result.Seconds)
	o := ownRequest{AskResult: result}
	o.Lines = x.ownLines(ctx, marks, result, token)
	x.own = append(x.own, o)
	return true
}

// failed reports whether an answer is a failure of the kind that is examined: a
// 5xx, or no whole answer.
func failed(r probe.AskResult) bool {
	switch {
	case !r.Connection.OK, r.Status == 0, r.Status >= 500:
		return true
	case r.Status == 400 && r.Hint != "":
		return true
	}
	return broken(r.Exchange)
}

// broken reports whether an answer was cut short behind its status.
func broken(e probe.Exchange) bool {
	switch e.BodyEnd {
	case probe.BodyShort, probe.BodyChunkBad, probe.BodyChunkCut, probe.BodyReset:
		return true
	}
	return false
}

// isOwn reports whether a line is exactly about one of our own requests: it
// carries our token, which nginx's error log prints in the referrer and access
// logs in the user agent.
func (x *examination) isOwn(h scan.Hit) bool {
	return x.ownByTuple(h) || x.ownByThread(h) || x.token != "" && (strings.Contains(h.Referrer, x.token) || strings.Contains(h.UserAgent, x.token) || strings.Contains(h.RequestID, x.token) || strings.Contains(h.Raw, x.token))
}
