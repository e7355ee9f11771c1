package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadLooksAtFiles: what a configuration names is looked at before the gateway
// listens, and what cannot be used has its place.
func TestLoadLooksAtFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	junk, list, empty, wrong := write("junk.pem", "no certificate"), write("servers", "# here\n127.0.0.1:1\nhttp://a:2 # b\n"), write("empty", "# nobody\n"), write("wrong", "127.0.0.1:1\nhttps://a\n")
	for _, c := range []struct{ name, old, new, want string }{
		{"a list of servers", "hedge_budget: 0", "servers_file: " + list, ""},
		{"a list without a server", "hedge_budget: 0", "servers_file: " + empty, ":15:19: upstreams.app.servers_file: " + empty + " holds no server"},
		{"a list that speaks something else", "hedge_budget: 0", "servers_file: " + wrong, ":15:19: upstreams.app.servers_file: " + wrong + ":2: the server speaks https"},
		{"a list that is not there", "hedge_budget: 0", "servers_file: nosuch", ":15:19: upstreams.app.servers_file: cannot open nosuch: no such file or directory; a relative path begins"},
		{"a log without its folder", `file: "-"`, "file: " + dir + "/no/access.log", ":5:9: access_log.file: cannot find " + dir + "/no: no such file"},
		{"a certificate that is not there", "  - address: :8080", "  - {address: ':8080', cert: /nosuch.pem, key: /nosuch.key}", ": listen[0].cert: cannot open /nosuch.pem"},
		{"a certificate that is none", "  - address: :8080", "  - {address: ':8080', cert: " + junk + ", key: " + junk + "}", ": listen[0].cert: " + junk + " and " + junk + " are no certificate and its key"},
		{"authorities that are none", "hedge_budget: 0", "protocol: https\n    tls: {ca: " + junk + "}", ": upstreams.app.tls.ca: " + junk + " holds no certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if strings.Contains(text, "protocol: https") {
				text = strings.Replace(text, "http://127", "https://127", 1)
			}
			path := write("g.yaml", text)
			_, err := Load(path)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Line == 0 || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(dir, "nosuch.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
