// Package registry lists the members of the families: the products that goodgate
// knows. It is the only importer of the members, so that each can be deleted.
package registry

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx"
)

// Dialects is every product, the gateways first.
func Dialects() []dialect.Dialect {
	return []dialect.Dialect{
		nginx.Dialect,
	}
}
