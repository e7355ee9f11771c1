package gonet

import (
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// TestKinds reads the words of net, net/http and net/url that no gateway's catalog
// has.
func TestKinds(t *testing.T) {
	for text, want := range map[string]Kind{
		"dial http:: unknown network http:":                                                                 BadTarget,
		"dial tcp: address 10.0.0.3: missing port in address":                                               BadTarget,
		"dial tcp: lookup tcp/abc: unknown port":                                                            BadTarget,
		"unsupported protocol scheme \"\"":                                                                  BadTarget,
		"readfrom tcp 10.0.0.4:5->10.0.3.17:80: client disconnected":                                        BodyUnread,
		"readfrom tcp 10.0.0.4:5->10.0.3.17:80: unexpected EOF":                                             BodyUnread,
		"readfrom tcp 10.0.0.4:5->10.0.3.17:80: http: request body too large":                               BadBody,
		"readfrom tcp 10.0.0.4:5->10.0.3.17:80: write tcp 10.0.0.4:5->10.0.3.17:80: write: broken pipe":     BrokenPipe,
		"stream error: stream ID 3; HTTP_1_1_REQUIRED":                                                      StreamVersion,
		"stream error: stream ID 3; REFUSED_STREAM; received from peer":                                     StreamRefused,
		"stream error: stream ID 5; INTERNAL_ERROR; received from peer":                                     StreamReset,
		"http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"": Goaway,
		"http2: client connection lost":                                                                     IdleClosed,
		"client disconnected":                                                                               Canceled,
		"dial tcp 10.0.3.17:8080: connect: no route to host":                                                NoRoute,
		"read tcp 10.0.0.4:5->10.0.3.17:80: read: connection reset by peer":                                 ResetEarly,
		"dial tcp [::1]:8080: connect: connection refused":                                                  RefusedLoopback6,
		"remote error: tls: handshake failure":                                                              TLSAlert,
		"TLS handshake timeout":                                                                             TLSTimeout,
		"something else: unknown":                                                                           None,
	} {
		var r dialect.Record
		if got := Read([]byte(text), &r); got != want {
			t.Errorf("%s: kind %d, want %d", text, got, want)
		}
	}
}

// TestTable holds every kind to one condition of its own.
func TestTable(t *testing.T) {
	seen := map[Kind]bool{None: true}
	ids := map[string]bool{}
	for _, k := range &kinds {
		if seen[k.kind] || ids[k.id] {
			t.Errorf("%s: the kind or the id is there twice", k.id)
		}
		seen[k.kind], ids[k.id] = true, true
	}
	for k := range Kinds {
		if !seen[k] {
			t.Errorf("kind %d has no condition", k)
		}
	}
}
