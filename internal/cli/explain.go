package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/report"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// maxConfig bounds the configuration that explain reads.
const maxConfig = 16 << 20

func newExplain(s *session) *cobra.Command {
	var config, product string
	cmd := &cobra.Command{
		Use:   "explain WORD...|-",
		Short: "Say what a word, a message or log lines mean",
		Long: `explain says what a symptom, a cause, a status, a product's own term or a message
means. With "-" it reads log lines from standard input, as one would paste them
from one incident, and ranks what may have caused them.

It asks nothing of this host or the network, so it confirms nothing: use
"goodgate diagnose" for that.`,
		Example: `  goodgate explain 504
  goodgate explain config/keepalive-race
  goodgate explain connection_terminated
  goodgate explain "upstream prematurely closed connection while reading response header from upstream"
  tail -50 /var/log/nginx/error.log | goodgate explain - --config /etc/nginx/nginx.conf
  journalctl -u app -n 50 | goodgate explain - -o json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return knownWords(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts := doctor.ExplainOptions{Words: args, Product: product, Dialects: registry.Dialects()}
			switch {
			case len(args) == 0:
				return usage(cmd, errors.New(`what to explain is missing: a word, a message, or "-" for log lines on standard input`))
			case len(args) == 1 && args[0] == "-":
				opts.Words, opts.Input = nil, s.Stdin
				if isTerminal(s.Stdin) && !s.quiet {
					fmt.Fprintln(s.Stderr, "goodgate: paste log lines, then press Ctrl-D")
				}
			case slices.Contains(args, "-"):
				return usage(cmd, errors.New(`cannot explain words and standard input at once`))
			}
			if config != "" {
				text, err := readBounded(config, maxConfig)
				if err != nil {
					return err
				}
				opts.ConfigText = text
			}
			return s.explain(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "configuration, or a piece of one, that the lines belong to")
	cmd.Flags().StringVar(&product, "product", "", "the product that wrote the lines (default: recognised)")
	cmd.RegisterFlagCompletionFunc("product", fixed(productNames()...))
	return cmd
}

func (s *session) explain(ctx context.Context, opts doctor.ExplainOptions) error {
	e, err := doctor.Explain(ctx, opts)
	if err != nil {
		return err
	}
	if err := report.Explanation(s.Stdout, s.output, e, s.style()); err != nil {
		return err
	}
	if len(e.Words) > 0 || len(e.Causes) > 0 || len(e.Items) > 0 {
		return nil
	}
	if !s.quiet {
		for _, near := range nearWords(opts.Words) {
			fmt.Fprintf(s.Stderr, "  try: goodgate explain %s\n", near)
		}
	}
	return exitCode(ExitUnclear)
}

// nearWords are words of the vocabulary that share a part with what was asked
// for, at most five.
func nearWords(asked []string) []string {
	var near []string
	for _, a := range asked {
		for _, part := range strings.FieldsFunc(strings.ToLower(a), func(c rune) bool { return c < 'a' || c > 'z' }) {
			for _, known := range knownWords() {
				id, _, _ := strings.Cut(known, "\t")
				if len(part) >= 3 && len(near) < 5 && strings.Contains(id, part) && !slices.Contains(near, id) {
					near = append(near, id)
				}
			}
		}
	}
	return near
}

// knownWords are the words that explain knows without a product.
func knownWords() []string {
	var words []string
	for _, c := range vocab.Causes {
		words = append(words, string(c.ID)+"\t"+c.Meaning)
	}
	for _, s := range vocab.Symptoms {
		words = append(words, string(s.ID)+"\t"+s.Meaning)
	}
	return append(words, "500", "502", "503", "504")
}

func productNames() []string {
	var names []string
	for _, d := range registry.Dialects() {
		names = append(names, d.Name)
	}
	return names
}
