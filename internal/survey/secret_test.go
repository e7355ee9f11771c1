package survey

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goodgatehq/goodgate/internal/dialect"
	"github.com/goodgatehq/goodgate/internal/evidence"
	"github.com/goodgatehq/goodgate/internal/host"
)

// TestSecretIsNotRecorded answers a challenge with a secret that must not be in
// the case, in whatever coding.
func TestSecretIsNotRecorded(t *testing.T) {
	const secret = "s3cret-Of-The-Interface-0815"
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "secret"), filepath.Join(dir, "cli.sock")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- err.Error()
			return
		}
		defer c.Close()
		c.Write([]byte("challenge\n"))
		said, _ := bufio.NewReader(c).ReadString('\n')
		c.Write([]byte("active boot\n"))
		done <- said
	}()
	t.Cleanup(func() { l.Close() })
	c := &evidence.Case{Target: "http://x.test/", Options: map[string]string{}}
	views := host.NewViews()
	t.Cleanup(func() { views.Close() })
	k := newLook(t.Context(), evidence.NewRecorder(c, evidence.NewRedactor(nil)), views, Options{})
	src := &source{k: k, place: ownPlace(), runs: true}
	q := dialect.Question{Source: "interface", Network: "unix", Address: socket, Secret: file}
	q.Answer = func(secret, got []byte) string {
		if string(got) == "challenge\n" {
			return string(secret) + "\n"
		}
		return ""
	}
	reply, err := src.Ask(q)
	if said := <-done; err != nil || !strings.Contains(string(reply), "active boot") || said != secret+"\n" {
		t.Fatalf("said %q, got %q, %v", said, reply, err)
	}
	kept, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(kept, []byte("active boot")) {
		t.Error("the reply is not recorded")
	}
	for _, coded := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret))[:20]} {
		if bytes.Contains(kept, []byte(coded)) {
			t.Errorf("the case holds the secret as %q", coded)
		}
	}
}
