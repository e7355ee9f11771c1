// Package apache knows the logs of the Apache HTTP Server as a gateway: the
// error log, told by the AH numbers that its messages carry, and access logs of
// any LogFormat.
package apache

import (
	"path/filepath"

	"github.com/goodgatehq/goodgate/internal/dialect"
)

// Dialect is the Apache HTTP Server.
var Dialect = dialect.Dialect{
	Name:         "apache",
	Doc:          "Apache HTTP Server: error log by AH numbers and access logs of any LogFormat.",
	Recognise:    recognise,
	VersionMarks: []string{"Server version: Apache/", "Apache/"},
	Logs:         Logs,
	Format:       Format,
}

// recognise finds the parent process; its children have the same command line
// and are told by their parent.
func recognise(p dialect.Process) (dialect.Launch, bool) {
	if len(p.Args) == 0 {
		return dialect.Launch{}, false
	}
	switch filepath.Base(p.Args[0]) {
	case "apache2", "httpd", "httpd.worker", "httpd.event":
	default:
		return dialect.Launch{}, false
	}
	l := dialect.Launch{Product: "apache", PID: p.PID, Exe: p.Exe}
	for i, a := range p.Args {
		if i+1 == len(p.Args) {
			break
		}
		switch a {
		case "-f":
			l.Config = p.Args[i+1]
		case "-d":
			l.Prefix = p.Args[i+1]
		}
	}
	if l.Prefix == "" && filepath.Base(p.Args[0]) == "apache2" {
		l.Prefix = "/etc/apache2" // Debian's HTTPD_ROOT
	}
	if l.Config == "" && l.Prefix == "/etc/apache2" {
		l.Config = "apache2.conf"
	}
	if l.Config != "" && !filepath.IsAbs(l.Config) && l.Prefix != "" {
		l.Config = filepath.Join(l.Prefix, l.Config)
	}
	return l, true
}
