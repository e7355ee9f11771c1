// Package cli is the command line: one file per command. It joins the machines
// and is imported by nothing but main.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes, the same for every command and for ever.
const (
	ExitHealthy  = 0 // healthy, or done
	ExitProblem  = 1 // a problem was found, or was there and is over
	ExitFailed   = 2 // goodgate could not do its work: usage, configuration, internal error
	ExitUnclear  = 3 // not enough evidence
	ExitReverted = 4 // a fix failed and was undone
)

// Call is one call of the program.
type Call struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            func(key string) (value string, ok bool)
	Version        string // of a release; empty: taken from the build
}

// Run carries out a call and returns its exit code.
func Run(ctx context.Context, call Call) int {
	root := newRoot(&session{Call: call})
	root.SetArgs(call.Args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return ExitHealthy
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(call.Stderr, "goodgate: stopped")
		return ExitFailed
	}
	complain(call.Stderr, err)
	return ExitFailed
}

// session is what the commands of one call share.
type session struct {
	Call
	output  string
	color   string
	quiet   bool
	verbose bool
}

// exitCode ends a command that did its work with a code of its own.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// hint is an error that knows what to try next.
type hint struct {
	err error
	try []string // commands or sentences, one a line
}

func (h *hint) Error() string { return h.err.Error() }
func (h *hint) Unwrap() error { return h.err }

// withHint adds to err what to try next.
func withHint(err error, try ...string) error { return &hint{err, try} }

// complain tells a person what went wrong, where, and what to try next.
func complain(w io.Writer, err error) {
	fmt.Fprintf(w, "goodgate: %s\n", printable(err.Error()))
	var h *hint
	if errors.As(err, &h) {
		for _, t := range h.try {
			fmt.Fprintf(w, "  try: %s\n", printable(t))
		}
	}
}

// newRoot returns the command tree.
func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:   "goodgate",
		Short: "Why did the gateway answer 5xx, and what do I change?",
		Long: `goodgate finds out why a gateway (nginx, ...) answers 500, 502, 503 or 504.

It sends one marked request, reads what the gateway logged about it, looks at the
configuration, the listening sockets, the processes and the names behind it, and
says the cause with its evidence, and the lines to change. It changes nothing and
nothing of what it sees leaves the host.`,
		Example: `  goodgate diagnose http://localhost/api      why does this URL fail?
  goodgate diagnose https://shop.example/ --since 2h --log-only
  tail -100 /var/log/nginx/error.log | goodgate explain -
  goodgate explain config/stale-dns`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.CompletionOptions.HiddenDefaultCmd = false

	flags := root.PersistentFlags()
	flags.StringVarP(&s.output, "output", "o", "text", "form of the result: text, json, html or markdown")
	flags.StringVar(&s.color, "color", "auto", "colour: auto, always or never")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "no progress, no notes")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "print all evidence, not only what decided")
	root.RegisterFlagCompletionFunc("output", fixed("text", "json", "html", "markdown"))
	root.RegisterFlagCompletionFunc("color", fixed("auto", "always", "never"))
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return s.checkFlags(cmd) }

	root.AddCommand(commands(s)...)
	return root
}

// commands is every command below the root.
func commands(s *session) []*cobra.Command {
	return []*cobra.Command{
		newDiagnose(s),
		newExplain(s),
		newLogs(s),
		newSchema(s),
		newLab(s),
		newGateway(s),
		newVersion(s),
		newMan(s),
	}
}

// usage is the error of a call that was written wrongly.
func usage(cmd *cobra.Command, err error) error {
	return withHint(err, cmd.CommandPath()+" --help")
}

// noSuchCommand takes no argument: what stands there was meant as a command.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0])
	var try []string
	for _, near := range cmd.SuggestionsFor(args[0]) {
		try = append(try, cmd.CommandPath()+" "+near)
	}
	if strings.Contains(args[0], "://") {
		try = append(try, cmd.CommandPath()+" diagnose "+args[0])
	}
	return withHint(err, append(try, cmd.CommandPath()+" --help")...)
}

// exactly is cobra.ExactArgs with an error that names what is missing.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage(cmd, fmt.Errorf("%s is missing", what))
		case len(args) > 1:
			return usage(cmd, fmt.Errorf("%s stands alone; too much is %s", strings.TrimSuffix(what, ","), strings.Join(args[1:], " ")))
		}
		return nil
	}
}

func fixed(words ...string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
