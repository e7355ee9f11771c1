package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/topo"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Some gateways tell the configuration that runs. Then the files say what would
// run after a reload, and only what they say about our own request matters.

// onDisk returns how the files would treat our request, where the running gateway
// told its configuration.
func (x *examination) onDisk() (topo.Decision, bool) {
	c := x.match.Gateway.Conf
	if !c.Told || c.Disk == nil {
		return topo.Decision{}, false
	}
	return c.Disk(x.match.Request), true
}

// differsOnDisk says what the files would do otherwise with our request; "" where
// they would do the same.
func (x *examination) differsOnDisk(disk topo.Decision) string {
	runs := x.decision
	if runs.Outcome == topo.Unknown || disk.Outcome == topo.Unknown {
		return ""
	}
	if runs.Outcome != disk.Outcome || runs.Outcome == topo.Answers && runs.Status != disk.Status {
		return fmt.Sprintf("it %s, the file on disk says that it %s", does(runs), does(disk))
	}
	if runs.Forward == nil || disk.Forward == nil {
		return ""
	}
	if a, b := dialled(runs.Forward), dialled(disk.Forward); a != b {
		return fmt.Sprintf("it dials %s, the file on disk says %s", a, b)
	}
	if a, b := runs.Forward.Protocol, disk.Forward.Protocol; a != b {
		return fmt.Sprintf("it speaks %s, the file on disk says %s", a, b)
	}
	for _, k := range []vocab.Knob{vocab.ConnectTimeout, vocab.ReadTimeout, vocab.SendTimeout, vocab.HeaderBuffer, vocab.KeepaliveTimeout, vocab.TLSVerify, vocab.TLSServerName, vocab.ServerConnections, vocab.RequestBodyLimit} {
		if a, b := runs.Settings[k], disk.Settings[k]; a.Number != b.Number {
			return fmt.Sprintf("it has %s, the file on disk says %s", said(a), said(b))
		}
	}
	for _, k := range []vocab.Knob{vocab.TLSName, vocab.TLSTrusted, vocab.HealthCheck} {
		if a, b := runs.Settings[k], disk.Settings[k]; a.Value != b.Value {
			return fmt.Sprintf("it has %s, the file on disk says %s", said(a), said(b))
		}
	}
	return ""
}

func does(d topo.Decision) string {
	switch d.Outcome {
	case topo.Answers, topo.NoRoute:
		return "answers " + strconv.Itoa(d.Status) + " by itself"
	case topo.Serves:
		return "serves a file"
	}
	if d.Forward == nil {
		return "forwards"
	}
	return "forwards to " + dialled(d.Forward)
}

// dialled lists the endpoints of a way out in one line.
func dialled(f *topo.Forward) string { return strings.Join(endpointsOf(f), ", ") }

// said writes a setting as people do.
func said(s topo.Setting) string {
	if s.Value == "" {
		return s.Directive + " " + strconv.FormatFloat(s.Number, 'f', -1, 64) + " by default"
	}
	return s.Directive + " " + s.Value
}

// diskAnswers says where an upstream that the files name accepts connections, and
// the one that runs does not.
func (x *examination) diskAnswers() {
	for _, u := range x.upstreams {
		for _, d := range x.upstreams {
			if d.OnDisk && !u.OnDisk && d.Connect.OK && u.Connected && !u.Connect.OK {
				x.add(observation{fact: vocab.ConfigTargetAnswers, subject: x.gateway, value: d.Addr, when: d.AskedAt, kind: evidence.Probe, where: "tcp " + d.Addr})
				return
			}
		}
	}
}
