package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/doctor"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/report"
	"github.com/goodgatehq/goodgate/internal/survey"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// diagnose holds the flags of the command.
type diagnose struct {
	*session
	since, until string
	capture      string
	opts         doctor.Options
}

func newDiagnose(s *session) *cobra.Command {
	d := &diagnose{session: s}
	cmd := &cobra.Command{
		Use:   "diagnose URL|FILE",
		Short: "Examine a URL that fails, or repeat a captured case",
		Long: `diagnose finds the gateway that answers for URL, sends it one marked GET, and
joins what it logged with its configuration, the sockets, processes and names
behind it. It prints the cause, the evidence, why the next likely cause was ruled
out, and the lines to change. Nothing is changed.

The URL's host is first looked for among the sites of the gateways on this host:
then their own listener is asked, with that Host and server name, and the report
says so. Give the URL as the client that fails uses it.

With a file that --capture wrote, the examination is repeated from it, anywhere.

Exit code: 0 healthy, 1 a problem was found (or was there and is over), 2 the
examination was not possible, 3 not enough evidence.`,
		Example: `  goodgate diagnose http://localhost/api
  goodgate diagnose https://shop.example/checkout --since 2h
  goodgate diagnose https://shop.example/ --log-only --since yesterday --until 06:00
  goodgate diagnose http://localhost:8080/ --config /srv/nginx/nginx.conf
  goodgate diagnose http://localhost/ --capture case.txtar
  goodgate diagnose case.txtar -o markdown
  sudo goodgate diagnose http://localhost/ -o json | jq -r '.causes[0].id'`,
		Args: exactly("the URL that fails, or the file of a captured case,"),
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context(), args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&d.since, "since", "", `begin of the window: 15m, 2h, 1d, yesterday, 03:00, "2026-11-20 03:00"`)
	f.StringVar(&d.until, "until", "", "end of the window, written the same way (default now)")
	f.BoolVar(&d.opts.Quick, "quick", false, "only what answers within half a second")
	f.BoolVar(&d.opts.Deep, "deep", false, "also what takes long or occupies one worker once: how long an idle connection is kept")
	f.BoolVar(&d.opts.LogOnly, "log-only", false, "send nothing to the network, read logs and configuration only")
	f.BoolVar(&d.opts.ConfigTest, "config-test", false, "allow the gateway's own configuration test, which may write files")
	f.BoolVar(&d.opts.Plan, "plan", false, "say what would be read and sent, and do none of it")
	f.StringVar(&d.opts.Config, "config", "", "main configuration file of the gateway (default: found by itself)")
	f.StringArrayVar(&d.opts.Logs, "log", nil, "a log to read beside those of the configuration; may be repeated")
	f.StringVar(&d.capture, "capture", "", "write everything that was asked and answered, redacted, to this file")
	f.DurationVar(&d.opts.Timeout, "timeout", 0, "bound of the whole examination (default 30s, with --quick 5s, with --deep 2m30s)")
	cmd.MarkFlagsMutuallyExclusive("quick", "deep")
	cmd.MarkFlagsMutuallyExclusive("log-only", "deep")
	return cmd
}

func (d *diagnose) run(ctx context.Context, target string) error {
	c, err := openCase(target)
	if err != nil {
		return err
	}
	var found *doctor.Diagnosis
	if c != nil {
		found, err = doctor.Replay(ctx, c, registry.Dialects())
	} else {
		found, c, err = d.examine(ctx, target)
	}
	if err != nil {
		return err
	}
	if d.capture != "" && c != nil {
		if err := d.writeCase(c); err != nil {
			return err
		}
	}
	if d.quiet {
		found.Notes = nil
	}
	if d.opts.Plan {
		return report.Plan(d.Stdout, d.output, found, d.style())
	}
	if err := report.Diagnosis(d.Stdout, d.output, found, d.style()); err != nil {
		return err
	}
	return verdictCode(found.Verdict)
}

func (d *diagnose) examine(ctx context.Context, target string) (*doctor.Diagnosis, *evidence.Case, error) {
	if _, err := survey.ParseTarget(target); err != nil {
		return nil, nil, withHint(err, "goodgate diagnose https://HOST/PATH")
	}
	now := time.Now()
	opts := d.opts
	opts.Target = target
	opts.Version = buildVersion(d.Version)
	opts.Dialects = registry.Dialects()
	var err error
	if opts.Since, err = parseWhen(d.since, now); err != nil {
		return nil, nil, fmt.Errorf("cannot use --since: %w", err)
	}
	if opts.Until, err = parseWhen(d.until, now); err != nil {
		return nil, nil, fmt.Errorf("cannot use --until: %w", err)
	}
	switch {
	case !opts.Since.IsZero() && !opts.Until.IsZero() && !opts.Since.Before(opts.Until):
		return nil, nil, withHint(fmt.Errorf("cannot examine a window that ends (%s) before it begins (%s)", d.until, d.since), "--since 2h --until 1h")
	case opts.Since.After(now):
		return nil, nil, fmt.Errorf("cannot examine the future: --since %s", d.since)
	case opts.Timeout < 0:
		return nil, nil, fmt.Errorf("cannot wait for %s: --timeout takes a time of more than nothing, as 10s", opts.Timeout)
	}
	for _, file := range append(opts.Logs, opts.Config) {
		if err := mustRead(file); err != nil {
			return nil, nil, err
		}
	}
	p := d.newProgress()
	defer p.end()
	opts.Progress = p.show
	return doctor.Diagnose(ctx, opts)
}

// mustRead refuses a file that the operator named and that cannot be opened: a
// gap would hide the slip.
func mustRead(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return fileError(err)
	}
	return f.Close()
}

// fileError says what to try when a file cannot be opened.
func fileError(err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err
	}
	wrapped := fmt.Errorf("cannot %s %s: %w", path.Op, path.Path, path.Err)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return withHint(wrapped, "sudo, or a user of the group that may read it (on Debian: adm for logs)")
	case errors.Is(err, fs.ErrNotExist):
		return withHint(wrapped, "ls -l "+filepath.Dir(path.Path))
	}
	return wrapped
}

// openCase reads the target where it is a case file. A target that is no file
// gives no case.
func openCase(target string) (*evidence.Case, error) {
	if strings.Contains(target, "://") {
		return nil, nil
	}
	info, err := os.Stat(target)
	if err != nil || info.IsDir() {
		if looksLikeFile(target) {
			return nil, withHint(fmt.Errorf("cannot find the case file %s", target), "goodgate diagnose http://HOST/PATH")
		}
		return nil, nil
	}
	f, err := os.Open(target)
	if err != nil {
		return nil, fileError(err)
	}
	defer f.Close()
	c, err := evidence.Read(f)
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", target, err), "goodgate diagnose URL --capture FILE   writes a case", "goodgate explain - < FILE   explains a log")
	}
	return c, nil
}

// looksLikeFile reports whether a target that does not exist was meant as a file.
func looksLikeFile(target string) bool {
	return strings.HasPrefix(target, "/") || strings.HasPrefix(target, "./") || strings.HasPrefix(target, "../") || strings.HasSuffix(target, ".txtar") || strings.HasSuffix(target, ".case")
}

// writeCase writes the case beside its final name first, so that a full disk
// leaves no half of it. Only its owner may read it.
func (d *diagnose) writeCase(c *evidence.Case) error {
	f, err := os.CreateTemp(filepath.Dir(d.capture), ".goodgate-case-*")
	if err != nil {
		return fmt.Errorf("cannot capture the case: %w", fileError(err))
	}
	defer os.Remove(f.Name())
	err = evidence.Write(f, c)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), d.capture)
	}
	if err != nil {
		return fmt.Errorf("cannot capture the case to %s: %w", d.capture, err)
	}
	if !d.quiet {
		fmt.Fprintf(d.Stderr, "goodgate: the case is in %s; credentials and client addresses were taken out\n", printable(d.capture))
	}
	return nil
}

// verdictCode is the exit code of a verdict.
func verdictCode(v vocab.Verdict) error {
	switch v {
	case vocab.Healthy:
		return nil
	case vocab.Confirmed, vocab.Likely, vocab.Recovered:
		return exitCode(ExitProblem)
	}
	return exitCode(ExitUnclear)
}

// readBounded reads a file of at most limit bytes.
func readBounded(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fileError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fileError(err)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("cannot read %s: it is larger than %d MiB", file, limit>>20)
	}
	return b, nil
}
