// Package challenge says what proves that a name is one's own.
package challenge

import "context"

// Provider puts a proof where the certificate authority looks for it.
type Provider interface {
	Present(ctx context.Context, domain, token, keyAuth string) error
	CleanUp(ctx context.Context, domain, token, keyAuth string) error
}
