package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/gateway"
	"github.com/goodgatehq/goodgate/internal/gateway/config"
	"github.com/goodgatehq/goodgate/internal/gateway/life"
)

// gatewayFlags are those of the gateway and of what talks to a running one.
type gatewayFlags struct {
	*session
	file      string
	listen    []string
	to        []string
	accessLog string
	admin     string
	health    string
	upstream  string
}

func newGateway(s *session) *cobra.Command {
	g := &gatewayFlags{session: s}
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Run a reverse proxy that fails only when nothing else is left",
		Long: `gateway forwards requests to servers. It answers 5xx by itself only when no way to
a right answer is left, and then says exactly why: in Proxy-Status, in its access
log with every attempt, and at its admin address.

A failed attempt is made again on another server where that is safe; requests wait
while every server is away; a server that hangs is noticed while it does.`,
		Example: `  goodgate gateway --listen :8080 --to http://127.0.0.1:3000 --to http://127.0.0.1:3001
  goodgate gateway -c gateway.yaml
  goodgate gateway validate gateway.yaml`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVarP(&g.file, "config", "c", "", "configuration file (YAML)")
	f.StringArrayVar(&g.listen, "listen", nil, "address to take requests on: :8080, 127.0.0.1:8080, unix:PATH")
	f.StringArrayVar(&g.to, "to", nil, "server to forward to: http://host:port, https://host, unix:PATH")
	f.StringVar(&g.accessLog, "access-log", "", "file for one JSON line per request; - is standard output")
	f.StringVar(&g.admin, "admin", "", "address of metrics and status: 127.0.0.1:9180 or unix:PATH")
	f.StringVar(&g.health, "health", "", "address of /healthz and /readyz for balancers")
	cmd.AddCommand(g.validate(), g.print(), g.schema(), g.status(), g.drain("drain", "Take a server out of rotation"), g.drain("undrain", "Put a server back into rotation"), g.reload())
	return cmd
}

// load returns the configuration that the flags name.
func (g *gatewayFlags) load(cmd *cobra.Command) (*config.Config, error) {
	if g.file != "" {
		if len(g.listen)+len(g.to) > 0 {
			return nil, usage(cmd, errors.New("--config stands alone: --listen and --to belong into the file"))
		}
		return readConfig(g.file)
	}
	switch {
	case len(g.to) == 0:
		return nil, usage(cmd, errors.New("--to or --config is missing: where shall requests go?"))
	case len(g.listen) == 0:
		return nil, usage(cmd, errors.New("--listen is missing: where shall requests come from?"))
	}
	c, err := config.Simple(g.listen, g.to, g.accessLog)
	if err != nil {
		return nil, usage(cmd, err)
	}
	c.Admin, c.Health = g.admin, g.health
	c.Defaults()
	if err := c.Check(); err != nil {
		return nil, usage(cmd, err)
	}
	return c, nil
}

func readConfig(path string) (*config.Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	return config.Parse(b, path)
}

func (g *gatewayFlags) run(cmd *cobra.Command) error {
	c, err := g.load(cmd)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	reload, reopen := orders(ctx)
	o := life.Options{Config: c, Reload: reload, Reopen: reopen, Env: g.Env, Log: slog.New(slog.NewTextHandler(g.Stderr, nil))}
	if g.file != "" {
		o.Load = func() (*config.Config, error) { return readConfig(g.file) }
	}
	if !g.quiet {
		o.Ready = func(list []net.Addr) {
			for _, a := range list {
				fmt.Fprintf(g.Stderr, "goodgate: listening on %s\n", a)
			}
		}
	}
	if _, ok := g.Env("GOGC"); !ok {
		// A request leaves little garbage, so that collecting it twice as often
		// costs little; letting it grow to the size of what lives costs memory.
		defer debug.SetGCPercent(debug.SetGCPercent(50))
	}
	return life.Run(ctx, o)
}

// orders turns SIGHUP into a reload and SIGUSR1 into a new log file, until ctx
// ends.
func orders(ctx context.Context) (reload, reopen <-chan struct{}) {
	r, l := make(chan struct{}, 1), make(chan struct{}, 1)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1)
	go func() {
		defer signal.Stop(signals)
		for {
			to := r
			select {
			case s := <-signals:
				if s == syscall.SIGUSR1 {
					to = l
				}
			case <-ctx.Done():
				return
			}
			select {
			case to <- struct{}{}:
			default:
			}
		}
	}()
	return r, l
}

func (g *gatewayFlags) validate() *cobra.Command {
	return &cobra.Command{
		Use:     "validate FILE",
		Short:   "Check a configuration without running it",
		Example: "  goodgate gateway validate gateway.yaml",
		Args:    exactly("the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := readConfig(args[0])
			if err != nil {
				return err
			}
			if !g.quiet {
				fmt.Fprintf(g.Stdout, "%s is valid: %d upstreams, %d sites\n", printable(args[0]), len(c.Upstreams), len(c.Sites))
			}
			return nil
		},
	}
}

func (g *gatewayFlags) print() *cobra.Command {
	return &cobra.Command{
		Use:     "print FILE",
		Short:   "Print a configuration with every default filled in",
		Example: "  goodgate gateway print gateway.yaml",
		Args:    exactly("the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := readConfig(args[0])
			if err != nil {
				return err
			}
			b, err := c.Print()
			if err != nil {
				return err
			}
			_, err = g.Stdout.Write(b)
			return err
		},
	}
}

func (g *gatewayFlags) schema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Example: "  goodgate gateway schema > gateway.schema.json",
		Short:   "Print the JSON Schema of the configuration file",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = g.Stdout.Write(b)
			return err
		},
	}
}

// adminFlags tells a command where the running gateway is.
func (g *gatewayFlags) adminFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&g.admin, "admin", "", "admin address of the gateway: 127.0.0.1:9180 or unix:PATH")
	cmd.Flags().StringVarP(&g.file, "config", "c", "", "configuration file that names the admin address")
	return cmd
}

func (g *gatewayFlags) status() *cobra.Command {
	return g.adminFlags(&cobra.Command{
		Use:     "status",
		Short:   "Show what a running gateway knows of its servers",
		Example: "  goodgate gateway status --admin 127.0.0.1:9180",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := g.call(cmd, http.MethodGet, "/status", nil)
			if err != nil {
				return err
			}
			if g.output == "json" {
				_, err = g.Stdout.Write(b)
				return err
			}
			var s gateway.Status
			if err := json.Unmarshal(b, &s); err != nil {
				return fmt.Errorf("cannot read the gateway's answer: %w", err)
			}
			return g.table(s)
		},
	})
}

// table prints a status, and ends with 1 where a server is not asked.
func (g *gatewayFlags) table(s gateway.Status) error {
	w := tabwriter.NewWriter(g.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "UPSTREAM\tSERVER\tCONDITION\tACTIVE\tIDLE\tAVERAGE\tREQUESTS\tFAILED\tWHY")
	trouble := false
	for _, p := range s.Upstreams {
		for _, e := range p.Endpoints {
			trouble = trouble || e.Condition != "up"
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d\t%s\n", printable(p.Name), printable(e.Address), printable(e.Condition), e.Active, e.Idle,
				time.Duration(e.Average*float64(time.Second)).Round(10*time.Microsecond), e.Requests, e.Failures, printable(e.Why))
		}
		if p.Problem != "" {
			trouble = true
			fmt.Fprintf(w, "%s\t%s\n", printable(p.Name), printable(p.Problem))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if trouble {
		return exitCode(ExitProblem)
	}
	return nil
}

func (g *gatewayFlags) drain(verb, short string) *cobra.Command {
	cmd := g.adminFlags(&cobra.Command{
		Use:     verb + " SERVER",
		Short:   short,
		Example: "  goodgate gateway " + verb + " 127.0.0.1:3000 --admin 127.0.0.1:9180",
		Args:    exactly("the server"),
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
		Example: "  goodgate gateway reload -c gateway.yaml   a bad file changes nothing",
		Short:   "Make a running gateway load its configuration again",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := g.call(cmd, http.MethodPost, "/reload", nil); err != nil {
				return err
			}
			g.tell("the configuration is loaded")
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
