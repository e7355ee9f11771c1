package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// certificate describes one to be made.
type certificate struct {
	name    string // also of its files
	alone   bool   // signed by itself, not by the scene's authority
	expired bool
}

// pair is a certificate on disk, and the authority that gateways trust.
type pair struct{ file, key, authority string }

// certificate makes a certificate and its key, and an authority.
func (b *Bench) certificate(c certificate) pair {
	dir := filepath.Join(b.Dir, "tls")
	p := pair{file: filepath.Join(dir, c.name+".crt"), key: filepath.Join(dir, c.name+".key"), authority: filepath.Join(dir, c.name+".ca.crt")}
	if b.err != nil {
		return p
	}
	if err := c.make(p); err != nil {
		b.fail("cannot make a certificate: %w", err)
	}
	return p
}

func (c certificate) make(p pair) error {
	if err := os.MkdirAll(filepath.Dir(p.file), 0o755); err != nil {
		return err
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Shop Internal CA"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: c.name}, DNSNames: []string{c.name}, NotBefore: now.AddDate(0, -3, 0), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if c.expired {
		leaf.NotAfter = now.AddDate(0, 0, -1)
	}
	parent, signer := authority, authorityKey
	if c.alone {
		parent, signer = leaf, key
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path, kind string
		der        []byte
	}{{p.file, "CERTIFICATE", der}, {p.authority, "CERTIFICATE", authorityDER}, {p.key, "EC PRIVATE KEY", keyDER}} {
		// The key is readable by everybody: it is worth nothing outside of
		// its scene, whose servers run as different users.
		if err := os.WriteFile(f.path, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der}), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// NodeTLS starts a Node application that speaks HTTP inside TLS.
func (b *Bench) NodeTLS(name, address string, p pair) *Proc {
	return b.Node(name, address, "res.end('ok\\n');", fmt.Sprintf("const secure = require('https').createServer({cert: require('fs').readFileSync('%s'), key: require('fs').readFileSync('%s')}, server.listeners('request')[0]);\nserver.listen = (...args) => secure.listen(...args);", p.file, p.key))
}
