package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/goodgatehq/goodgate/internal/report"
)

// checkFlags refuses values of the common flags that mean nothing.
func (s *session) checkFlags(cmd *cobra.Command) error {
	if !slices.Contains([]string{"text", "json", "html", "markdown"}, s.output) {
		return usage(cmd, fmt.Errorf("cannot print %q: the forms are text, json, html and markdown", s.output))
	}
	if !slices.Contains([]string{"auto", "always", "never"}, s.color) {
		return usage(cmd, fmt.Errorf("cannot colour %q: the choices are auto, always and never", s.color))
	}
	return nil
}

// style says how text is to look on the output.
func (s *session) style() report.Style {
	style := report.Style{Width: 100, Unicode: s.unicode(), Verbose: s.verbose}
	terminal := isTerminal(s.Stdout)
	if f, ok := s.Stdout.(*os.File); ok && terminal {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			style.Width = width
		}
	}
	if v, ok := s.Env("COLUMNS"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			style.Width = n
		}
	}
	switch s.color {
	case "always":
		style.Color = true
	case "auto":
		no, _ := s.Env("NO_COLOR")
		kind, _ := s.Env("TERM")
		style.Color = terminal && no == "" && kind != "dumb"
	}
	return style
}

// unicode reports whether the locale can show more than ASCII, as setlocale(3)
// decides: LC_ALL before LC_CTYPE before LANG.
func (s *session) unicode() bool {
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v, _ := s.Env(key); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// isTerminal reports whether a reader or writer is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// printable makes text from elsewhere safe for a terminal.
func printable(text string) string { return report.Printable(text, true) }
