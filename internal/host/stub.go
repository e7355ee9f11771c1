package host

import "github.com/goodgatehq/goodgate/internal/evidence"

var errUnwritten = &evidence.Gap{Source: "host", Why: "not written yet"}
