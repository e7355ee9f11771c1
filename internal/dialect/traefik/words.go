package traefik

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// providers is what Traefik says about configuration that it takes from
// containers, Kubernetes and files, and its own pages.
var providers, terms = phrase.New(phrase.Options{Name: "traefik providers", Kind: "error", Words: 29, Source: "traefik pkg/provider, pkg/server"}, []phrase.Row{
	{ID: "no-address", Says: []string{"unable to find the IP address for the container", "Could not find network named", "the server is ignored"}, Symptom: vocab.DestinationNotFound, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.WrongNetwork, vocab.WrongAddress, vocab.InvalidConfig},
		Means: "The container is not on the network that Traefik is told to use.", Check: "traefik.docker.network must name a network that both are on, with its full name (compose puts the project's before it)."},
	{ID: "no-port", Says: []string{"error: port is missing", "port is missing", "ports mapping"}, Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.InvalidConfig, vocab.WrongAddress},
		Means: "The container exposes no port, and no label names one: traefik.http.services.NAME.loadbalancer.server.port."},
	{ID: "object-missing", Says: []string{"the service \\\"…does not exist", "the service \"…does not exist", "middleware \\\"…does not exist", "middleware \"…does not exist", "EntryPoint doesn't exist", "entryPoint \\\"…doesn't exist", "uses a nonexistent certificate resolver", "uses a non-existent resolver", "service not found", "kubernetes service not found"}, Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.InvalidConfig, vocab.NoRoute, vocab.UpstreamDown},
		Means: "A router names a service, middleware or entry point that does not exist: the router is not made, and its requests get 404."},
	{ID: "ambiguous", Says: []string{"Could not define the service name for the router: too many services", "cannot be linked automatically with multiple Services"}, Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.InvalidConfig}, Means: "A router of several services must say which one."},
	{ID: "provider-failed", Says: []string{"Cannot connect to the Docker daemon", "Failed to retrieve information of the docker client and server host", "Provider error, retrying in"}, Symptom: vocab.ProxyConfigurationError, Phase: dialect.PhaseLocal, Causes: []vocab.Cause{vocab.SocketPermission, vocab.InvalidConfig, vocab.UpstreamDown}, Means: "Traefik cannot ask its provider, and knows nothing new."},
	{ID: "no-server", Codes: []string{"no available server"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream, Causes: []vocab.Cause{vocab.NoHealthyUpstream, vocab.HealthCheckWrong, vocab.UpstreamDown}, Means: "The service has no healthy server, or none at all."},
	{ID: "no-endpoints", Says: []string{"no endpoints found", "endpoints not found", "subset not found", "no available endpoint"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: dialect.PhaseLocal, Fact: vocab.GatewayNoLiveUpstream,
		Causes: []vocab.Cause{vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.WrongAddress, vocab.HealthCheckWrong}, Means: "The Kubernetes service has no ready pod behind the port that is named.",
		Check: "kubectl get endpoints: does its selector fit the pods' labels, are port and targetPort those of the pods, by name and number, are the pods ready?"},
})
