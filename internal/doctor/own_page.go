package doctor

import (
	"bytes"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/probe"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// Some gateways say in their own answer what they met: "no available server",
// "upstream connect error … delayed connect error: Connection refused". Their
// dialects read it as a line of a log.

// saidByPage reads the answer to one of our own requests so, where the gateway that
// was asked made it.
func (x *examination) saidByPage(o ownRequest) (scan.Hit, dialect.Condition, bool) {
	if x.match == nil || o.Made.Grade != probe.GradeBody || o.Made.Product != x.match.Gateway.Conf.Instance.Product {
		return scan.Hit{}, dialect.Condition{}, false
	}
	text := bytes.TrimSpace(o.Body[:min(len(o.Body), 4096)])
	if len(text) == 0 || bytes.ContainsAny(text, "<\n") {
		return scan.Hit{}, dialect.Condition{}, false // a page in HTML is what its mark says, and no more
	}
	for _, log := range x.match.Gateway.Dialect.Logs {
		var r dialect.Record
		if log.Kind != "error" {
			continue
		}
		if key := log.Line(text, &r); key > dialect.Plain && int(key) < len(log.Conds) && log.Conds[key].Fails {
			h := scan.Hit{Place: "GET " + o.URI + " at " + o.Exchange.Address, Time: o.Ended, Log: log.Name, Key: int(key), Status: o.Status, Raw: string(text)}
			return h, log.Conds[key], true
		}
	}
	return scan.Hit{}, dialect.Condition{}, false
}
