package doctor

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/pattern"
	"github.com/goodgatehq/goodgate/internal/scan"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// items makes items of the lines. All subjects of one role are taken to be the
// same: the first that a line names.
func (e *explaining) items(reads []scan.Read) []evidence.Item {
	e.nameSubjects(reads)
	var items []evidence.Item
	add := func(fact vocab.Fact, r scan.Read, value string) {
		info, ok := fact.Info()
		if !ok {
			return
		}
		items = append(items, evidence.Item{ID: "e" + strconv.Itoa(len(items)+1), Fact: fact, Subject: e.subjects()[info.Role][0], Value: value, When: r.Time,
			Origin: evidence.Origin{Kind: kindOf(fact, r), Where: lineOf(r)}, Quote: clip(r.Raw, 600)})
	}
	broke, failed := false, failedConnects(reads)
	for _, r := range reads {
		if consequence(failed, r) {
			continue
		}
		if fact, value := e.factOf(r, reads); fact != "" {
			add(fact, r, value)
		}
		switch r.Cond.Fact {
		case vocab.GatewayClosedEarly, vocab.GatewayResetEarly:
			broke = true
			if f, ok := timed(max(r.UpSeconds, r.Seconds)); ok {
				add(f, r, strconv.FormatFloat(max(r.UpSeconds, r.Seconds), 'g', 4, 64)+" s")
			}
		case vocab.GatewayRefused:
			if broke {
				add(vocab.DiedInRequest, r, "")
			}
			if strings.HasPrefix(r.Endpoint, "[::1]:") {
				add(vocab.TargetLoopback6, r, r.Endpoint)
			}
		}
	}
	e.targetItems(reads, add)
	return append(items, e.configItems(len(items))...)
}

// nameSubjects takes the first of each role that a line names, and a stand-in where
// none does.
func (e *explaining) nameSubjects(reads []scan.Read) {
	for _, r := range reads {
		e.endpoint = cmp.Or(e.endpoint, gatewayEndpoint(r))
		e.route = cmp.Or(e.route, strings.TrimSpace(r.Host+" "+r.Path))
		if r.Cond.Phase == dialect.PhaseDNS {
			e.name = cmp.Or(e.name, r.Name)
		}
	}
	e.endpoint = cmp.Or(e.endpoint, someUpstream)
	e.route = cmp.Or(e.route, "the request")
	e.name = cmp.Or(e.name, "the upstream's name")
	e.resolver, e.pool = "the resolver", "the pool"
}

// someUpstream stands for an upstream that no line names.
const someUpstream = "the upstream"

// kindOf is who wrote a line that says a fact.
func kindOf(fact vocab.Fact, r scan.Read) evidence.Kind {
	switch {
	case r.Cond.Phase == "" && strings.HasPrefix(string(fact), "app_"):
		return evidence.AppLog
	case strings.HasPrefix(string(fact), "kernel_"):
		return evidence.Kernel
	}
	return evidence.GatewayLog
}

// factOf returns what a line says, among the others.
func (e *explaining) factOf(r scan.Read, reads []scan.Read) (fact vocab.Fact, value string) {
	fact = r.Cond.Fact
	if fact == vocab.GatewayWorkerDied && hosted(reads) {
		fact = vocab.AppCrashed
	}
	if r.Log == programErrors && e.gatewayFailed(reads) {
		fact = behind(fact)
	}
	if fact == vocab.AppListening && r.Endpoint != "" && e.endpoint != someUpstream && !sameListening(r.Endpoint, e.endpoint) {
		return vocab.AppListeningElsewhere, r.Endpoint
	}
	if strings.HasPrefix(string(fact), "app_") || strings.HasPrefix(string(fact), "kernel_") || strings.HasPrefix(string(fact), "gateway_no_") {
		value = clip(cmp.Or(r.Message, r.Raw), 120)
	}
	return fact, value
}

// hosted reports whether the gateway runs the application in children of its own
// (mod_wsgi), and the connection to one broke: then the child that died is the
// application.
func hosted(reads []scan.Read) bool {
	return slices.ContainsFunc(reads, func(r scan.Read) bool { return r.Condition == "wsgi-closed-early" || r.Condition == "wsgi-body-failed" })
}

// targetItems says what the address that a gateway dials tells of what stands there,
// once of each kind.
func (e *explaining) targetItems(reads []scan.Read, add func(vocab.Fact, scan.Read, string)) {
	first := func(holds func(scan.Read) bool, tell func(scan.Read)) {
		if i := slices.IndexFunc(reads, holds); i >= 0 {
			tell(reads[i])
		}
	}
	first(func(r scan.Read) bool {
		loopback := r.Endpoint != "" && isLoopback(r.Endpoint) && !strings.HasPrefix(r.Endpoint, "unix:") && !strings.HasPrefix(r.Endpoint, "/")
		return r.Cond.Phase == dialect.PhaseConnect && loopback && (e.contained || bridged(r.Client))
	}, func(r scan.Read) { add(vocab.TargetOwnContainer, r, r.Endpoint) })
	scheme := func(r scan.Read) string {
		s, _, _ := strings.Cut(r.Upstream, "://")
		return s
	}
	first(func(r scan.Read) bool { return strings.Contains(r.Upstream, "://") && managesWorkers(scheme(r)) }, func(r scan.Read) { add(vocab.TargetWorkers, r, scheme(r)) })
	first(func(r scan.Read) bool {
		return (r.Upstream != "" || r.Cond.Phase == dialect.PhaseConnect) && containerAddress(r.Endpoint)
	}, func(r scan.Read) {
		add(vocab.TargetContainer, r, r.Endpoint)
		if slices.Contains(followers, r.Product) {
			add(vocab.ResolvedAtRunTime, r, r.Product+" follows the container engine")
		}
	})
}

// contained finds the marks of a gateway in a container: what the official images
// say when they start, and the prefix that docker compose gives each line.
var contained = pattern.New(`(?m)/docker-entrypoint\.(sh|d)|^(?:[a-z0-9]+[-_])*(?:nginx|proxy|caddy|traefik|gateway|web|haproxy|apache|httpd|envoy)[a-z0-9_-]*[-_]\d+\s+\| `)

// bridged reports whether a client has the address by which a container sees its
// own host: the first of a network of Docker's (172.17.0.0/16 and those after it).
func bridged(client string) bool {
	a, err := netip.ParseAddr(client)
	if err != nil || !a.Is4() {
		return false
	}
	b := a.As4()
	return b[0] == 172 && b[1] >= 17 && b[1] <= 31 && b[2] == 0 && b[3] == 1
}

// programErrors is the log of errors that programs write about what they ask for
// (dialect/runtime).
const programErrors = "program errors"

// gatewayFailed reports whether a gateway's own line of a failure is among the
// lines.
func (e *explaining) gatewayFailed(reads []scan.Read) bool {
	return slices.ContainsFunc(reads, func(r scan.Read) bool {
		return r.Cond.Fails && r.Cond.Symptom != "" && slices.ContainsFunc(e.opts.Dialects, func(d dialect.Dialect) bool { return d.Name == r.Product && !d.Application })
	})
}

// failedConnects holds the threads of products that wrote of a failed connect, in
// logs that do not number connections.
func failedConnects(reads []scan.Read) map[string]time.Time {
	failed := map[string]time.Time{}
	for _, r := range reads {
		if r.Cond.Fails && r.Cond.Phase == dialect.PhaseConnect && r.Conn == 0 && r.PID > 0 {
			failed[thread(r)] = r.Time
		}
	}
	return failed
}

// thread names who wrote a line.
func thread(r scan.Read) string {
	return r.Product + " " + strconv.FormatInt(r.PID, 10) + " " + strconv.FormatInt(r.TID, 10)
}

// consequence reports whether a line only tells what a failed connect, told by
// the same thread a moment before, means: that no answer came.
func consequence(failed map[string]time.Time, r scan.Read) bool {
	at, ok := failed[thread(r)]
	return ok && r.Conn == 0 && r.Cond.Phase == dialect.PhaseHeader && r.Time.Sub(at) >= 0 && r.Time.Sub(at) < time.Second
}

// followers are gateways that are told by a container engine, or by Kubernetes,
// when an address changes: what they dial is not stale.
var followers = []string{"traefik", "kubernetes"}

// gatewayEndpoint returns the endpoint that a gateway's line names.
func gatewayEndpoint(r scan.Read) string {
	if r.Cond.Fact == vocab.AppListening || r.Upstream == "" {
		return ""
	}
	return r.Endpoint
}
