// Package acme has the types of an ACME account that Traefik compiles against.
package acme

// Account is an account at a certificate authority.
type Account struct {
	Status string `json:"status,omitempty"`
}

// ExtendedAccount is an Account and where it stands.
type ExtendedAccount struct {
	Account

	Location string `json:"-"`
}
