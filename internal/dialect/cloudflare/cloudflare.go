// Package cloudflare knows Cloudflare: its own statuses and error codes, its
// pages, and the log of cloudflared, the tunnel's end at the origin.
package cloudflare

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/applog"
	"github.com/goodgatehq/goodgate/internal/dialect/gonet"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Cloudflare, the edge and its tunnel.
var Dialect = dialect.Dialect{
	Name:  "cloudflare",
	Doc:   "Cloudflare: its statuses 520 to 530 and codes 1xxx, its pages, and the log of cloudflared.",
	Logs:  Logs,
	Words: words,
}

// Logs are the tunnel's log, and what the edge's pages say.
var Logs = []dialect.Log{
	{Name: "cloudflared", Kind: "error", Sniff: dialect.Share(92, tunnel), Line: tunnel, Time: line.Time, Conds: table.Conds()},
	page,
}

var page, words = phrase.New(phrase.Options{Name: "cloudflare page", Kind: "error", Source: "Cloudflare documentation, 5xx and 1xxx errors"}, rows)

const source = "cloudflared connection, proxy, supervisor"

var table = applog.NewTable()

// What cloudflared cannot reach is the origin: the edge answers 502 for it.
var keys = gonet.Add(table, source, func(gonet.Kind) int { return 502 })

func add(id string, symptom vocab.Symptom, fact vocab.Fact, fails bool, check string, causes ...vocab.Cause) dialect.Key {
	return table.Add(dialect.Condition{ID: id, Symptom: symptom, Phase: dialect.PhaseLocal, Fact: fact, Fails: fails, Causes: causes, Distinguish: check, Source: source})
}

var (
	keyOrigin = add("origin-unreachable", vocab.ConnectionRefused, vocab.GatewayConnectFailed, true,
		"cloudflared could not use the service of its ingress rule; the text after it says why.", vocab.UpstreamDown, vocab.WrongAddress, vocab.ProtocolMismatch)
	keyNoRule = add("no-ingress-rule", vocab.DestinationNotFound, "", true,
		"No ingress rule fits the host: the last rule must be a catch-all.", vocab.NoRoute, vocab.InvalidConfig)
	keyTunnel = add("tunnel-lost", vocab.DestinationUnavailable, "", false,
		"cloudflared lost its connections to the edge: outgoing UDP 7844 (QUIC) or TCP 7844 must be allowed.", vocab.Filtered, vocab.Lossy)
	keyResolve = add("edge-not-resolved", vocab.DNSError, vocab.GatewayResolverFailed, false,
		"cloudflared does not find the edge's addresses: its resolver does not answer.", vocab.ResolverUnreachable)
)

// tunnel reads "2026-08-21T10:15:30Z ERR error="…" originService=http://…", and
// the same in JSON.
func tunnel(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	b = line.Trim(b)
	text, ok := console(b, r)
	if !ok {
		if text, ok = object(b, r); !ok {
			return dialect.Unparsed
		}
	}
	r.Message = text
	if v := phrase.Value(b, "originService"); v != nil {
		r.Upstream = v
		r.Endpoint = hostOf(v)
	}
	return message(b, r)
}

// console reads the stamp and the level of cloudflared's own format; the line
// must speak of what only it speaks of.
func console(b []byte, r *dialect.Record) ([]byte, bool) {
	stamp, rest := line.Word(b)
	if len(stamp) == 3 { // quoted without its time
		stamp, rest = nil, b
	} else if len(stamp) != 20 || stamp[10] != 'T' || stamp[19] != 'Z' {
		return nil, false
	}
	if len(rest) < 5 {
		return nil, false
	}
	switch string(rest[:4]) {
	case "ERR ", "WRN ", "INF ", "DBG ", "FTL ":
	default:
		return nil, false
	}
	if !speaks(rest) {
		return nil, false
	}
	r.Stamp, r.Level = stamp, rest[:3]
	return rest[4:], true
}

// speaks reports whether a line holds what only cloudflared writes.
func speaks(b []byte) bool {
	for _, w := range [...]string{"cfRay=", "originService=", "connIndex=", "ingressRule=", "cloudflared", "tunnelID=", "Unable to reach the origin service", "\"connIndex\":", "\"ingressRule\":", "\"originService\":"} {
		if line.Contains(b, w) {
			return true
		}
	}
	return false
}

func object(b []byte, r *dialect.Record) ([]byte, bool) {
	f, ok := line.Object(b)
	if !ok || !speaks(b) {
		return nil, false
	}
	text := b
	for f.Next() {
		switch string(f.Key) {
		case "time":
			r.Stamp = f.Value
		case "level":
			r.Level = f.Value
		case "message":
			text = f.Value
		case "originService":
			r.Upstream, r.Endpoint = f.Value, hostOf(f.Value)
		}
	}
	return text, r.Level != nil
}

// hostOf returns the address part of "https://192.0.2.1:4443/x".
func hostOf(v []byte) []byte {
	if _, rest, ok := line.Cut(v, "://"); ok {
		v = rest
	}
	if i := line.Index(v, "/"); i > 0 {
		v = v[:i]
	}
	return v
}

func message(b []byte, r *dialect.Record) dialect.Key {
	switch {
	case line.Contains(b, "No ingress rules were defined"), line.Contains(b, "no ingress rule matched"):
		return keyNoRule
	case line.Contains(b, "stream ") && line.Contains(b, "canceled by remote"), line.Contains(b, "Incoming request ended abruptly: context canceled"):
		return keys[gonet.Canceled]
	case line.Contains(b, "failed to dial to edge"), line.Contains(b, "Failed to dial a quic connection"), line.Contains(b, "Serve tunnel error"),
		line.Contains(b, "Lost connection with the edge"), line.Contains(b, "Unable to establish connection with Cloudflare edge"), line.Contains(b, "Connection terminated"), line.Contains(b, "failed to accept QUIC stream"):
		return keyTunnel
	case line.Contains(b, "argotunnel.com") && line.Contains(b, "lookup"):
		return keyResolve
	}
	endpoint := r.Endpoint
	k := gonet.Read(trimmed(b), r)
	if endpoint != nil {
		r.Endpoint = endpoint
	}
	switch {
	case k != gonet.None:
		return keys[k]
	case line.Contains(b, "Unable to reach the origin service"):
		if line.Contains(b, ": EOF\"") {
			return keys[gonet.EOF]
		}
		return keyOrigin
	}
	return dialect.Plain
}

// trimmed is the value of error=, or the line.
func trimmed(b []byte) []byte {
	if v := phrase.Value(b, "error"); v != nil {
		return v
	}
	return b
}
