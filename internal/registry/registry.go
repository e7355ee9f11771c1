// Package registry lists the members of the families: the products that goodgate
// knows. It is the only importer of the members, so that each can be deleted.
package registry

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/alb"
	"github.com/goodgatehq/goodgate/internal/dialect/apache"
	"github.com/goodgatehq/goodgate/internal/dialect/caddy"
	"github.com/goodgatehq/goodgate/internal/dialect/envoy"
	"github.com/goodgatehq/goodgate/internal/dialect/gunicorn"
	"github.com/goodgatehq/goodgate/internal/dialect/haproxy"
	"github.com/goodgatehq/goodgate/internal/dialect/kernel"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx"
	"github.com/goodgatehq/goodgate/internal/dialect/node"
	"github.com/goodgatehq/goodgate/internal/dialect/phpfpm"
	"github.com/goodgatehq/goodgate/internal/dialect/pm2"
	"github.com/goodgatehq/goodgate/internal/dialect/puma"
	"github.com/goodgatehq/goodgate/internal/dialect/systemd"
	"github.com/goodgatehq/goodgate/internal/dialect/tomcat"
	"github.com/goodgatehq/goodgate/internal/dialect/traefik"
	"github.com/goodgatehq/goodgate/internal/dialect/unicorn"
	"github.com/goodgatehq/goodgate/internal/dialect/uwsgi"
	"github.com/goodgatehq/goodgate/internal/dialect/varnish"
)

// Dialects is every product: the gateways first, then application servers, then
// what runs the host.
func Dialects() []dialect.Dialect {
	return []dialect.Dialect{
		nginx.Dialect,
		apache.Dialect,
		haproxy.Dialect,
		caddy.Dialect,
		traefik.Dialect,
		envoy.Dialect,
		varnish.Dialect,
		alb.Dialect,
		phpfpm.Dialect,
		gunicorn.Dialect,
		uwsgi.Dialect,
		unicorn.Dialect,
		puma.Dialect,
		tomcat.Dialect,
		node.Dialect,
		pm2.Dialect,
		systemd.Dialect,
		kernel.Dialect,
	}
}
