package pair_test

import (
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/goodgatehq/goodgate/internal/gateway/pair"
	"github.com/goodgatehq/goodgate/internal/gateway/pair/pairtest"
)

// TestFollowsTheFiles: the certificate is always that of the files, as long as they
// are whole and fit together.
func TestFollowsTheFiles(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	cert, key, _ := pairtest.Write(t, dir, 1)
	newCert, newKey, _ := pairtest.Write(t, other, 2)
	tick := time.Now()
	for _, path := range []string{cert, key, newCert, newKey} { // as if written at once
		if err := os.Chtimes(path, tick, tick); err != nil {
			t.Fatal(err)
		}
	}
	p, err := pair.Read(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	is := func(serial int64, turn int) {
		t.Helper()
		now, n := p.Current()
		c, err := x509.ParseCertificate(now.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		if c.SerialNumber.Int64() != serial || n != turn {
			t.Errorf("serial %v, read %d times; want %d, %d", c.SerialNumber, n, serial, turn)
		}
	}
	is(1, 1)
	is(1, 1)
	if err := os.Rename(newCert, cert); err != nil {
		t.Fatal(err)
	}
	is(1, 1) // with the old key
	if err := os.Rename(newKey, key); err != nil {
		t.Fatal(err)
	}
	is(2, 2)
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	is(2, 2)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	is(2, 2)
	pairtest.Write(t, dir, 3)
	is(3, 3)
	if _, err := pair.Read(cert, newKey); err == nil {
		t.Error("a key that is not there was read")
	}
}
