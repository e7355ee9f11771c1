package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

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
while every server is away; a server that hangs is noticed while it does.

SIGHUP loads the file again, and a bad file changes nothing; SIGUSR1 opens the access
log again, after a rotation; SIGTERM and Ctrl-C end without losing a request, once
more at once. Sockets that systemd opened are taken.`,
		Example: `  goodgate gateway --listen :8080 --to http://127.0.0.1:3000 --to http://127.0.0.1:3001
  goodgate gateway --listen :8080 --to unix:/run/app.sock --access-log - --admin 127.0.0.1:9180
  goodgate gateway print --listen :8080 --to http://127.0.0.1:3000 > gateway.yaml
  goodgate gateway -c gateway.yaml
  goodgate gateway validate gateway.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && (strings.HasSuffix(args[0], ".yaml") || strings.HasSuffix(args[0], ".yml")) {
				return withHint(fmt.Errorf("a configuration is named by --config, not by %q alone", args[0]), cmd.CommandPath()+" -c "+args[0])
			}
			return noSuchCommand(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd) },
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.Flags().StringVarP(&g.file, "config", "c", "", "configuration file (YAML)")
	cmd.MarkFlagFilename("config", "yaml", "yml")
	g.lineFlags(cmd)
	cmd.AddCommand(g.validate(), g.print(), g.schema(), g.status(), g.drain("drain", "Take a server out of rotation"), g.drain("undrain", "Put a server back into rotation"), g.reload())
	return cmd
}

// lineFlags are those that stand for a configuration.
func (g *gatewayFlags) lineFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&g.listen, "listen", nil, "address to take requests on: :8080, 127.0.0.1:8080, unix:PATH")
	f.StringArrayVar(&g.to, "to", nil, "server to forward to: http://host:port, https://host, unix:PATH")
	f.StringVar(&g.accessLog, "access-log", "", "file for one JSON line per request; - is standard output")
	f.StringVar(&g.admin, "admin", "", "address of metrics and status: 127.0.0.1:9180 or unix:PATH")
	f.StringVar(&g.health, "health", "", "address of /healthz and /readyz for balancers")
}

// load returns the configuration that the flags name.
func (g *gatewayFlags) load(cmd *cobra.Command) (*config.Config, error) {
	if g.file != "" {
		if len(g.listen)+len(g.to) > 0 || g.accessLog+g.admin+g.health != "" {
			return nil, usage(cmd, errors.New("--config stands alone: what --listen, --to, --access-log, --admin and --health say stands in the file"))
		}
		return checkedConfig(g.file)
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

func (g *gatewayFlags) run(cmd *cobra.Command) error {
	c, err := g.load(cmd)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Who asks once more does not want to wait for requests under way. SIGTERM counts again
	// after a moment: what passes it on may send it to a process and to its group at once.
	defer context.AfterFunc(ctx, func() {
		signal.Reset(os.Interrupt)
		time.AfterFunc(time.Second, func() { signal.Reset(syscall.SIGTERM) })
	})()
	reload, reopen := orders(ctx)
	o := life.Options{Config: c, Reload: reload, Reopen: reopen, Env: g.Env, Log: slog.New(slog.NewTextHandler(g.Stderr, nil))}
	if g.file != "" {
		o.Load = func() (*config.Config, error) { return config.Load(g.file) }
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
