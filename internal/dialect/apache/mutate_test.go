package apache

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mutate damages a configuration in one place.
func mutate(r *rand.Rand, s string) string {
	i := r.IntN(len(s))
	lines := strings.SplitAfter(s, "\n")
	a, b := r.IntN(len(lines)), r.IntN(len(lines))
	switch r.IntN(7) {
	case 0:
		return s[:i] + s[i+1:]
	case 1:
		return s[:i] + string(s[r.IntN(len(s))]) + s[i:]
	case 2:
		lines[a], lines[b] = lines[b], lines[a]
	case 3:
		lines = append(lines[:a:a], lines[a+1:]...)
	case 4:
		lines[a] += lines[a]
	case 5:
		words := strings.Fields(lines[a])
		if len(words) > 1 {
			k := 1 + r.IntN(len(words)-1)
			lines[a] = strings.Join(append(words[:k:k], words[k+1:]...), " ") + "\n"
		}
	case 6:
		lines[a] = strings.TrimSuffix(lines[a], "\n") + " " + []string{"on", "x", "a=b", `"`, "5", "timeout=x", ">"}[r.IntN(7)] + "\n"
	}
	return strings.Join(lines, "")
}

// TestMutationsAgreeWithApache damages configurations and compares what is called
// fatal with apache2 -t: no false alarm, and few refusals missed.
func TestMutationsAgreeWithApache(t *testing.T) {
	program(t)
	rounds := 120
	if _, err := fmt.Sscan(os.Getenv("GOODGATE_MUTATIONS"), &rounds); err != nil && testing.Short() {
		rounds = 30
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "www"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("PORT1", "8124", "PORT2", "8125", "BACKEND", "127.0.0.1:3000", "DIR", dir).Replace(decisions + `
<IfModule mod_proxy.c>
    ProxyTimeout 30
    <IfVersion >= 2.4>
        ProxyVia On
    </IfVersion>
</IfModule>
Define backend 127.0.0.1:3001
<VirtualHost *:8124>
    ServerName third.test
    <FilesMatch "\.php$">
        SetHandler "proxy:unix:/run/php.sock|fcgi://localhost"
    </FilesMatch>
    ProxyPass / http://${backend}/ retry=0 connectiontimeout=5 disablereuse=On
    ErrorLog DIR/third.log
    LogLevel info proxy:debug
</VirtualHost>
`)
	missed, refused := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rounds {
		damaged := preamble(dir) + mutate(r, text)
		launch := write(t, dir, damaged)
		want, _, ok := test(t, launch)
		got := fatal(Config(disk{}, launch))
		switch {
		case ok && got != nil:
			t.Errorf("false alarm in round %d: %s: %s\n%s", i, got.Place, got.Text, damaged[got.Place.Start:min(len(damaged), got.Place.End+200)])
		case !ok && got == nil:
			missed++
			t.Logf("round %d not seen: %s", i, want)
		}
		if !ok {
			refused++
		}
	}
	t.Logf("%d of %d refused, %d of them not seen", refused, rounds, missed)
	if missed*5 > refused {
		t.Errorf("%d of %d refusals were not seen", missed, refused)
	}
}
