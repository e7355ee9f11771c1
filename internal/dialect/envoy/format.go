package envoy

import (
	"fmt"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// usual are the beginnings of the formats that read knows: Envoy's own and Istio's.
var usual = []string{
	`[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED%`,
	`[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%`,
}

// format returns the access log that a format describes: the two usual texts, and
// any object whose members are single values.
func format(text string) (dialect.Log, error) {
	if rest, ok := strings.CutPrefix(text, "json\n"); ok {
		return jsonLog(rest), nil
	}
	for _, u := range usual {
		if strings.HasPrefix(text, u) {
			return Logs[0], nil
		}
	}
	return dialect.Log{}, fmt.Errorf("cannot read the access log format %.60q", text)
}

// field is a value of an access log.
type field byte

const (
	skip field = iota
	start
	status
	flags
	codeDetails
	reason // the transport's, of a failed connect
	sent
	duration
	service
	client
	agent
	request
	authority
	upstream
	pool
	method
	path
	protocol
	referrer
)

// operators are what stands for the fields in a format.
var operators = map[string]field{
	"START_TIME": start, "RESPONSE_CODE": status, "RESPONSE_FLAGS": flags, "RESPONSE_FLAGS_LONG": skip, "RESPONSE_CODE_DETAILS": codeDetails,
	"UPSTREAM_TRANSPORT_FAILURE_REASON": reason, "BYTES_SENT": sent, "DURATION": duration, "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)": service,
	"REQ(X-FORWARDED-FOR)": skip, "DOWNSTREAM_REMOTE_ADDRESS": client, "REQ(USER-AGENT)": agent, "REQ(X-REQUEST-ID)": request, "REQ(:AUTHORITY)": authority,
	"UPSTREAM_HOST": upstream, "UPSTREAM_CLUSTER": pool, "UPSTREAM_CLUSTER_RAW": pool, "REQ(:METHOD)": method, "REQ(:PATH)": path, "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)": path,
	"PROTOCOL": protocol, "REQ(REFERER)": referrer,
}

// jsonLog reads objects whose members a configuration names.
func jsonLog(members string) dialect.Log {
	fields := map[string]field{}
	for row := range strings.Lines(members) {
		name, op, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		op, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(op, "%"), "%"), "%")
		if f, ok := operators[strings.ToUpper(op)]; ok {
			fields[name] = f
		}
	}
	l := Logs[0]
	l.Name = "envoy access json"
	l.Line = func(b []byte, r *dialect.Record) dialect.Key { return readJSON(b, r, fields) }
	l.Sniff = dialect.Share(90, l.Line)
	return l
}

// istio are the members of Istio's own JSON format (meshConfig.accessLogEncoding).
var istio = map[string]field{
	"start_time": start, "method": method, "path": path, "protocol": protocol, "response_code": status, "response_flags": flags, "response_code_details": codeDetails,
	"upstream_transport_failure_reason": reason, "bytes_sent": sent, "duration": duration, "upstream_service_time": service, "user_agent": agent, "request_id": request,
	"authority": authority, "upstream_host": upstream, "upstream_cluster": skip, "downstream_remote_address": client,
}

// readJSON reads one object.
func readJSON(b []byte, r *dialect.Record, fields map[string]field) dialect.Key {
	r.Reset()
	o, ok := line.Object(line.Trim(b))
	if !ok {
		return dialect.Unparsed
	}
	var flag, detail, why []byte
	for o.Next() {
		if line.Is(o.Value, "-") || line.Is(o.Value, "null") {
			continue
		}
		n, number := line.Int(o.Value)
		switch fields[string(o.Key)] {
		case start:
			r.Stamp = o.Value
		case status:
			r.Status = int(n)
		case flags:
			flag = o.Value
		case codeDetails:
			detail = o.Value
		case reason:
			why = o.Value
		case sent:
			r.Bytes = n
		case duration:
			r.Seconds = float64(n) / 1e3
		case service:
			if number {
				r.UpSeconds, r.UpKnown = float64(n)/1e3, true
			}
		case client:
			r.Client = o.Value
		case agent:
			r.UserAgent = o.Value
		case request:
			r.RequestID = o.Value
		case authority:
			r.Host = o.Value
		case upstream:
			r.Endpoint = o.Value
		case pool:
			r.Name = nil // a pool alone is no "pool/server"
		case method:
			r.Method = o.Value
		case path:
			r.Path, _ = cutQuery(o.Value)
			r.Request = o.Value
		case referrer:
			r.Referrer = o.Value
		}
	}
	if r.Stamp == nil || r.Path == nil && r.Method == nil {
		r.Reset()
		return dialect.Unparsed
	}
	if r.UpKnown {
		r.UpStatus = r.Status
	}
	if len(why) > 0 && len(detail) == 0 {
		if key := reset(why); key != keyTerminated {
			return key
		}
	}
	return verdict(r, flag, detail)
}

func cutQuery(b []byte) (path, query []byte) {
	for i, c := range b {
		if c == '?' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}
