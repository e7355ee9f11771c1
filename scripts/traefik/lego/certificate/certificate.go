// Package certificate obtains no certificates.
package certificate

import (
	"context"
	"errors"
	"time"

	"github.com/go-acme/lego/v5/certcrypto"
)

// ErrNone is what every request for a certificate ends with.
var ErrNone = errors.New("this build of Traefik, for tests, obtains no certificates")

// Resource is a certificate.
type Resource struct {
	ID          string
	Domains     []string
	PrivateKey  []byte
	Certificate []byte
}

// ObtainRequest asks for a certificate.
type ObtainRequest struct {
	Domains          []string
	Bundle           bool
	EmailAddresses   []string
	Profile          string
	PreferredChain   string
	EnableCommonName bool
	KeyType          certcrypto.KeyType
}

// RenewOptions asks for a newer one.
type RenewOptions struct {
	Bundle           bool
	EmailAddresses   []string
	Profile          string
	PreferredChain   string
	EnableCommonName bool
}

// Options is part of lego.Config.
type Options struct{ Timeout time.Duration }

// Certifier obtains nothing.
type Certifier struct{}

// Obtain returns ErrNone.
func (*Certifier) Obtain(context.Context, ObtainRequest) (*Resource, error) { return nil, ErrNone }

// Renew returns ErrNone.
func (*Certifier) Renew(context.Context, Resource, *RenewOptions) (*Resource, error) {
	return nil, ErrNone
}
