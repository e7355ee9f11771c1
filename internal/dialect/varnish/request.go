package varnish

import (
	"bytes"
	"errors"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/answer"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
)

// requests is the log that folder.lines makes, as one of every request.
var requests = dialect.Log{
	Name: "varnish request", Kind: "access", Line: allRequests, Time: line.Time, Conds: table.Conds(), Sites: true,
	Sniff: dialect.Share(95, allRequests),
}

// format returns the log of a format: the records of varnishlog in one line, or a
// varnishncsa -F.
func format(text string) (dialect.Log, error) {
	if text == requestFormat {
		return requests, nil
	}
	return dialect.Log{}, errFormat
}

var errFormat = errors.New("only the format of varnishlog is known")

// allRequests reads a line as one of an access log: what was no failure is plain.
func allRequests(b []byte, r *dialect.Record) dialect.Key {
	r.Reset()
	key, ok := request(b, r)
	if !ok {
		r.Reset()
		return dialect.Unparsed
	}
	return key
}

// field takes "name=value " off b.
func field(b []byte, name string) (value, rest []byte, ok bool) {
	b, ok = line.After(b, name)
	if !ok || len(b) == 0 || b[0] != '=' {
		return nil, b, false
	}
	b = b[1:]
	if len(b) > 0 && b[0] == '"' {
		i := bytes.IndexByte(b[1:], '"')
		if i < 0 {
			return nil, b, false
		}
		return b[1 : i+1], bytes.TrimPrefix(b[i+2:], []byte{' '}), true
	}
	value, rest = line.Word(b)
	if line.Is(value, "-") {
		value = nil
	}
	return value, rest, true
}

// names are the fields of a line, in order.
var names = [...]string{"client", "status", "seconds", "backend", "at", "got", "first", "fetches", "mended", "error", "vcl", "id", "agent", "host", "request"}

// request reads a line of folder.write.
func request(b []byte, r *dialect.Record) (key dialect.Key, ok bool) {
	stamp, rest := line.Word(b)
	if len(stamp) < 20 || !line.Has(rest, "varnishlog[") {
		return dialect.Unparsed, false
	}
	_, rest = line.Word(rest)
	var f [len(names)][]byte
	for i, name := range names {
		if f[i], rest, ok = field(rest, name); !ok {
			return dialect.Unparsed, false
		}
	}
	client, status, took, backend, at, got, first, fetches, failed, failure := f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]
	r.Stamp, r.Name, r.Endpoint = stamp, backend, at
	if i := bytes.LastIndexByte(client, ':'); i > 0 {
		r.Client = client[:i]
	}
	if len(at) == 0 {
		r.Endpoint = backend // the configuration may know its address
	}
	n, _ := line.Int(status)
	r.Status = int(n)
	n, r.UpKnown = line.Int(got)
	r.UpStatus = int(n)
	mended, _ := line.Int(failed)
	r.Masked = int(mended)
	r.Seconds, r.UpSeconds = seconds(took), seconds(first)
	r.RequestID, r.UserAgent, r.Host = f[11], f[12], f[13]
	r.Request = f[14]
	r.Method, r.Path = line.Word(f[14])
	if i := bytes.IndexByte(r.Path, '?'); i >= 0 {
		r.Path = r.Path[:i]
	}
	if i := line.Index(r.Path, "://"); i > 0 && i < 8 {
		if j := bytes.IndexByte(r.Path[i+3:], '/'); j >= 0 {
			r.Path = r.Path[i+3+j:]
		}
	}
	switch {
	case len(failure) > 0:
		r.Message = failure
		name, endpoint := r.Name, r.Endpoint
		key = fetch(failure, r)
		r.Name, r.Endpoint = name, endpoint
		return key, true
	case r.Status < 500:
		return dialect.Plain, true
	case len(f[10]) > 0:
		r.Message = f[10]
		return keyVCL, true
	case r.UpKnown && r.UpStatus == r.Status:
		return makers.Of(r.Status, answer.Passed), true
	case line.Is(fetches, "0"):
		return keySynth, true
	}
	return makers.Of(r.Status, answer.Made), true
}

func seconds(b []byte) float64 {
	if v, ok := line.Seconds(b); ok {
		return v
	}
	return -1
}
