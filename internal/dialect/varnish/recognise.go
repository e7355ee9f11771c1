package varnish

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// valued are the options of varnishd that take a word (bin/varnishd/mgt/mgt_main.c).
const valued = "abEfhIijlMnPprSsTtx"

// recognise reads the command line of varnishd. The manager and the child that
// takes requests have the same one: who is whose child is the caller's to see
// (dialect.Worker).
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 || filepath.Base(p.Args[0]) != "varnishd" {
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "varnish", PID: p.PID, Exe: strings.TrimSuffix(p.Exe, " (deleted)"), Prefix: p.Cwd}
	var kept []string
	for _, o := range options(p.Args[1:]) {
		switch o.letter {
		case 'C', 'V', 'x', 'h':
			return dialect.Launch{}, false // it only tells something
		case 'f':
			if o.value != "" && l.Config == "" {
				l.Config = o.value
			} else if o.value != "" {
				l.More = append(l.More, o.value)
			}
		case 'a', 'b', 'p', 'T', 'S', 'n':
			kept = append(kept, "-"+string(o.letter)+" "+o.value)
		}
	}
	// A relative path is one from where varnishd was started, which it leaves for
	// its working directory, or one below vcl_path.
	l.Globals = strings.Join(kept, "\n")
	return l, true
}

type option struct {
	letter byte
	value  string
}

// options takes a command line apart as getopt does.
func options(args []string) (list []option) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' || a == "--" {
			continue
		}
		for j := 1; j < len(a); j++ {
			o := option{letter: a[j]}
			if strings.IndexByte(valued, a[j]) >= 0 {
				if o.value = a[j+1:]; o.value == "" && i+1 < len(args) {
					i++
					o.value = args[i]
				}
				j = len(a)
			}
			list = append(list, o)
		}
	}
	return list
}

// given returns the values of an option that the launch keeps.
func given(l dialect.Launch, letter string) (values []string) {
	for row := range strings.Lines(l.Globals) {
		if v, ok := strings.CutPrefix(strings.TrimRight(row, "\n"), "-"+letter+" "); ok {
			values = append(values, v)
		}
	}
	return values
}

// worker says of a child of the manager whether it takes requests: one at a time
// does. What compiles VCL is a short-lived child of another name.
func worker(_, child dialect.Process) (takes, draining bool) {
	if child.Comm == "cache-main" {
		return true, false
	}
	return len(child.Args) > 0 && filepath.Base(child.Args[0]) == "varnishd" && !slices.Contains([]string{"vcc", "cc", "sh"}, child.Comm), false
}

// defaultConfig is where packages keep the VCL.
const defaultConfig = "/etc/varnish/default.vcl"

func configTest(l dialect.Launch) []string {
	exe := l.Exe
	if exe == "" {
		exe = "varnishd"
	}
	return []string{exe, "-C", "-f", l.Config}
}

// reload makes the running varnishd compile the VCL anew and use it: packages
// bring a script for that, which does so by varnishadm.
func reload(l dialect.Launch) []string {
	if l.PID == 0 || l.Config == defaultConfig {
		return []string{"systemctl", "reload", "varnish"}
	}
	admin := "varnishadm"
	if l.Prefix != "" {
		admin += " -n " + quote(l.Prefix)
	}
	return []string{"sh", "-c", admin + " vcl.load new " + quote(l.Config) + " && " + admin + " vcl.use new"}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
