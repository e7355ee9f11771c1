package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/lab"
)

// conditions are what can happen between a gateway and its upstream, with the
// names of the laboratory's faults that do it: the first one that the product has
// is taken.
var conditions = []struct {
	name   string
	faults []string
}{
	{"refused", []string{"down-never-started"}},
	{"connect timeout", []string{"filtered-drop", "filtered"}},
	{"closed before the header", []string{"empty-close"}},
	{"reset before the header", []string{"empty-reset"}},
	{"worker killed by its watchdog", []string{"killed-gunicorn"}},
	{"no answer in time", []string{"hung-never-answers", "hung-sigstop"}},
	{"bytes that are no HTTP", []string{"invalid-garbage"}},
	{"a line of another protocol", []string{"invalid-banner"}},
	{"bad header", []string{"invalid-header"}},
	{"name not resolved", []string{"name-unknown"}},
	{"certificate", []string{"untrusted-self-signed", "untrusted-name"}},
	{"TLS to a plain port", []string{"mismatch-https-to-http"}},
	{"no server left", []string{"down-checked", "pool-all-dead"}},
	{"breaks off in the body", []string{"truncated-body"}},
}

// gatewayRows are the rows: a product's faults by the prefix of their names, or by
// condition where a module of the product behaves in its own way.
var gatewayRows = []struct {
	name, prefix string
	own          map[string]string
}{
	{name: "nginx"},
	{name: "nginx, the kernel gives up first", own: map[string]string{"connect timeout": "filtered-kernel-timeout"}},
	{name: "Apache mod_proxy_http", prefix: "apache-"},
	{name: "Apache mod_proxy_fcgi", own: map[string]string{"refused": "apache-down-missing-socket", "closed before the header": "apache-crash-php-child", "worker killed by its watchdog": "apache-killed-php", "no answer in time": "apache-timeout-php", "bytes that are no HTTP": "apache-mismatch-fastcgi-to-http"}},
	{name: "Apache mod_proxy_ajp", own: map[string]string{"refused": "apache-ajp-down", "no answer in time": "apache-ajp-hung", "bytes that are no HTTP": "apache-ajp-to-http"}},
	{name: "Apache mod_proxy_uwsgi", own: map[string]string{"refused": "apache-down-uwsgi", "worker killed by its watchdog": "apache-killed-uwsgi", "no answer in time": "apache-hung-uwsgi", "bytes that are no HTTP": "apache-mismatch-uwsgi-to-http"}},
	{name: "HAProxy", prefix: "haproxy-"},
	{name: "Caddy", prefix: "caddy-"},
	{name: "Traefik", prefix: "traefik-"},
	{name: "Envoy", prefix: "envoy-"},
	{name: "Varnish", prefix: "varnish-"},
	{name: "lighttpd", prefix: "lighttpd-"},
	{name: "Squid", prefix: "squid-"},
}

// cell is one condition of one product, as it came out.
type cell struct {
	product, condition string
	fault              lab.Fault
	client             lab.Answer // what a client got
	said               result
	err                error
}

// TestConditions builds the same conditions behind every product, looks at what a
// client gets, which differs, and checks that the program names symptom and cause,
// which do not.
//
//	GOODGATE_ACCURACY=1 go test ./cmd/goodgate -run TestConditions -update
//
// writes docs/same-condition.md.
func TestConditions(t *testing.T) {
	all := os.Getenv("GOODGATE_TEST_ALL") != ""
	if !all && os.Getenv("GOODGATE_ACCURACY") == "" {
		t.Skip("takes minutes and real servers: scripts/install-peers, then GOODGATE_ACCURACY=1 go test ./cmd/goodgate -run TestConditions")
	}
	cells := cellsHere(t, all)
	d := newDriver(t)
	var workers sync.WaitGroup
	gate := make(chan struct{}, scenesAtATime)
	for i := range cells {
		workers.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			// A scene that other scenes disturb, or that did not come to stand, is
			// played again: what is wrong is wrong each time.
			for try := 0; try < 3 && (try == 0 || len(cells[i].wrong()) > 0); try++ {
				if try > 0 {
					t.Logf("%s is played again: %s", cells[i].fault.Name, strings.Join(cells[i].wrong(), "; "))
				}
				d.fill(&cells[i])
			}
		})
	}
	workers.Wait()
	for _, c := range cells {
		if wrong := c.wrong(); len(wrong) > 0 {
			t.Errorf("%s, %s: %s", c.product, c.condition, strings.Join(wrong, "; "))
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", "same-condition.md"), []byte(sameCondition(cells)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cellsHere lists the cells that can be filled here.
func cellsHere(t *testing.T, all bool) []cell {
	t.Helper()
	var cells []cell
	for _, p := range gatewayRows {
		for _, c := range conditions {
			f, ok := faultFor(p.prefix, p.own, c.name, c.faults)
			if !ok || p.prefix == "" && p.own == nil && f.Gateway != "" {
				continue
			}
			if missing := lab.Missing(f); len(missing) > 0 {
				if all {
					t.Errorf("%s needs %s: run scripts/install-peers, as root", f.Name, strings.Join(missing, ", "))
				}
				continue
			}
			cells = append(cells, cell{product: p.name, condition: c.name, fault: f})
		}
	}
	if len(cells) == 0 {
		t.Skip("no fault can be started here: run scripts/install-peers, as root")
	}
	return cells
}

func faultFor(prefix string, own map[string]string, condition string, names []string) (lab.Fault, bool) {
	if own != nil {
		f, err := lab.Find(own[condition])
		return f, own[condition] != "" && err == nil
	}
	for _, n := range names {
		if f, err := lab.Find(prefix + n); err == nil {
			return f, true
		}
	}
	return lab.Fault{}, false
}

// fill builds a cell's scene, asks as a client, and has it examined.
func (d *driver) fill(c *cell) {
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	defer cancel()
	c.err, c.client, c.said = nil, lab.Answer{}, result{}
	j := job{c.fault, 1}
	s, err := d.build(ctx, j)
	if err != nil {
		c.err = err
		return
	}
	defer func() {
		if err := s.Stop(); err != nil {
			d.t.Errorf("%s: %v", c.fault.Name, err)
		}
	}()
	c.client = s.Ask(ctx)
	c.said = d.examine(ctx, j, s, byDefault)
}

// wrong says what is not as it should be.
func (c cell) wrong() []string {
	if c.err != nil {
		return []string{c.err.Error()}
	}
	var all []string
	if c.client.Status != c.fault.Status && !slices.Contains(c.fault.OrStatus, c.client.Status) {
		all = append(all, fmt.Sprintf("a client gets %d (%v), want %d", c.client.Status, c.client.Err, c.fault.Status))
	}
	if c.fault.Healthy {
		all = append(all, c.fault.Name+" is no fault")
	}
	if note := c.said.note(); note != "" {
		all = append(all, note)
	}
	return all
}

// sameCondition writes the table as it was measured.
func sameCondition(cells []cell) string {
	var b strings.Builder
	b.WriteString("# Same condition, different status\n\nWhat a client gets from each gateway for the same thing that happened behind it, and the symptom and the cause that\n`goodgate diagnose` names. Measured on real servers with the laboratory's faults, in their stock settings but for limits\nthat were lowered to a second. *cut* is an answer whose status was already sent: it breaks off.\n\n" +
		"Written by `GOODGATE_ACCURACY=1 go test ./cmd/goodgate -run TestConditions -update`.\n")
	for _, condition := range conditions {
		var rows []cell
		for _, c := range cells {
			if c.condition == condition.name {
				rows = append(rows, c)
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| gateway | client gets | symptom | cause named first | scene |\n|---|---|---|---|---|\n", strings.ToUpper(condition.name[:1])+condition.name[1:])
		for _, c := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", c.product, c.gets(), c.symptom(), c.cause(), c.fault.Name)
		}
	}
	return b.String()
}

func (c cell) gets() string {
	switch {
	case c.client.Status == 0:
		return "no answer"
	case c.client.Err != nil:
		return fmt.Sprintf("%d, cut", c.client.Status)
	}
	return fmt.Sprint(c.client.Status)
}

func (c cell) symptom() string {
	if s := c.said.said.Symptom; s != nil {
		return string(*s)
	}
	return "none: it wrote no line"
}

func (c cell) cause() string {
	if causes := c.said.said.Causes; len(causes) > 0 {
		return fmt.Sprintf("%s (%s)", causes[0].ID, causes[0].Verdict)
	}
	return ""
}
