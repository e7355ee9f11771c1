// Package docker knows what Docker says about containers: events, the daemon's
// log, compose, and the states that `docker ps` prints.
package docker

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Docker, as evidence about what stands behind a gateway.
var Dialect = dialect.Dialect{
	Name:        "docker",
	Doc:         "Docker: events, the daemon's log, compose's and swarm's words, states of containers and networks.",
	Application: true,
	Logs:        Logs,
	Words:       words,
}

// Logs are events and messages.
var Logs = []dialect.Log{log}

var log, words = phrase.New(phrase.Options{
	Name: "docker", Kind: "app", Own: own, Sure: 70, Words: 28,
	Source: "Docker documentation: docker events, docker ps, networking; moby daemon and libnetwork messages",
}, rows)

// own reads an event: "2026-08-21T10:15:30.123456789Z container die 0123456789ab (exitCode=137, …)",
// and the daemon's lines, "time=… level=… msg=… module=libcontainerd".
func own(b []byte, r *dialect.Record) bool {
	n := line.StampLen(b)
	if n > 0 && n < len(b) && (line.Has(b[n:], " container ") || line.Has(b[n:], " network ")) && line.Contains(b, "(") {
		r.Stamp = b[:n]
		r.Name = after(b, ", name=")
		return true
	}
	return line.Has(b, "time=\"") && (line.Contains(b, "module=libcontainerd") || line.Contains(b, "dockerd"))
}

// after returns the word after s, up to a comma or a bracket.
func after(b []byte, s string) []byte {
	rest, ok := line.After(b, s)
	if !ok {
		return nil
	}
	for i, c := range rest {
		if c == ',' || c == ')' || c == ' ' {
			return rest[:i]
		}
	}
	return rest
}

type causes = []vocab.Cause

const local = dialect.PhaseLocal

var rows = []phrase.Row{
	{ID: "oom", Says: []string{" container oom ", "\"OOMKilled\": true", "OOMKilled=true"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppOOMKilled, Causes: causes{vocab.UpstreamOOMKilled}, Means: "The container went over its memory limit."},
	{ID: "die-zero", Says: []string{"container die…exitCode=0,", "exited with code 0$", "Exited (0)", "container stop ", "container kill…signal=15"}, Phase: local, Fact: vocab.AppStopping, News: true, Causes: causes{vocab.UpstreamRestarting, vocab.UpstreamDown}, Means: "The container ended in order.", Check: "Who stopped it? Without restart: always it stays down."},
	{ID: "exit-137", Says: []string{"container die…exitCode=137", "exited with code 137", "Exited (137)", "exited (137)", "exit code 137", "exit code: 137"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppSigkilled,
		Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamOOMKilled, vocab.UpstreamRestarting}, Means: "The container got SIGKILL: the memory limit, `docker kill`, or a stop that took over ten seconds.", Check: "docker inspect -f '{{.State.OOMKilled}}', and dmesg."},
	{ID: "exit-143", Says: []string{"container die…exitCode=143", "exited with code 143", "Exited (143)", "exited (143)"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppStopping, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamOOMKilled, vocab.UpstreamRestarting}, Means: "The container got SIGTERM: it was stopped, or redeployed."},
	{ID: "exit", Says: []string{"container die…exitCode=", "exited with code ", "Exited (", "dependency failed to start: container"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed, vocab.UpstreamOOMKilled, vocab.UpstreamRestarting}, Means: "The container's process ended with an error.", Check: "docker logs: its last words. 139 is a segmentation fault, 127 a command that is not there."},
	{ID: "restarting", Says: []string{"Restarting (", "is restarting, wait until the container is running"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed}, Means: "The container ends and is started again and again.", Check: "docker logs says why it ends."},
	{ID: "unhealthy", Says: []string{"health_status: unhealthy", "(unhealthy)"}, Symptom: vocab.DestinationUnavailable, Phase: local, Fact: vocab.GatewayCheckRejected, Causes: causes{vocab.HealthCheckWrong, vocab.UpstreamHung, vocab.UpstreamDown}, Means: "The container's HEALTHCHECK fails; swarm and some gateways give it no requests.", Check: "docker inspect -f '{{json .State.Health}}' has the check's output."},
	{ID: "port-taken", Says: []string{"port is already allocated", "driver failed programming external connectivity", "Bind for…failed"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppCannotListen, Causes: causes{vocab.UpstreamDown, vocab.WrongAddress}, Means: "The published port is taken: the container did not start."},
	{ID: "wrong-network", Says: []string{"is not in same network as", "Container is not in same network", "could not find network", "not attached to network", "no network found", "unable to find the IP address for the container", "Unable to find the IP address for the container", "Could not find network named", "is not connected to the network", "network…not found"}, Symptom: vocab.DestinationNotFound, Phase: local,
		Causes: causes{vocab.WrongNetwork, vocab.WrongAddress, vocab.InvalidConfig}, Means: "Gateway and container share no network, or the gateway is told to use another one.", Check: "docker network inspect: put both on one network, and name that one to the gateway (traefik.docker.network, CADDY_INGRESS_NETWORKS)."},
	{ID: "engine-dns", Says: []string{"[resolver] failed to query external DNS server", "[resolver] connect failed", "[resolver]…i/o timeout"}, Symptom: vocab.DNSTimeout, Phase: dialect.PhaseDNS, Fact: vocab.GatewayResolverSilent, Causes: causes{vocab.ResolverUnreachable}, Means: "Docker's own resolver, 127.0.0.11, cannot reach the host's name servers."},
	{ID: "network-left", Says: []string{" network disconnect "}, Phase: local, Fact: vocab.AppStopping, News: true, Causes: causes{vocab.UpstreamRestarting, vocab.WrongNetwork}, Means: "A container left a network: it stopped, or somebody took it out."},
	{ID: "started", Says: []string{" container start "}, Phase: local, Fact: vocab.AppStarting, News: true, Means: "A container started: it may have got another address."},
}
