package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/registry"
	"github.com/goodgatehq/goodgate/internal/report"
	"github.com/goodgatehq/goodgate/internal/scan"
)

// logsFlags are what `goodgate logs` was called with.
type logsFlags struct {
	since, until, zone, by, format, config string
	top                                    int
	follow, fast                           bool
}

func newLogs(s *session) *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs [FILE... | -]",
		Short: "Report what failed, since when, where and why, from logs",
		Long: `logs reads access and error logs of gateways, of application servers, the kernel
log and the journal, plain or packed (gzip, zstd), and reports the failures: by
symptom, likely cause, upstream, route and minute, who made the status, and what
happened just before. The format of each file is recognised by itself. Files of
systemd's journal are read by journalctl; what it prints with -o export, json or
short-iso is read too.

Directories are searched for logs. "-" reads standard input. Without a name it
reads the logs that the gateways of this host are configured to write. It works gently: one
core, low priority, and the page cache is left as it was; --fast lifts that.

It exits with 0 where nothing failed, 1 where something did, 2 where it could not
do its work, 3 where it understood none of the lines.`,
		Example: `  goodgate logs /var/log/nginx
  goodgate logs /var/log/nginx/access.log* --since 2h --by route
  goodgate logs /var/log/journal --since yesterday
  journalctl -o export -u haproxy | goodgate logs - /var/log/nginx/error.log
  goodgate logs -f /var/log/nginx/error.log
  goodgate logs access.log --format '$remote_addr [$time_local] "$request" $status $upstream_addr'`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.logs(cmd, args, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "leave out what is older: 15m, 2h, yesterday, 03:00, a date")
	flags.StringVar(&f.until, "until", "", "leave out what is younger")
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on reading what is written, until interrupted")
	flags.StringVar(&f.by, "by", "", "put failures together by "+strings.Join(scan.Keys, ", "))
	flags.IntVar(&f.top, "top", 10, "how many kinds of failures to print; 0 prints all")
	flags.StringVar(&f.format, "format", "", `what the files are: a product, a log ("nginx error"), or a log_format or LogFormat`)
	flags.StringVar(&f.config, "config", "", "configuration of the gateway, whose log formats then apply")
	flags.StringVar(&f.zone, "zone", "", "zone of times that name none: Europe/Berlin, UTC, Local; by default that of the access logs")
	flags.BoolVar(&f.fast, "fast", false, "use every core, normal priority and the page cache")
	cmd.RegisterFlagCompletionFunc("by", fixed(scan.Keys...))
	return cmd
}

func (s *session) logs(cmd *cobra.Command, args []string, f logsFlags) error {
	if f.by != "" && !slices.Contains(scan.Keys, f.by) {
		return usage(cmd, fmt.Errorf("cannot put failures together by %q: the choices are %s", f.by, strings.Join(scan.Keys, ", ")))
	}
	cfg, err := s.scanConfig(cmd, f)
	if err != nil {
		return err
	}
	if !f.fast {
		beGentle()
	}
	// Nothing is allocated per line: collecting often costs nothing and keeps
	// the peak near what is in use.
	defer debug.SetGCPercent(debug.SetGCPercent(30))
	ctx := cmd.Context()
	switch {
	case len(args) > 0:
	case s.noInput():
		if args, err = foundLogs(ctx, &cfg); err != nil {
			return err
		}
	default:
		args = []string{"-"}
	}
	if f.follow {
		return s.follow(ctx, args, cfg, f)
	}
	inputs, err := s.logInputs(args)
	if err != nil {
		return err
	}
	p := s.newProgress()
	start := time.Now()
	cfg.Progress = func(done, all int64) { p.show(reading(done, all, time.Since(start))) }
	rep, err := scan.Run(ctx, inputs, cfg)
	p.end()
	if err != nil {
		return err
	}
	return s.printLogs(rep, f)
}

// printLogs prints a report and ends with the code that it deserves.
func (s *session) printLogs(rep *scan.Report, f logsFlags) error {
	if f.by != "" {
		rows, err := rep.By(f.by)
		if err != nil {
			return err
		}
		rep.Grouped = &scan.Grouped{By: f.by, Rows: rows}
	}
	if err := report.Logs(s.Stdout, s.output, rep, f.top, s.style()); err != nil {
		return err
	}
	read := 0
	for _, file := range rep.Files {
		if file.Log != "" {
			read++
		}
	}
	switch {
	case rep.Failing() > 0 || rep.Befell():
		return exitCode(ExitProblem)
	case read == 0:
		return exitCode(ExitFailed)
	case rep.Lines > 0 && !rep.Understood():
		return exitCode(ExitUnclear)
	}
	return nil
}

func (s *session) scanConfig(cmd *cobra.Command, f logsFlags) (scan.Config, error) {
	now := time.Now()
	cfg := scan.Config{Dialects: registry.Dialects(), Open: openLog, Journal: openJournal, Now: now, Workers: 1, Polite: !f.fast}
	if f.fast {
		cfg.Workers = runtime.NumCPU()
	}
	var err error
	if cfg.Since, err = parseWhen(f.since, now); err != nil {
		return cfg, err
	}
	if cfg.Until, err = parseWhen(f.until, now); err != nil {
		return cfg, err
	}
	if !cfg.Since.IsZero() && !cfg.Until.IsZero() && cfg.Until.Before(cfg.Since) {
		return cfg, usage(cmd, fmt.Errorf("--until %s is before --since %s", f.until, f.since))
	}
	if f.zone != "" {
		if cfg.Location, err = time.LoadLocation(f.zone); err != nil {
			return cfg, usage(cmd, fmt.Errorf("cannot find zone %q: %w", f.zone, err))
		}
	}
	if f.format != "" {
		if cfg.Force, err = scan.ByName(cfg.Dialects, f.format); err != nil {
			return cfg, usage(cmd, err)
		}
	}
	if f.config != "" {
		cfg.Known, err = knownFormats(cfg.Dialects, f.config)
	}
	return cfg, err
}

// knownFormats reads the formats of a gateway's access logs from its
// configuration.
func knownFormats(dialects []dialect.Dialect, path string) (func(string) (string, dialect.Log, bool), error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot find %s: %w", path, err)
	}
	if _, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	f := formats{}
	for _, d := range dialects {
		if d.Config == nil || d.Format == nil {
			continue
		}
		prefix := filepath.Dir(abs)
		f.add(&d, d.Config(diskSource{}, dialect.Launch{Product: d.Name, Config: abs, Prefix: prefix}), prefix)
	}
	return f.known, nil
}

// diskSource reads configurations from this host's own file system.
type diskSource struct{}

func (diskSource) ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 16<<20))
}

func (diskSource) Glob(pattern string) ([]string, error) { return filepath.Glob(pattern) }

func openLog(path string) (scan.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// logInputs finds the files that are meant: directories are searched, rotated
// sets are put in order.
func (s *session) logInputs(args []string) ([]scan.Input, error) {
	var inputs []scan.Input
	for _, arg := range args {
		if arg == "-" {
			inputs = append(inputs, scan.Input{Path: "standard input", Stream: s.Stdin})
			continue
		}
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			inputs = append(inputs, scan.Input{Path: arg}) // an error is told in the report
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d os.DirEntry, err error) error {
			switch {
			case err != nil:
				inputs = append(inputs, scan.Input{Path: path})
				if d != nil && d.IsDir() {
					return filepath.SkipDir
				}
			case d.Type().IsRegular() && !strings.HasPrefix(d.Name(), "."):
				inputs = append(inputs, scan.Input{Path: path, Found: true})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot search %s: %w", arg, err)
		}
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("no file in %s", strings.Join(args, ", "))
	}
	scan.Order(inputs)
	return inputs, nil
}

// reading says how far a reading is.
func reading(done, all int64, took time.Duration) string {
	rate := float64(done) / max(took.Seconds(), 0.001)
	text := fmt.Sprintf("read %s, %s/s", bytesText(float64(done)), bytesText(rate))
	if all > 0 && rate > 0 && done <= all {
		left := time.Duration(float64(all-done) / rate * float64(time.Second)).Round(time.Second)
		text = fmt.Sprintf("read %s of %s (%d %%), %s/s, %s left", bytesText(float64(done)), bytesText(float64(all)), done*100/all, bytesText(rate), left)
	}
	return text
}

func bytesText(n float64) string {
	for _, unit := range []string{"B", "kB", "MB"} {
		if n < 1000 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.3g GB", n)
}
