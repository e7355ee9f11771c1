package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/goodgatehq/goodgate/internal/lab"
	"github.com/goodgatehq/goodgate/internal/lab/backend"
)

func newLab(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Break something real on loopback, to practise or to show",
		Long: `lab builds a small site out of real processes (a gateway and an application behind
it), puts one known fault into it, and takes everything down again. Scenes whose
names begin with goodgate- need nothing but this program, and no root: its own
gateway forwards to applications that are processes of it too. It uses loopback,
network namespaces of its own and a directory of its own; nothing else on the host
is touched.`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabList(s), newLabUp(s), newLabDemo(s), newLabBackend(s))
	return cmd
}

func newLabList(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List what can be broken",
		Example: "  goodgate lab list | grep dns",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(s.Stdout, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tCAUSE\tWHAT")
			for _, f := range lab.Faults() {
				truth := string(f.Cause)
				if f.Healthy {
					truth = "-"
				}
				doc := f.Doc
				if missing := lab.Missing(f); len(missing) > 0 {
					doc += " (not here: needs " + strings.Join(missing, ", ") + ")"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, truth, doc)
			}
			return w.Flush()
		},
	}
}

func newLabUp(s *session) *cobra.Command {
	var seed uint64
	cmd := &cobra.Command{
		Use:               "up NAME",
		Short:             "Break one thing and keep it broken until Ctrl-C",
		Example:           "  goodgate lab up " + lab.Demo().Name,
		Args:              exactly("the name of what to break"),
		ValidArgsFunction: completeFaults,
		RunE: func(cmd *cobra.Command, args []string) error {
			scene, err := raise(cmd.Context(), args[0], seed)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Stdout, "%s\n", printable(strings.Join(append(append(scene.Enter, "goodgate", "diagnose"), scene.URL), " ")))
			for _, n := range scene.Notes {
				fmt.Fprintf(s.Stderr, "  %s\n", printable(n))
			}
			fmt.Fprintln(s.Stderr, "Ctrl-C takes it down.")
			<-cmd.Context().Done()
			return scene.Stop()
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "chooses ports, names and decoys")
	return cmd
}

func newLabDemo(s *session) *cobra.Command {
	d := &diagnose{session: s}
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo [NAME]",
		Short: "Break one thing, diagnose it, take it down",
		Long: `demo starts a gateway and an application behind it on this host, with one known fault
between them, carries out goodgate diagnose on it, says what the fault really was, and
takes everything down again. Without a name it needs nothing but this program: no root,
no network, no installed gateway.`,
		Example:           "  goodgate lab demo\n  goodgate lab demo goodgate-hung-sigstop\n  goodgate lab demo -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeFaults,
		RunE: func(cmd *cobra.Command, args []string) error {
			name := lab.Demo().Name
			if len(args) > 0 {
				name = args[0]
			}
			return d.demo(cmd.Context(), name, seed)
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "chooses ports, names and decoys")
	cmd.Flags().StringVar(&d.capture, "capture", "", "write the case to this file")
	return cmd
}

// demo shows the command that it carries out, and ends well when the doctor did
// its work, whatever it found: the fault is there on purpose.
func (d *diagnose) demo(ctx context.Context, name string, seed uint64) (err error) {
	// A reader that has seen enough ("… | head") must not end us before the scene is
	// taken down: a handler makes the signal an error of the write (os/signal).
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	scene, err := raise(ctx, name, seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scene.Stop()) }()
	if len(scene.Enter) > 0 {
		return withHint(fmt.Errorf("cannot show %s: it plays in a network of its own", name), "goodgate lab up "+name)
	}
	fault, err := lab.Find(name)
	if err != nil {
		return err
	}
	if !d.quiet {
		fmt.Fprintf(d.Stderr, "On this host run now, until the end of this demonstration, a gateway and an application\nbehind it%s.\n\n$ goodgate diagnose %s\n\n", between(fault), printable(scene.URL))
	}
	err = d.run(ctx, scene.URL)
	if !d.quiet {
		fmt.Fprintf(d.Stderr, "\nThe truth: %s.\nAll of it is taken down again.\n\n  goodgate diagnose URL    a site of your own\n  goodgate lab list        what else can be broken\n", fault.Doc)
	}
	var code exitCode
	if errors.As(err, &code) && code == ExitProblem {
		return nil
	}
	return err
}

// between says what stands between the gateway and the application of a scene.
func between(f lab.Fault) string {
	if f.Healthy {
		return ", and nothing is wrong with them"
	}
	return ", with one fault between them"
}

func newLabBackend(s *session) *cobra.Command {
	return &cobra.Command{
		Use:    "backend FILE",
		Short:  "Run one faulty backend",
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			if code := backend.Main(args, s.Stdin, s.Stdout, s.Stderr); code != 0 {
				return exitCode(ExitFailed)
			}
			return nil
		},
	}
}

// raise builds the scene of a fault.
func raise(ctx context.Context, name string, seed uint64) (lab.Scene, error) {
	fault, err := lab.Find(name)
	if err != nil {
		return lab.Scene{}, withHint(err, "goodgate lab list")
	}
	self, err := os.Executable()
	if err != nil {
		return lab.Scene{}, fmt.Errorf("cannot find goodgate's own program: %w", err)
	}
	scene, err := lab.Up(ctx, fault, lab.Options{Seed: seed, Backend: []string{self, "lab", "backend"}, Gateway: []string{self, "gateway"}})
	if dir := os.TempDir(); err != nil && unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
		err = withHint(err, "TMPDIR=/a/folder/that/you/may/write goodgate lab demo")
	}
	return scene, err
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, f := range lab.Faults() {
		names = append(names, f.Name+"\t"+f.Doc)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
