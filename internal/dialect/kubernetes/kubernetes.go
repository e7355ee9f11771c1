// Package kubernetes knows the events of Kubernetes, what `kubectl describe` and
// `kubectl get` say about pods, and what controllers of ingresses log about
// services without endpoints. The error log of ingress-nginx is nginx's.
package kubernetes

import (
	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/dialect/line"
	"github.com/goodgatehq/goodgate/internal/dialect/phrase"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is Kubernetes, as evidence about what stands behind a gateway.
var Dialect = dialect.Dialect{
	Name:        "kubernetes",
	Doc:         "Kubernetes: events and states of pods, and what ingress controllers say about services.",
	Application: true,
	Logs:        Logs,
	Words:       words,
}

// Logs are events and states, as kubectl prints them, and klog's lines.
var Logs = []dialect.Log{log}

var log, words = phrase.New(phrase.Options{
	Name: "kubernetes events", Kind: "app", Own: own, Sure: 60, Words: 28,
	Source: "Kubernetes pkg/kubelet/events, pkg/kubelet/prober, documentation of pods' states; ingress-nginx internal/ingress/controller",
}, rows)

// own reads an event as kubectl prints it: its type, and its reason or age.
//
//	Warning  Unhealthy  1m (x3 over 2m)  kubelet  Readiness probe failed: …
//	28m         Warning   Unhealthy   Pod    Readiness probe failed: …
func own(b []byte, _ *dialect.Record) bool {
	first, rest := line.Word(b)
	if !line.Is(first, "Warning") && !line.Is(first, "Normal") {
		if n := len(first); n < 2 || n > 7 || first[0]-'0' > 9 || first[n-1] != 's' && first[n-1] != 'm' && first[n-1] != 'h' && first[n-1] != 'd' {
			return false
		}
		first, rest = line.Word(line.Trim(rest))
	}
	if !line.Is(first, "Warning") && !line.Is(first, "Normal") {
		return false
	}
	reason, _ := line.Word(line.Trim(rest))
	return len(reason) > 3 && reason[0] >= 'A' && reason[0] <= 'Z' && reason[len(reason)-1] != ':'
}

type causes = []vocab.Cause

const (
	local  = dialect.PhaseLocal
	source = "ingress-nginx internal/ingress/controller"
)

var rows = []phrase.Row{
	{ID: "crash-loop", Codes: []string{"CrashLoopBackOff"}, Says: []string{"Back-off restarting failed container"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed},
		Means: "The container ends again and again, and Kubernetes waits longer each time before it starts it anew.", Check: "kubectl logs --previous, and the exit code in kubectl describe pod."},
	{ID: "oom-killed", Codes: []string{"OOMKilled", "OOMKilling"}, Says: []string{"System OOM encountered"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppOOMKilled, Causes: causes{vocab.UpstreamOOMKilled},
		Means: "The container went over its memory limit and was killed.", Check: "resources.limits.memory against what it needs."},
	{ID: "readiness-status", Says: []string{"Readiness probe failed: HTTP probe failed with statuscode", "Readiness probe failed: service unhealthy", "Startup probe failed: HTTP probe failed with statuscode"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.GatewayCheckRejected,
		Causes: causes{vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.AppError, vocab.UpstreamSlow, vocab.DependencyDown},
		Means:  "The readiness probe got an answer that it does not take; the pod gets no requests.", Check: "Ask its path yourself: a login, a redirect, or a dependency that is down?"},
	{ID: "readiness-refused", Says: []string{"Readiness probe failed…connection refused", "Startup probe failed…connection refused"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.CheckUnconnected,
		Causes: causes{vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.UpstreamCrashed, vocab.WrongAddress, vocab.UpstreamSlow},
		Means:  "Nothing listens at the probe's port.", Check: "Does the application listen on that port, on 0.0.0.0, and is it up by then?"},
	{ID: "probe-starved", Says: []string{"probe failed…context deadline exceeded", "probe failed…Client.Timeout exceeded", "probe failed…i/o timeout", "probe failed: command timed out", "probe errored…DeadlineExceeded", "probe failed: timeout"}, Symptom: vocab.ConnectionReadTimeout, Phase: local,
		Causes: causes{vocab.CPUSaturated, vocab.UpstreamHung, vocab.UpstreamSlow, vocab.WorkersExhausted, vocab.HealthCheckWrong},
		Means:  "The probe was not answered within its timeout (1 second by default): the process is short of processor, blocked, or slow.", Check: "Throttling (container_cpu_cfs_throttled_seconds_total), limits.cpu, and how long the probe's path takes."},
	{ID: "readiness", Says: []string{"Readiness probe failed", "Readiness probe errored"}, Symptom: vocab.ConnectionRefused, Phase: local,
		Causes: causes{vocab.UpstreamDown, vocab.HealthCheckWrong, vocab.UpstreamSlow}, Means: "The pod is not ready and gets no requests.", Check: "The text behind says how the probe failed."},
	{ID: "liveness", Says: []string{"Liveness probe failed", "Liveness probe errored", "failed liveness probe, will be restarted", "failed startup probe, will be restarted"}, Symptom: vocab.ConnectionRefused, Phase: local,
		Causes: causes{vocab.UpstreamHung, vocab.HealthCheckWrong, vocab.UpstreamSlow, vocab.UpstreamRestarting}, Means: "The liveness probe fails, and the container is killed for it.", Check: "Is the probe's limit too strict under load?"},
	{ID: "killing", Says: []string{"Stopping container ", "Killing container with id", "Preempting", "TaintManagerEviction", "Marking for deletion Pod", "Deleted pod:", "Scaled down replica set", "ScalingReplicaSet"}, Phase: local, Fact: vocab.AppStopping, News: true, Causes: causes{vocab.UpstreamRestarting},
		Means: "The container is stopped: a deploy, scaling, or a node that is drained.", Check: "Is there a preStop delay, and does the application end gracefully? The gateway learns of it a little later."},
	{ID: "evicted", Codes: []string{"Evicted"}, Says: []string{"The node was low on resource: ", "The node had condition: [DiskPressure]", "Pod ephemeral local storage usage exceeds"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppSigkilled, Causes: causes{vocab.MemoryPressure, vocab.DiskFull, vocab.UpstreamRestarting}, Means: "The pod was evicted: its node ran short of something.", Check: "The message names it: memory, or disk."},
	{ID: "image", Codes: []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"}, Says: []string{"Back-off pulling image", "Failed to pull image"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppBootFailed, Causes: causes{vocab.UpstreamDown, vocab.InvalidConfig}, Means: "The image cannot be pulled: the pod never started."},
	{ID: "config-error", Codes: []string{"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"}, Says: []string{"MountVolume.SetUp failed", "Failed to create pod sandbox"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppBootFailed, Causes: causes{vocab.InvalidConfig, vocab.UpstreamDown}, Means: "The container cannot be started: a secret, a volume or a network is missing."},
	{ID: "unschedulable", Codes: []string{"FailedScheduling"}, Says: []string{"nodes are available: "}, Symptom: vocab.DestinationUnavailable, Phase: local, Fact: vocab.AppBootFailed, Causes: causes{vocab.UpstreamDown, vocab.MemoryPressure, vocab.CPUSaturated}, Means: "No node has room for the pod."},
	{ID: "no-endpoints", Says: []string{"does not have any active Endpoint", "no endpoints available for service", "has no active endpoints", "no endpoints found for", "service has no endpoints", "Endpoints:…<none>", "<none>…Endpoints", "ENDPOINTS…<none>", "Could not find any active endpoints", "Skipping service: no endpoints found"}, Symptom: vocab.DestinationUnavailable, Status: 503, Phase: local, News: true,
		Causes: causes{vocab.NoHealthyUpstream, vocab.UpstreamDown, vocab.WrongAddress, vocab.HealthCheckWrong}, Means: "The service has no ready pod behind it.", Check: "kubectl get endpoints: does its selector fit the pods' labels, is targetPort right, are the pods ready?"},
	{ID: "no-service", Says: []string{"Error obtaining Endpoints for Service", "no object matching key", "service not found", "Service \"…\" not found", "Cannot find service", "error while evaluating the ingress spec: could not find service"}, Symptom: vocab.DestinationNotFound, Status: 503, Phase: local, Fact: vocab.GatewayBadTarget, Causes: causes{vocab.InvalidConfig, vocab.WrongAddress}, Means: "The ingress names a service that does not exist in its namespace."},
	{ID: "default-backend", Says: []string{"default backend - 404", "Default backend: default-http-backend"}, Symptom: vocab.DestinationNotFound, Status: 404, Phase: local, Causes: causes{vocab.NoRoute}, Means: "No ingress rule fits host and path."},
	{ID: "reload-failed", Says: []string{"Unexpected failure reloading the backend", "Error reloading NGINX", "requeuing…err…nginx: [emerg]", "admission webhook…denied the request"}, Symptom: vocab.ProxyConfigurationError, Phase: local, Fact: vocab.GatewayConfigRejected, Causes: causes{vocab.InvalidConfig, vocab.NotApplied}, Means: "The controller could not load the configuration it made: the one before goes on.", Check: "The lines that follow are nginx's own words; an annotation or snippet is wrong.", Source: source},
	{ID: "reloaded", Says: []string{"Backend successfully reloaded", "Configuration changes detected, backend reload required"}, Phase: local, Fact: vocab.GatewayReloaded, News: true, Means: "The controller reloaded nginx.", Source: source},
	{ID: "terminated-137", Says: []string{"Exit Code:…137", "exitCode: 137", "\"exitCode\":137"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppSigkilled, Causes: causes{vocab.UpstreamOOMKilled, vocab.UpstreamRestarting, vocab.UpstreamHung}, Means: "The container got SIGKILL: a memory limit, a failed liveness probe, or a stop that took too long.", Check: "Reason beside it: OOMKilled or Error."},
	{ID: "terminated-error", Says: []string{"Exit Code:…139", "Exit Code:…134", "Exit Code:…1", "Exit Code:…2"}, Symptom: vocab.ConnectionRefused, Phase: local, Fact: vocab.AppCrashed, Causes: causes{vocab.UpstreamCrashed}, Means: "The container's process ended with an error."},
	{ID: "apiserver", Says: []string{"error trying to reach service: "}, Symptom: vocab.ConnectionRefused, Status: 503, Phase: dialect.PhaseConnect, Causes: causes{vocab.UpstreamDown, vocab.Filtered, vocab.WrongAddress}, Means: "The API server's proxy could not reach the service; the text behind says how."},
}
