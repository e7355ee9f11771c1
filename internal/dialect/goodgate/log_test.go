package goodgate

import (
	"strings"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/suite"
	"github.com/goodgatehq/goodgate/internal/gateway/event"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// base is an exchange as the gateway writes it; change alters it. The lines are
// written by the gateway's own code, so that the reader cannot drift from it.
func base(change func(*event.Exchange)) string {
	x := &event.Exchange{ID: "7f3a", Start: time.Date(2026, 11, 20, 9, 10, 37, 266536000, time.UTC), Client: "203.0.113.7:45238", Site: "shop", Route: "/api", Pool: "app",
		Method: "GET", Scheme: "http", Host: "shop.example", Target: "/api/x?token=1", Proto: "HTTP/1.1", UserAgent: `curl "8"`, Status: 200, MadeBy: event.Upstream, Sent: 1024, Total: 657 * time.Microsecond,
		Attempts: []event.Attempt{{Pool: "app", Endpoint: "127.0.0.1:3000", Won: true, Status: 200, Total: 600 * time.Microsecond, First: 500 * time.Microsecond, Sent: 293}}}
	change(x)
	return strings.TrimSuffix(string(x.AppendJSON(nil)), "\n")
}

func failedWith(status int, s vocab.Symptom, detail string, attempts ...event.Attempt) string {
	return base(func(x *event.Exchange) {
		x.Status, x.MadeBy, x.Symptom, x.Detail, x.Attempts = status, event.Gateway, s, detail, attempts
	})
}

func try(s vocab.Symptom, phase event.Phase, detail string) event.Attempt {
	return event.Attempt{Pool: "app", Endpoint: "127.0.0.1:3001", Symptom: s, Phase: phase, Detail: detail, Total: time.Millisecond, Reused: true, Idle: time.Second}
}

// died is an attempt that broke off when the request had been sent.
func died(a event.Attempt) event.Attempt {
	a.Sent = 240
	return a
}

// TestLookedUp: what a failure of DNS is about is the name that was asked for, not the
// pool whose server has it.
func TestLookedUp(t *testing.T) {
	for detail, want := range map[string]string{
		"lookup app.internal: no such host":                 "app.internal",
		"lookup app.internal. on 127.0.0.1:53: SERVFAIL":    "app.internal",
		"lookup app.internal. on [::1]:53: dial: timed out": "app.internal",
		"lookup ": "", "it answers nothing": "", "": "",
	} {
		var r dialect.Record
		if read([]byte(failedWith(502, vocab.DNSError, detail)), &r); string(r.Name) != want {
			t.Errorf("%q: about %q, want %q", detail, r.Name, want)
		}
	}
}

// refused is a request of which no server learnt, because the client broke it.
func refused(status int, detail string) string {
	return base(func(x *event.Exchange) {
		x.Status, x.MadeBy, x.Symptom, x.Detail, x.Attempts = status, event.Client, vocab.HTTPRequestError, detail, nil
	})
}

var cases = []struct {
	line, id string
	masked   int
}{
	{base(func(*event.Exchange) {}), "", 0},
	{base(func(x *event.Exchange) {
		x.Attempts = append([]event.Attempt{try(vocab.ConnectionTerminated, event.Header, "read: connection reset by peer")}, x.Attempts...)
	}), "", 1},
	{base(func(x *event.Exchange) { x.Status, x.Attempts[0].Status = 503, 503 }), "passed", 0},
	{base(func(x *event.Exchange) { x.Status, x.MadeBy = 499, event.Client }), "client-gone", 0},
	{base(func(x *event.Exchange) { x.Cut, x.Symptom = true, vocab.HTTPResponseIncomplete }), "body-cut", 0},
	{base(func(x *event.Exchange) { x.Cut, x.Symptom = true, vocab.ConnectionReadTimeout }), "body-timeout", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; the last one: connection_refused", try(vocab.ConnectionRefused, event.Connect, "dial: connection refused")), "refused", 0},
	{failedWith(503, vocab.DestinationUnavailable, "x", try(vocab.ConnectionRefused, event.Connect, "dial: no such file or directory")), "socket-missing", 0},
	{failedWith(503, vocab.DestinationUnavailable, "x", died(try(vocab.ConnectionTerminated, event.Header, "the server closed the connection without an answer")), try(vocab.ConnectionRefused, event.Connect, "dial: connection refused")), "closed-early", 0},
	{failedWith(503, vocab.DestinationUnavailable, "x", try(vocab.ConnectionTerminated, event.Header, "the server had closed the connection before the request reached it"), try(vocab.ConnectionRefused, event.Connect, "dial: connection refused")), "refused", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked"), "no-server", 0},
	{failedWith(503, vocab.DestinationUnavailable, "every server is drained: a person took them out"), "drained", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; unchecked,failing: the check was answered 404"), "check-fails", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; unchecked: connection_read_timeout: no byte of an answer in time"), "check-fails", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; unchecked,failing: connection_refused: dial: connection refused"), "refused", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; unchecked,failing: the check cannot connect: dial: timed out"), "connect-timeout", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; ejected: connection_terminated"), "no-server", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; away: dial: connection refused"), "refused", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; away: dial: timed out"), "connect-timeout", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; away: dial: resource temporarily unavailable"), "backlog-full", 0},
	{failedWith(503, vocab.DestinationUnavailable, "no server can be asked; hung: nothing completed for 2s"), "no-server", 0},
	{failedWith(502, vocab.ConnectionTerminated, "x", try(vocab.ConnectionTerminated, event.Header, "the server closed the connection without an answer")), "closed-early", 0},
	{failedWith(502, vocab.ConnectionTerminated, "x", try(vocab.ConnectionTerminated, event.Header, "read: connection reset by peer")), "reset-early", 0},
	{failedWith(502, vocab.HTTPProtocolError, "x", try(vocab.HTTPProtocolError, event.Header, `status_line at byte 0: "nonsense"`)), "not-http", 0},
	{failedWith(502, vocab.HTTPProtocolError, "x", try(vocab.HTTPProtocolError, event.Header, `length_and_coding at byte 0`)), "invalid-answer", 0},
	{failedWith(504, vocab.ConnectionReadTimeout, "x", try(vocab.ConnectionReadTimeout, event.Header, "no byte of an answer in time")), "read-timeout", 0},
	{failedWith(500, vocab.ProxyInternalError, "x", try(vocab.ProxyInternalError, event.Connect, "dial: permission denied")), "denied", 0},
	{failedWith(502, vocab.DNSError, "lookup app on 127.0.0.1:53: no such host"), "dns-error", 0},
	{failedWith(502, vocab.DNSError, "lookup app. on 127.0.0.1:53: SERVFAIL"), "dns-failed", 0},
	{failedWith(502, vocab.ProxyLoopDetected, "the request has been here before"), "loop", 0},
	{failedWith(404, vocab.DestinationNotFound, "no route"), "no-route", 0},
	{failedWith(413, vocab.HTTPRequestError, "too large"), "request-body-too-large", 0},
	{refused(400, "length_and_coding at byte 0"), "client-error", 0},
	{refused(417, "expectation"), "client-error", 0},
	{refused(408, "the head was not complete in time"), "client-stalled", 0},
	{refused(431, "the head is too large"), "request-head-too-large", 0},
	{refused(499, "the client broke off the body"), "client-gone", 0},
	{base(func(x *event.Exchange) {
		x.MadeBy, x.Cut, x.Detail = event.Client, true, "the client did not take the answer"
	}), "client-gone", 0},
	{failedWith(503, vocab.ConnectionLimitReached, "too many requests wait for a server"), "limit", 0},
}

func examples() []suite.Example {
	var out []suite.Example
	for _, c := range cases {
		out = append(out, suite.Example{Log: Logs[0].Name, Line: c.line})
	}
	for _, c := range notes {
		out = append(out, suite.Example{Log: Logs[1].Name, Line: c.line})
	}
	return append(out, suite.Example{Log: Logs[1].Name, Line: "goodgate: listening on 127.0.0.1:8080"})
}

func TestSuite(t *testing.T) { suite.Run(t, Logs, examples()) }

func FuzzLine(f *testing.F) { suite.Fuzz(f, Logs, examples()) }

func TestLines(t *testing.T) {
	for _, c := range cases {
		var r dialect.Record
		key := Logs[0].Line([]byte(c.line), &r)
		if id := Logs[0].Conds[key].ID; id != c.id || key == dialect.Unparsed || r.Masked != c.masked {
			t.Errorf("key %d %q masked %d, want %q %d: %s", key, id, r.Masked, c.id, c.masked, c.line)
		}
		at, ok := Logs[0].Time(r.Stamp, time.UTC, time.Now())
		if string(r.Path) != "/api/x" || string(r.Host) != "shop.example" || string(r.Client) != "203.0.113.7" || string(r.RequestID) != "7f3a" || string(r.Name) != "app" ||
			r.Seconds < 0.00065 || r.Seconds > 0.00066 || !ok || at.Unix() != 1795165837 {
			t.Errorf("%+v at %v", r, at)
		}
	}
}

// TestServerThatIsOut: where no attempt was made the line says who was away.
func TestServerThatIsOut(t *testing.T) {
	var r dialect.Record
	Logs[0].Line([]byte(base(func(x *event.Exchange) {
		x.Status, x.MadeBy, x.Symptom, x.Detail, x.Attempts, x.Out = 503, event.Gateway, vocab.DestinationUnavailable, "no server can be asked; away: dial: connection refused", nil, "127.0.0.1:3001"
	})), &r)
	if string(r.Endpoint) != "127.0.0.1:3001" || string(r.Name) != "app" {
		t.Errorf("%q %q", r.Endpoint, r.Name)
	}
}

// TestBrokenRequestIsTheClients: what a client breaks is neither a client that left
// nor a failure of the site.
func TestBrokenRequestIsTheClients(t *testing.T) {
	var r dialect.Record
	c := Logs[0].Conds[Logs[0].Line([]byte(refused(400, "bare_lf at byte 14")), &r)]
	if c.Fails || c.Fact == vocab.GatewayClientGone || len(c.Causes) == 0 || c.Causes[0] != vocab.MalformedRequest {
		t.Errorf("%+v", c)
	}
}

// TestEverySymptomHasAKey holds the reader against the list of what a gateway may
// say.
func TestEverySymptomHasAKey(t *testing.T) {
	for s := range simple {
		line := failedWith(502, s, "x")
		var r dialect.Record
		if key := Logs[0].Line([]byte(line), &r); Logs[0].Conds[key].Symptom != s {
			t.Errorf("%s was read as %q", s, Logs[0].Conds[key].ID)
		}
	}
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		args string
		ok   bool
		conf string
	}{
		{"/usr/bin/goodgate gateway -c gateway.yaml", true, "/srv/gateway.yaml"},
		{"goodgate gateway --config=/etc/g.yaml", true, "/etc/g.yaml"},
		{"goodgate gateway --listen :80 --to http://a", true, ""},
		{"/opt/goodgate_1.2_linux_amd64 gateway --listen :80 --to http://a", true, ""},
		{"goodgateway gateway --listen :80 --to http://a", false, ""},
		{"goodgate gateway status -c /etc/g.yaml", false, ""},
		{"goodgate diagnose http://gateway/", false, ""},
		{"nginx gateway -c x", false, ""},
	} {
		l, ok := recognise(dialect.Process{PID: 7, Args: strings.Fields(c.args), Cwd: "/srv"})
		if ok != c.ok || ok && l.Config != c.conf {
			t.Errorf("%s: %v %+v", c.args, ok, l)
		}
	}
}
