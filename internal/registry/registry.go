// Package registry lists the members of the families: the products that goodgate
// knows. It is the only importer of the members, so that each can be deleted.
package registry

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/akamai"
	"github.com/goodgatehq/goodgate/internal/dialect/alb"
	"github.com/goodgatehq/goodgate/internal/dialect/apache"
	"github.com/goodgatehq/goodgate/internal/dialect/ats"
	"github.com/goodgatehq/goodgate/internal/dialect/awsapi"
	"github.com/goodgatehq/goodgate/internal/dialect/azure"
	"github.com/goodgatehq/goodgate/internal/dialect/caddy"
	"github.com/goodgatehq/goodgate/internal/dialect/cloudflare"
	"github.com/goodgatehq/goodgate/internal/dialect/cloudfront"
	"github.com/goodgatehq/goodgate/internal/dialect/docker"
	"github.com/goodgatehq/goodgate/internal/dialect/elb"
	"github.com/goodgatehq/goodgate/internal/dialect/envoy"
	"github.com/goodgatehq/goodgate/internal/dialect/fastly"
	"github.com/goodgatehq/goodgate/internal/dialect/fly"
	"github.com/goodgatehq/goodgate/internal/dialect/gcplb"
	"github.com/goodgatehq/goodgate/internal/dialect/goodgate"
	"github.com/goodgatehq/goodgate/internal/dialect/gunicorn"
	"github.com/goodgatehq/goodgate/internal/dialect/h2o"
	"github.com/goodgatehq/goodgate/internal/dialect/haproxy"
	"github.com/goodgatehq/goodgate/internal/dialect/heroku"
	"github.com/goodgatehq/goodgate/internal/dialect/iis"
	"github.com/goodgatehq/goodgate/internal/dialect/kernel"
	"github.com/goodgatehq/goodgate/internal/dialect/kong"
	"github.com/goodgatehq/goodgate/internal/dialect/kubernetes"
	"github.com/goodgatehq/goodgate/internal/dialect/lighttpd"
	"github.com/goodgatehq/goodgate/internal/dialect/netlify"
	"github.com/goodgatehq/goodgate/internal/dialect/nginx"
	"github.com/goodgatehq/goodgate/internal/dialect/ngrok"
	"github.com/goodgatehq/goodgate/internal/dialect/node"
	"github.com/goodgatehq/goodgate/internal/dialect/phpfpm"
	"github.com/goodgatehq/goodgate/internal/dialect/pm2"
	"github.com/goodgatehq/goodgate/internal/dialect/puma"
	"github.com/goodgatehq/goodgate/internal/dialect/runtime"
	"github.com/goodgatehq/goodgate/internal/dialect/squid"
	"github.com/goodgatehq/goodgate/internal/dialect/systemd"
	"github.com/goodgatehq/goodgate/internal/dialect/tomcat"
	"github.com/goodgatehq/goodgate/internal/dialect/traefik"
	"github.com/goodgatehq/goodgate/internal/dialect/unicorn"
	"github.com/goodgatehq/goodgate/internal/dialect/uwsgi"
	"github.com/goodgatehq/goodgate/internal/dialect/varnish"
	"github.com/goodgatehq/goodgate/internal/dialect/vercel"
)

// Dialects is every product: the gateways first, those that run elsewhere after
// those that run on a host, then application servers, then what runs the host,
// and last the texts of runtimes, which anybody may print.
func Dialects() []dialect.Dialect {
	return []dialect.Dialect{
		nginx.Dialect,
		apache.Dialect,
		haproxy.Dialect,
		caddy.Dialect,
		traefik.Dialect,
		envoy.Dialect,
		varnish.Dialect,
		lighttpd.Dialect,
		squid.Dialect,
		ats.Dialect,
		h2o.Dialect,
		iis.Dialect,
		kong.Dialect,
		alb.Dialect,
		elb.Dialect,
		awsapi.Dialect,
		cloudfront.Dialect,
		cloudflare.Dialect,
		gcplb.Dialect,
		azure.Dialect,
		heroku.Dialect,
		fly.Dialect,
		fastly.Dialect,
		akamai.Dialect,
		netlify.Dialect,
		vercel.Dialect,
		ngrok.Dialect,
		goodgate.Dialect,
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
		docker.Dialect,
		kubernetes.Dialect,
		runtime.Dialect,
	}
}
