package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/vocab"
)

func TestParseWhen(t *testing.T) {
	zone := time.FixedZone("test", 3600)
	now := time.Date(2026, 11, 20, 6, 28, 23, 0, zone)
	for _, tc := range []struct{ in, want string }{
		{"now", "2026-11-20T06:28:23+01:00"},
		{"15m", "2026-11-20T06:13:23+01:00"},
		{"2h30m", "2026-11-20T03:58:23+01:00"},
		{"2h ago", "2026-11-20T04:28:23+01:00"},
		{"1d", "2026-11-19T06:28:23+01:00"},
		{"1.5d", "2026-11-18T18:28:23+01:00"},
		{"1w", "2026-11-13T06:28:23+01:00"},
		{"today", "2026-11-20T00:00:00+01:00"},
		{"yesterday", "2026-11-19T00:00:00+01:00"},
		{"03:00", "2026-11-20T03:00:00+01:00"},
		{"23:15:30", "2026-11-19T23:15:30+01:00"},
		{"2026-11-20", "2026-11-20T00:00:00+01:00"},
		{"2026-11-20 03:00", "2026-11-20T03:00:00+01:00"},
		{"2026/11/20 03:00:01", "2026-11-20T03:00:01+01:00"},
		{"2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z"},
		{"20/Nov/2026:03:00:00 +0000", "2026-11-20T03:00:00Z"},
		{"Nov 20 03:00:00", "2026-11-20T03:00:00+01:00"},
		{"Dec 31 03:00:00", "2025-12-31T03:00:00+01:00"},
	} {
		want, err := time.Parse(time.RFC3339, tc.want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseWhen(tc.in, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("parseWhen(%q) = %v, %v; want %v", tc.in, got, err, want)
		}
	}
	if got, err := parseWhen("", now); err != nil || !got.IsZero() {
		t.Errorf("no time is %v, %v; want the zero time", got, err)
	}
	for _, in := range []string{"soon", "-5m", "25:00", "d", "2026-13-01", "99999999w"} {
		if got, err := parseWhen(in, now); err == nil {
			t.Errorf("parseWhen(%q) = %v, want an error", in, got)
		}
	}
}

func TestVerdictCodes(t *testing.T) {
	for v, want := range map[vocab.Verdict]int{vocab.Healthy: 0, vocab.Confirmed: 1, vocab.Likely: 1, vocab.Recovered: 1, vocab.Uncertain: 3} {
		var code exitCode
		errors.As(verdictCode(v), &code)
		if int(code) != want {
			t.Errorf("%s ends with %d, want %d", v, code, want)
		}
	}
}

func TestStyleFollowsEnvironment(t *testing.T) {
	for _, tc := range []struct {
		env     map[string]string
		color   string
		width   int
		unicode bool
		colored bool
	}{
		{nil, "auto", 100, false, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, "auto", 100, true, false},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "auto", 100, false, false},
		{map[string]string{"LC_CTYPE": "en_US.utf8"}, "always", 100, true, true},
		{map[string]string{"COLUMNS": "72", "NO_COLOR": "1"}, "always", 72, false, true},
		{map[string]string{"COLUMNS": "wide"}, "never", 100, false, false},
	} {
		s := &session{Call: Call{Stdout: io.Discard, Env: func(k string) (string, bool) { v, ok := tc.env[k]; return v, ok }}, color: tc.color}
		got := s.style()
		if got.Width != tc.width || got.Unicode != tc.unicode || got.Color != tc.colored {
			t.Errorf("%v with --color %s: %+v", tc.env, tc.color, got)
		}
	}
}

// call runs one command line without an environment.
func call(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(ctx, Call{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Env: func(string) (string, bool) { return "", false }, Version: "v1.2.3"})
	return code, out.String(), errs.String()
}

// TestEveryCommandExplainsItself walks the commands: each has a line, and each
// that does something an example or an explanation.
func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s has no line in the list of commands", c.CommandPath())
		}
		if c.Runnable() && !c.HasSubCommands() && !c.Hidden && c.Example == "" && c.Long == "" {
			t.Errorf("%s has neither an example nor an explanation", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := newRoot(&session{Call: Call{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard}})
	walk(root)
	if len(root.Commands()) < 7 {
		t.Errorf("only %d commands", len(root.Commands()))
	}
}

func TestVersionOfARelease(t *testing.T) {
	if code, out, _ := call(t, t.Context(), "version"); code != 0 || !strings.HasPrefix(out, "goodgate v1.2.3 ") {
		t.Errorf("version printed %q and ended with %d", out, code)
	}
}

func TestHostileArgumentsAreShownHarmlessly(t *testing.T) {
	for _, args := range [][]string{{"\x1b[2J"}, {"diagnose", "/\x1b[2J/x.txtar"}, {"schema", "\x1b]0;x\x07"}, {"diagnose", "http://a/", "--since", "\x9b31m"}} {
		code, _, stderr := call(t, t.Context(), args...)
		if code != ExitFailed || strings.ContainsAny(stderr, "\x1b\x07\x9b") || stderr == "" {
			t.Errorf("%q ended with %d and printed %q", args, code, stderr)
		}
	}
}

func TestCaptureLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := call(t, t.Context(), "diagnose", "http://127.0.0.1:9/", "--quick", "--capture", filepath.Join(dir, "no", "case.txtar"))
	if code != ExitFailed || !strings.Contains(stderr, "cannot capture the case") {
		t.Errorf("ended with %d and printed %q", code, stderr)
	}
	file := filepath.Join(dir, "case.txtar")
	if code, _, stderr := call(t, t.Context(), "diagnose", "http://127.0.0.1:9/", "--quick", "--capture", file); code != ExitUnclear {
		t.Fatalf("ended with %d and printed %q", code, stderr)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the case has mode %v, %v; want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".goodgate*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
}
