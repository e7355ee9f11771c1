package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goodgatehq/goodgate/internal/evidence"
)

// Container is a container as the Docker engine tells (Engine API, /containers/json
// and /containers/{id}/json). Podman's compatible socket answers the same.
type Container struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Service   string            `json:"service,omitempty"` // its name in a Compose project
	Image     string            `json:"image,omitempty"`
	State     string            `json:"state"` // "running", "exited", "restarting", "paused", "created", "dead"
	ExitCode  int               `json:"exit_code,omitempty"`
	OOMKilled bool              `json:"oom_killed,omitempty"`
	Restarts  int               `json:"restarts,omitempty"`
	Health    string            `json:"health,omitempty"` // "healthy", "unhealthy", "starting"
	Started   time.Time         `json:"started,omitzero"`
	Finished  time.Time         `json:"finished,omitzero"`
	Networks  map[string]string `json:"networks,omitempty"`  // name to its address there; empty while it does not run
	Published []string          `json:"published,omitempty"` // "0.0.0.0:8080>80": port of the host to its own
}

// Containers is every container that an engine knows, at most 256.
type Containers struct {
	List []Container `json:"list,omitempty"`
}

const (
	engineSocket  = "/var/run/docker.sock"
	maxContainers = 256
	maxInspected  = 32 // containers that do not run, or were started again
	engineAnswer  = 4 << 20
)

// ListContainers asks the engine of this host. It only gets. Where no engine runs,
// or its socket may not be used, it is a gap.
func ListContainers(ctx context.Context) (Containers, error) {
	return engineContainers(ctx, func(ctx context.Context) (net.Conn, error) { return Self().Dial(ctx, "unix", engineSocket) })
}

func engineContainers(ctx context.Context, dial func(context.Context) (net.Conn, error)) (Containers, error) {
	ctx, cancel := context.WithTimeout(ctx, busPatience)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives: true,
	}}
	var answer Containers
	var rows []engineRow
	if err := engineGet(ctx, client, "/containers/json?all=1", &rows); err != nil {
		return answer, engineGap(err)
	}
	inspected := 0
	for _, r := range rows[:min(len(rows), maxContainers)] {
		c := r.container()
		if inspected < maxInspected && isContainerID(r.ID) {
			inspected++
			var d engineDetail
			if err := engineGet(ctx, client, "/containers/"+r.ID+"/json", &d); err == nil {
				c.inspect(d)
			}
		}
		answer.List = append(answer.List, c)
	}
	return answer, nil
}

func engineGap(err error) error {
	if gone(err) {
		return &evidence.Gap{Source: "containers", Why: "no container engine listens at " + engineSocket}
	}
	var gap *evidence.Gap
	if errors.As(denied("containers", err), &gap) {
		return gap
	}
	return &evidence.Gap{Source: "containers", Why: printable(err.Error(), 200), Allow: "docker ps -a; or " + allowRoot}
}

func engineGet(ctx context.Context, client *http.Client, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return fmt.Errorf("cannot ask the container engine: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask the container engine: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot ask the container engine: it answers %d", resp.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, engineAnswer)).Decode(into); err != nil {
		return fmt.Errorf("cannot read the container engine's answer: %w", err)
	}
	return nil
}

// engineRow is what is used of one row of /containers/json.
type engineRow struct {
	ID     string `json:"Id"`
	Names  []string
	Image  string
	State  string
	Labels map[string]string
	Ports  []struct {
		IP                      string
		PrivatePort, PublicPort int
		Type                    string
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func (r engineRow) container() Container {
	c := Container{ID: printable(r.ID, 64), Image: printable(r.Image, 256), State: printable(r.State, 32), Service: printable(r.Labels["com.docker.compose.service"], 128), Networks: map[string]string{}}
	if len(r.Names) > 0 {
		c.Name = printable(strings.TrimPrefix(r.Names[0], "/"), 128)
	}
	for name, n := range r.NetworkSettings.Networks {
		if len(c.Networks) < 32 {
			c.Networks[printable(name, 128)] = printable(n.IPAddress, 64)
		}
	}
	for _, p := range r.Ports {
		if p.PublicPort > 0 && p.Type == "tcp" && len(c.Published) < 32 {
			c.Published = append(c.Published, net.JoinHostPort(printable(p.IP, 64), strconv.Itoa(p.PublicPort))+">"+strconv.Itoa(p.PrivatePort))
		}
	}
	slices.Sort(c.Published)
	return c
}

// engineDetail is what is used of /containers/{id}/json.
type engineDetail struct {
	RestartCount int
	State        struct {
		Status                string
		OOMKilled             bool
		ExitCode              int
		StartedAt, FinishedAt time.Time
		Health                *struct{ Status string }
	}
}

func (c *Container) inspect(d engineDetail) {
	c.Restarts, c.OOMKilled, c.ExitCode = d.RestartCount, d.State.OOMKilled, d.State.ExitCode
	if d.State.Status != "" {
		c.State = printable(d.State.Status, 32)
	}
	if d.State.StartedAt.Year() > 1 {
		c.Started = d.State.StartedAt.UTC()
	}
	if d.State.FinishedAt.Year() > 1 { // the engine writes the year 1 for "never"
		c.Finished = d.State.FinishedAt.UTC()
	}
	if d.State.Health != nil {
		c.Health = printable(d.State.Health.Status, 32)
	}
}

// PublishedAs returns the container's own port behind a port of the host, or 0.
func (c Container) PublishedAs(port int) int {
	for _, p := range c.Published {
		host, own, _ := strings.Cut(p, ">")
		if strings.HasSuffix(host, ":"+strconv.Itoa(port)) {
			n, _ := strconv.Atoi(own)
			return n
		}
	}
	return 0
}
