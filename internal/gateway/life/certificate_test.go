package life

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestCertificateTells: a change half-way is nobody's business; one that does not end is
// told once, and so is its end.
func TestCertificateTells(t *testing.T) {
	var out bytes.Buffer
	c := &certificate{path: "shop.pem", log: slog.New(slog.NewTextHandler(&out, nil))}
	begin := time.Unix(1, 0)
	bad := errors.New("private key does not match public key")
	for _, one := range []struct {
		turn    int
		problem error
		after   time.Duration
		want    string
	}{
		{1, nil, 0, ""},
		{1, nil, time.Second, ""},
		{1, bad, 2 * time.Second, ""},
		{2, nil, 3 * time.Second, "certificate read again"},
		{2, bad, 4 * time.Second, ""},
		{2, bad, 5 * time.Second, ""},
		{2, bad, 14 * time.Second, "private key does not match public key"},
		{2, bad, 15 * time.Second, ""},
		{2, nil, 16 * time.Second, "certificate read again"}, // the old files are back
		{2, nil, 17 * time.Second, ""},
	} {
		out.Reset()
		c.tell(one.turn, one.problem, begin.Add(one.after))
		if got := out.String(); (one.want == "") != (got == "") || !strings.Contains(got, one.want) {
			t.Errorf("after %s: %q, want %q", one.after, got, one.want)
		}
	}
}
