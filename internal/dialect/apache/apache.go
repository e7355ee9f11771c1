// Package apache knows the Apache HTTP Server as a gateway: its processes, its
// configuration as httpd itself reads it, how it treats a request, and its logs:
// the error log, told by the AH numbers that its messages carry, and access logs
// of any LogFormat.
package apache

import (
	"path/filepath"
	"strings"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/vocab"
)

// Dialect is the Apache HTTP Server, 2.4.
var Dialect = dialect.Dialect{
	Name:         "apache",
	Doc:          "Apache HTTP Server 2.4: processes, configuration as httpd itself reads it, error log by AH numbers and access logs of any LogFormat.",
	Recognise:    recognise,
	Worker:       serves,
	Config:       Config,
	VersionMarks: []string{"Server version: Apache/", "Apache/"},
	Logs:         Logs,
	Format:       Format,
	Words:        words(),
	Knobs:        knobs(),
	Spell:        spell,
	ConfigTest:   func(l dialect.Launch) []string { return command(l, "configtest", "-t") },
	Reload:       func(l dialect.Launch) []string { return command(l, "graceful", "-k", "graceful") },
}

// serves says which children take requests: those that run the same program. The
// others are rotatelogs and the like.
func serves(main, child dialect.Process) (takes, draining bool) {
	return child.Comm == main.Comm && (child.Exe == "" || main.Exe == "" || child.Exe == main.Exe), false
}

// spell writes the line that sets a directive; a parameter of ProxyPass is "key=value".
func spell(directive, value string) string {
	if strings.HasSuffix(directive, "=") {
		return directive + value
	}
	return directive + " " + value
}

// command returns the call that does what httpd's own script does: Debian's needs
// its variables, which apache2ctl sets.
func command(l dialect.Launch, script string, options ...string) []string {
	if debian(l) {
		dir := filepath.Dir(l.Config)
		if dir == "/etc/apache2" {
			return []string{"apache2ctl", script}
		}
		return []string{"env", "APACHE_CONFDIR=" + dir, "apache2ctl", script}
	}
	exe := l.Exe
	if exe == "" {
		exe = "httpd"
	}
	out := append([]string{exe}, options...)
	if l.Prefix != "" {
		out = append(out, "-d", l.Prefix)
	}
	if l.Config != "" {
		out = append(out, "-f", l.Config)
	}
	words := strings.Split(l.Globals, "\n")
	for i := 0; i+1 < len(words); i += 2 {
		out = append(out, words[i], words[i+1])
	}
	return out
}

func knobs() map[vocab.Knob]string {
	return map[vocab.Knob]string{
		vocab.ConnectTimeout: "ProxyTimeout", vocab.ReadTimeout: "ProxyTimeout", vocab.SendTimeout: "ProxyTimeout",
		vocab.KeepaliveTimeout: "ttl=", vocab.KeepaliveCount: "disablereuse=", vocab.BindAddress: "ProxySourceAddress",
		vocab.TLSVerify: "SSLProxyVerify", vocab.TLSVerifyDepth: "SSLProxyVerifyDepth", vocab.TLSTrusted: "SSLProxyCACertificateFile",
		vocab.TLSCheckName: "SSLProxyCheckPeerName", vocab.TLSCheckTime: "SSLProxyCheckPeerExpire", vocab.TLSProtocols: "SSLProxyProtocol",
		vocab.TLSCiphers: "SSLProxyCipherSuite", vocab.TLSCertificate: "SSLProxyMachineCertificateFile", vocab.RequestBodyLimit: "LimitRequestBody",
		vocab.RequestHeaderBuffer: "LimitRequestFieldSize", vocab.ClientKeepalive: "KeepAliveTimeout", vocab.WorkerConnections: "MaxRequestWorkers", vocab.WorkerUser: "User",
		vocab.ListenBacklog: "ListenBacklog",
	}
}
