// Package lego is a client of no certificate authority.
package lego

import (
	"crypto"
	"crypto/x509"
	"net/http"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/challenge/dns01"
	"github.com/go-acme/lego/v5/challenge/http01"
	"github.com/go-acme/lego/v5/challenge/tlsalpn01"
	"github.com/go-acme/lego/v5/registration"
)

// DirectoryURLLetsEncrypt is where Traefik would go.
const DirectoryURLLetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// User is who asks.
type User interface {
	GetEmail() string
	GetRegistration() *acme.ExtendedAccount
	GetPrivateKey() crypto.Signer
}

// Config says how a Client would ask.
type Config struct {
	CADirURL    string
	UserAgent   string
	HTTPClient  *http.Client
	Certificate certificate.Options
}

// NewConfig returns a Config.
func NewConfig(User) *Config { return &Config{} }

// Client asks nobody.
type Client struct {
	Certificate  *certificate.Certifier
	Registration *registration.Registrar
	Challenge    *Challenges
}

// NewClient fails.
func NewClient(*Config) (*Client, error) { return nil, certificate.ErrNone }

// Challenges takes the providers of challenges.
type Challenges struct{}

// SetDNS01Provider does nothing.
func (*Challenges) SetDNS01Provider(challenge.Provider, ...dns01.ChallengeOption) error { return nil }

// SetHTTP01Provider does nothing.
func (*Challenges) SetHTTP01Provider(challenge.Provider, ...http01.ChallengeOption) error {
	return nil
}

// SetTLSALPN01Provider does nothing.
func (*Challenges) SetTLSALPN01Provider(challenge.Provider, ...tlsalpn01.ChallengeOption) error {
	return nil
}

// CreateCertPool fails.
func CreateCertPool([]string, bool) (*x509.CertPool, error) { return nil, certificate.ErrNone }
