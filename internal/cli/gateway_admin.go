package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/life"
	"github.com/goodgatehq/goodgate/internal/gateway/upstream"
)

// adminFlags tells a command where the running gateway is.
func (g *gatewayFlags) adminFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&g.admin, "admin", "", "admin address of the gateway: 127.0.0.1:9180 or unix:PATH")
	cmd.Flags().StringVarP(&g.file, "config", "c", "", "configuration file that names the admin address")
	cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

func (g *gatewayFlags) status() *cobra.Command {
	return g.adminFlags(&cobra.Command{
		Use:   "status",
		Short: "Show what a running gateway knows of its servers",
		Long: `status shows every server of a running gateway: its condition (up, or why it is not
asked: away, ejected, failing, hung, draining), requests under way, idle connections,
average seconds to the head of an answer, requests and failed attempts so far.

Exit code 0: all are up. 1: one is not, or a name was not resolved. 2: the gateway
cannot be asked.`,
		Example: `  goodgate gateway status --admin 127.0.0.1:9180
  goodgate gateway status -c /etc/goodgate/gateway.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if g.output != "text" && g.output != "json" {
				return usage(cmd, fmt.Errorf("cannot print a status as %s: the forms are text and json", g.output))
			}
			b, err := g.call(cmd, http.MethodGet, "/status", nil)
			if err != nil {
				return err
			}
			var s gateway.Status
			if err := json.Unmarshal(b, &s); err != nil || s.Schema == "" {
				return fmt.Errorf("cannot read the answer at %s: it is not that of a gateway", printable(g.admin))
			}
			if g.output == "json" {
				_, err = g.Stdout.Write(b)
			} else {
				err = g.table(s)
			}
			if err == nil && trouble(s) {
				err = exitCode(ExitProblem)
			}
			return err
		},
	})
}

// trouble reports whether a server is not asked, or a name was not resolved.
func trouble(s gateway.Status) bool {
	for _, p := range s.Upstreams {
		if p.Problem != "" || slices.ContainsFunc(p.Endpoints, func(e upstream.Status) bool { return e.Condition != "up" }) {
			return true
		}
	}
	return false
}

// table prints a status.
func (g *gatewayFlags) table(s gateway.Status) error {
	w := tabwriter.NewWriter(g.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "UPSTREAM\tSERVER\tCONDITION\tACTIVE\tIDLE\tAVERAGE\tREQUESTS\tFAILED\tWHY")
	for _, p := range s.Upstreams {
		for _, e := range p.Endpoints {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d\t%s\n", printable(p.Name), printable(e.Address), printable(e.Condition), e.Active, e.Idle,
				time.Duration(e.Average*float64(time.Second)).Round(10*time.Microsecond), e.Requests, e.Failures, printable(e.Why))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range s.Upstreams {
		if p.Waiting > 0 {
			fmt.Fprintf(g.Stdout, "%s: %s for a server\n", printable(p.Name), counted(p.Waiting, "request waits", "requests wait"))
		}
		if p.Problem != "" {
			fmt.Fprintf(g.Stdout, "%s: %s\n", printable(p.Name), printable(p.Problem))
		}
	}
	return nil
}

// counted is a number with its noun.
func counted(n int, one string, more ...string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, append(more, one+"s")[0])
}

func (g *gatewayFlags) drain(verb, short string) *cobra.Command {
	cmd := g.adminFlags(&cobra.Command{
		Use:               verb + " SERVER",
		Short:             short,
		Example:           "  goodgate gateway " + verb + " 127.0.0.1:3000 --admin 127.0.0.1:9180",
		Args:              exactly("the server"),
		ValidArgsFunction: g.completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := g.call(cmd, http.MethodPost, "/"+verb, url.Values{"server": {args[0]}, "upstream": {g.upstream}}); err != nil {
				return err
			}
			if verb == "drain" {
				g.tell("%s is out: requests under way end as they began, and it gets no more", printable(args[0]))
			} else {
				g.tell("%s is back in rotation", printable(args[0]))
			}
			return nil
		},
	})
	cmd.Flags().StringVar(&g.upstream, "upstream", "", "only in this upstream")
	return cmd
}

func (g *gatewayFlags) reload() *cobra.Command {
	return g.adminFlags(&cobra.Command{
		Use:     "reload",
		Example: "  goodgate gateway reload -c gateway.yaml",
		Short:   "Make a running gateway load its configuration again",
		Long: `reload makes a running gateway load its file again. What it knows of its servers,
connections and requests under way stay. A file that is wrong changes nothing: what is
wrong is printed, and the exit code is 2. Addresses, the access log and the limits on
clients' connections change with a restart only; which of them differ is printed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := g.call(cmd, http.MethodPost, "/reload", nil)
			if err != nil {
				return err
			}
			g.tell("the configuration is loaded")
			var done life.Done
			if json.Unmarshal(b, &done) == nil && len(done.Restart) > 0 {
				g.tell("these keys differ and change with a restart only: %s", printable(strings.Join(done.Restart, ", ")))
			}
			return nil
		},
	})
}

// tell says that an order was carried out.
func (g *gatewayFlags) tell(format string, args ...any) {
	if !g.quiet {
		fmt.Fprintf(g.Stdout, format+"\n", args...)
	}
}

// completeServers offers the servers of the gateway that the flags name.
func (g *gatewayFlags) completeServers(cmd *cobra.Command, args []string, _ string) (list []string, _ cobra.ShellCompDirective) {
	b, err := g.call(cmd, http.MethodGet, "/status", nil)
	var s gateway.Status
	if len(args) > 0 || err != nil || json.Unmarshal(b, &s) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, p := range s.Upstreams {
		for _, e := range p.Endpoints {
			list = append(list, e.Address+"\t"+p.Name+", "+e.Condition)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// call asks a running gateway.
func (g *gatewayFlags) call(cmd *cobra.Command, method, path string, form url.Values) ([]byte, error) {
	address := g.admin
	if address == "" && g.file != "" {
		c, err := readConfig(g.file)
		if err != nil {
			return nil, err
		}
		address = c.Admin
	}
	if address == "" {
		return nil, usage(cmd, errors.New("--admin is missing: the address with which the gateway was started (--admin, or \"admin:\" in its file, which --config names)"))
	}
	network, named := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	} else if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, usage(cmd, fmt.Errorf("an admin address is 127.0.0.1:9180 or unix:PATH, not %q", address))
	}
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://gateway"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the URL is none of the operator's
		}
		return nil, fmt.Errorf("cannot reach the gateway's admin address %s: %w", named, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("cannot read the gateway's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the gateway refuses: %s", strings.TrimSpace(string(b)))
	}
	return b, nil
}
