package nginx

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx/access"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx/errlog"
)

// Logs are nginx's logs in the formats that it has by itself, that of the
// Kubernetes ingress controller, and access logs whose lines are JSON objects
// with nginx's variables as keys.
var Logs = []dialect.Log{errlog.Log, access.Combined, access.Ingress, access.JSON, quoted}

// Format returns the access log that a log_format describes. format is the text
// between the name and the semicolon with its parts joined as nginx joins them,
// after an optional "escape=json", "escape=none" or "escape=default".
func Format(format string) (dialect.Log, error) { return access.Format(format) }
